import Configuration
import Diagnostics
import Energy
import Foundation
import TestSupport
import Testing

@testable import Flows
@testable import Reports

/// Does every joule of a run have one layer, one component, one rail and one module?
@Suite struct EnergyReportTests {
    private func run(_ changes: String...) throws -> Report {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(
            path: file, assignments: changes.map { ConfigAssignment($0) })
        return try Flow.simulate(SimulationRequest(configuration)).report
    }

    private func expectEqual(_ a: Double, _ b: Double, _ what: String) {
        #expect(abs(a - b) <= 1e-9 * max(abs(a), abs(b)), "\(what): \(a) and \(b)")
    }

    @Test(arguments: ["timing", "functional", "full"], ["ideal", "ddr4-2133"])
    func everyJouleIsCountedOnce(mode: String, memory: String) throws {
        let report = try run("run.mode=\(mode)", "memory.model=\(memory)", "network.input.count=2", "clock_mhz=150")
        let energy = report.energy
        #expect(energy.totalJ > 0 && energy.lowJ < energy.totalJ && energy.totalJ < energy.highJ)
        let sums = [
            ("components", energy.byComponent, energy.totalJ), ("rails", energy.byRail, energy.totalJ),
            ("instances", energy.byInstance, energy.totalJ), ("low components", energy.byComponentLow, energy.lowJ),
            ("low rails", energy.byRailLow, energy.lowJ), ("high components", energy.byComponentHigh, energy.highJ),
            ("high rails", energy.byRailHigh, energy.highJ),
        ]
        for (what, values, total) in sums { expectEqual(values.values.reduce(0, +), total, what) }
        expectEqual(energy.staticJ + energy.clockedIdleJ + energy.activityJ, energy.totalJ, "parts")
        expectEqual(report.layers.map(\.energyJ).reduce(0, +) * 2, energy.totalJ, "layers")
        expectEqual(energy.powerW * report.totalS, energy.totalJ, "power times time")
        expectEqual(energy.perImageJ * 2, energy.totalJ, "images")
        #expect(energy.basis == (mode == "full" ? "registers" : "assumed"))
    }

    /// A row that is doubled moves what it is charged for, and nothing else.
    @Test func aRowMovesItsPart() throws {
        let workplace = try Scratch()
        let plain = try run("run.mode=full").energy
        for (element, component) in [(EnergyElement.flipFlopToggle, "registers"), (.interfaceByte, "dram")] {
            let table = EnergyTable.builtIn.scaling(element, by: 2)
            let path = try workplace.write("mine.csv", table.csv)
            let other = try run("run.mode=full", "energy.table=\(path)").energy
            #expect(other.table == "mine.csv" && other.totalJ > plain.totalJ)
            for (name, value) in plain.byComponent where name != component {
                expectEqual(value, other.byComponent[name] ?? 0, name)
            }
            expectEqual(
                (other.byComponent[component] ?? 0) - (plain.byComponent[component] ?? 0), other.totalJ - plain.totalJ,
                component)
        }
    }

    /// Nets that are counted: the registers' energy is as before, logic has its own; the run is the same otherwise.
    @Test func countedNetsChangeLogicAlone() throws {
        let plain = try run("run.mode=full")
        let nets = try run("run.mode=full", "activity.nets=true")
        #expect(nets.energy.basis == "nets" && nets.cycles == plain.cycles && nets.activity == plain.activity)
        for name in ["registers", "dsp", "clock_tree", "pl_static"] {
            expectEqual(nets.energy.byComponent[name] ?? 0, plain.energy.byComponent[name] ?? 0, name)
        }
        #expect((nets.energy.byComponent["logic"] ?? 0) > 0)
        #expect(nets.energy.byComponent["logic"] != plain.energy.byComponent["logic"])
        #expect(throws: InputError.self) { try run("run.mode=timing", "activity.nets=true") }
    }

    /// What a run is assumed to toggle lies within bounds that hold what it does toggle.
    @Test func boundsOfTheAssumedHoldTheCounted() throws {
        let (timed, counted) = (try run("run.mode=timing").energy, try run("run.mode=full").energy)
        #expect(timed.activityJLow < counted.activityJ && counted.activityJ < timed.activityJHigh)
        expectEqual(timed.staticJ, counted.staticJ, "static")
        expectEqual(timed.clockedIdleJ, counted.clockedIdleJ, "clocked idle")
    }

    @Test(arguments: ["no.csv", "tiny.yaml"]) func aTableThatIsNoneIsRefused(name: String) throws {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let change = ConfigAssignment("energy.table=\(workplace.path(name))")
        #expect(throws: InputError.self) { try Configuration.load(path: file, assignments: [change]) }
    }
}
