import Design
import Diagnostics
import Energy
import Fabric
import Testing

/// Is energy what pencil and paper make of the same counts, and is every coefficient a row with bounds and a source?
@Suite struct EnergyTests {
    // MARK: the table

    @Test(arguments: EnergyElement.allCases) func everyElementHasASourcedRow(_ element: EnergyElement) {
        let row = EnergyTable.builtIn[element]
        #expect(row.range.low <= row.range.value && row.range.value <= row.range.high)
        #expect(row.source.contains("docs/sources.md") || row.source.contains("DS925"), "\(row.source)")
        #expect(row.part.isCharged == !row.component.isEmpty && row.part.isCharged == !row.rail.isEmpty)
    }

    @Test func aTableIsReadAsItIsPrinted() throws {
        let again = try EnergyTable(csv: EnergyTable.builtIn.csv, name: EnergyTable.builtInName, place: "mine.csv")
        #expect(again == EnergyTable.builtIn)
        // As a spreadsheet on Windows writes it.
        let lines = EnergyTable.builtIn.csv.replacing("\n", with: "\r\n")
        #expect(try EnergyTable(csv: lines, name: EnergyTable.builtInName, place: "mine.csv") == EnergyTable.builtIn)
    }

    /// Each way in which a file may be wrong, by line and by what is accepted.
    @Test(arguments: [
        ("ff_q_toggle,", "", "no row for ff_q_toggle"),
        ("ff_q_toggle,pJ/toggle,0.11", "ff_q_toggle,pJ/toggle,0.9", "must ascend"),
        ("ff_q_toggle,pJ/toggle,0.11", "ff_q_toggle,pJ/toggle,many", "no number"),
        ("ff_q_toggle,pJ/toggle,0.11", "ff_q_toggle,pJ/toggle,-1", "no number"),
        ("ff_q_toggle,pJ/toggle", "ff_q_toggle,pJ/clock", "accepted: pJ/toggle"),
        ("ff_q_toggle,pJ/toggle", "ff_q_togle,pJ/toggle", "is no element"),
        ("ff_q_toggle,", "lut_output_toggle,", "stands there twice"),
        ("nets,activity,registers,VCCINT", "nets,activity,,VCCINT", "needs a group"),
        ("element,unit", "element;unit", "the first line"),
        ("nets,activity,registers,VCCINT", "nets,factor,,", "accepted: activity"),
        ("vccint_volts_measured,V,0.85,0.85,0.85", "vccint_volts_measured,V,0,0,0", "must be above 0"),
    ])
    func aWrongTableIsRefused(_ text: String, _ other: String, _ message: String) throws {
        let csv = EnergyTable.builtIn.csv
        let lines = csv.split(separator: "\n").map(String.init)
        let index = try #require(lines.firstIndex { $0.contains(text) })
        var changed = lines
        changed[index] = other.isEmpty ? "" : lines[index].replacing(text, with: other, maxReplacements: 1)
        let error = #expect(throws: InputError.self) {
            try EnergyTable(csv: changed.joined(separator: "\n"), name: "mine.csv", place: "mine.csv")
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func aRowWithoutASourceIsRefused() throws {
        var lines = EnergyTable.builtIn.csv.split(separator: "\n").map(String.init)
        lines[1] = try #require(lines[1].split(separator: "\"").first.map(String.init))
        #expect(throws: InputError.self) {
            try EnergyTable(csv: lines.joined(separator: "\n"), name: "mine.csv", place: "mine.csv")
        }
    }

    // MARK: pencil and paper

    /// Two by two multipliers with a register before, a sum behind and a memory of one block: what each is charged for.
    ///
    ///     x, w: 2 lanes of 8 bits, registered      32 FF
    ///     m = x * w in 2 DSP48E2                    2 DSP
    ///     s = x + w, 2 lanes of 9 bits, registered 18 FF, 2 x 9 LUT
    ///     memory of 512 words of 2 x 18 bits, one bank: 36 bits x 512 = 18 Kbit, one RAMB18
    private func design() throws -> (design: Design, x: NetID, sum: NetID, logic: NetID, a: NetID, b: NetID) {
        var builder = DesignBuilder(name: "paper")
        let bit = builder.input("bit", width: 1)
        let address = builder.input("address", width: 9)
        let (x, sum, logic) = builder.inArray("lane", lanes: 2) { builder in
            let (xIn, wIn) = (
                builder.input("x_in", width: 8, signed: true), builder.input("w_in", width: 8, signed: true)
            )
            let (x, w) = (builder.register("x", xIn), builder.register("w", wIn))
            let p = builder.dspProduct(
                "dsp", a: x, b: w, link: .init(before: nil, bits: 16), enables: .init(operands: bit, m: bit, p: bit))
            builder.output(p)
            let sum = builder.logic(.add, [x, w], width: 9, signed: true, name: "sum")
            let kept = builder.register("kept", sum)
            let word = builder.input("word", width: 18)
            let read = builder.memory(
                "memory", depth: 512, width: 18, signed: false, lanesPerBank: 2,
                .init(
                    writeEnable: bit, writeAddress: address, writeData: word, readEnable: bit, readAddress: address,
                    outputEnable: nil))
            builder.output(kept)
            builder.output(read)
            return (x, kept, sum)
        }
        let design = try builder.build()
        for case .dsp(let cell) in design.cells {
            let multiplier = try #require(cell.multiplier)
            return (design, x.id, sum.id, logic.id, multiplier.aRegister, multiplier.bRegister)
        }
        throw Defect("no slice")
    }

    private func activity(_ design: Design, _ toggles: [NetID: Double]) -> FabricActivity {
        var all = Array(repeating: 0.0, count: design.nets.count)
        for (net, count) in toggles { all[net.index] = count }
        return FabricActivity(cycles: 10, toggles: all, memories: [.init(reads: 4, writes: 3)])
    }

    @Test func countsArePencilAndPaper() throws {
        let (design, x, sum, logic, a, b) = try design()
        let counts = FabricActions(design, resources: design.resourcesByScope()).actions(
            activity(design, [x: 5, sum: 7, logic: 11, a: 9, b: 18]), basis: .nets)[0].counts
        func count(_ element: EnergyElement, _ factors: [EnergyElement] = []) -> Double? {
            counts[EnergyAction(element, factors)]
        }
        // Registers: x 5, kept 7 (the DSP's own registers are the slice's).
        #expect(count(.flipFlopToggle) == 12)
        // Of 2 slices' operand bits (27 + 18) that many changed: (9 + 18) / 45.
        #expect(count(.dspToggle) == 0.6)
        // The adder's outputs: a LUT and a net each, and the carry chain.
        #expect(count(.lutToggle, [.glitches]) == 11 && count(.netToggle, [.glitches]) == 11)
        #expect(count(.carryToggle) == 11)
        // 4 reads and 3 writes wake a block of 18 Kb each, and move 36 bits each.
        #expect(count(.memoryAccess) == 7 && count(.memoryBit) == 252)
        // 32 + 18 flip-flops, 2 slices, half a block, 10 clocks.
        #expect(count(.flipFlopClock) == 500 && count(.dspClock) == 20 && count(.memoryClock) == 5)
    }

    @Test func energyIsCountTimesRow() throws {
        let (design, x, _, _, a, b) = try design()
        let counts = FabricActions(design, resources: design.resourcesByScope()).actions(
            activity(design, [x: 5, a: 9, b: 18]), basis: .nets)[0]
        let account = EnergyAccount(
            [LayerActions(name: "one", seconds: 1e-6, places: [("top", counts)])], table: .builtIn, basis: .nets)
        // pJ: 5 toggles of 0.11, 0.6 slices of 17, 7 accesses of 3.9, 252 bits of 0.26;
        // clocks: 500 of 0.022, 20 of 0.5, 5 of 2.8.
        let activity = 5 * 0.11 + 0.6 * 17 + 7 * 3.9 + 252 * 0.26
        let idle = 500 * 0.022 + 20 * 0.5 + 5 * 2.8
        #expect(abs((account.parts[.activity]?.value ?? 0) * 1e12 - activity) < 1e-9)
        #expect(abs((account.parts[.clockedIdle]?.value ?? 0) * 1e12 - idle) < 1e-9)
        #expect(abs(account.total.value * 1e12 - activity - idle) < 1e-9)
    }

    /// Logic that is not counted toggles as the registers of its module: 12 toggles of 50 bits in 10 cycles, 18 LUTs.
    @Test func uncountedLogicFollowsRegisters() throws {
        let (design, x, sum, _, _, _) = try design()
        let actions = FabricActions(design, resources: design.resourcesByScope())
        let counts = actions.actions(activity(design, [x: 5, sum: 7]), basis: .registers)[0].counts
        let lut = Double(design.resources().lut)
        #expect(lut > 0)
        let found = counts[EnergyAction(.lutToggle, [.logicRatio, .glitches])] ?? 0
        #expect(abs(found - lut * 12 / 50) < 1e-9)
    }

    @Test func whatStandsStillTakesNoActivity() throws {
        let (design, _, _, _, _, _) = try design()
        let still = FabricActivity(
            cycles: 10, toggles: design.nets.map { _ in 0 }, memories: [.init(reads: 0, writes: 0)])
        for basis in ToggleBasis.allCases {
            let counts = FabricActions(design, resources: design.resourcesByScope()).actions(still, basis: basis)[0]
            let account = EnergyAccount(
                [LayerActions(name: "one", seconds: 0, places: [("top", counts)])], table: .builtIn, basis: basis)
            #expect(account.parts[.activity]?.value == 0 && (account.parts[.clockedIdle]?.value ?? 0) > 0)
        }
    }

    /// Half the voltage: a quarter of what is dynamic on the core rail, and all of what is static.
    @Test func voltageScalesTheCoreRail() {
        let half = EnergyTable.builtIn.scaling(.voltage, by: 0.5)
        for element in EnergyElement.allCases where EnergyTable.builtIn[element].part.isCharged {
            let row = EnergyTable.builtIn[element]
            let share = row.rail == "VCCINT" && row.part != .fixed ? 0.25 : 1
            let (now, before) = (half.joules(EnergyAction(element)), EnergyTable.builtIn.joules(EnergyAction(element)))
            #expect(abs(now.value - share * before.value) <= 1e-12 * before.value, "\(element)")
        }
    }
}
