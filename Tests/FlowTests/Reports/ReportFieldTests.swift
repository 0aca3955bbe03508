// Are the rows of the report all there is to say of it: its JSON, its schema, its documents, its tables, the keys of
// sweeps?

import Configuration
import Diagnostics
import Flows
import Foundation
import Preparation
import TestSupport
import Testing

@testable import Reports
@testable import Sweep

@Suite struct ReportFieldTests {
    private func report(_ changes: String...) throws -> Report { try report(changes) }

    private func report(_ changes: [String]) throws -> Report {
        let workplace = try Scratch()
        let file = try workplace.write("tiny.yaml", Texts.tiny)
        let configuration = try Configuration.load(path: file, assignments: changes.map { ConfigAssignment($0) })
        return try Flow.simulate(SimulationRequest(configuration)).report
    }

    /// `latencyS` is `latency_s`.
    private func snakeCase(_ name: String) -> String {
        name.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }

    @Test func everyStoredPropertyHasARow() throws {
        let report = try report("run.mode=full", "run.check=false")
        let (functional, activity) = (try #require(report.functional), try #require(report.activity))
        let sections: [any ReportSection] = [
            report, report.network, report.quantization, report.design, report.memoryModel, report.cycles,
            report.resources, report.resources.lut, report.dram, report.energy, report.layers[0], functional, activity,
            report.warnings[0], report.simulator,
        ]
        for section in sections {
            // The rows by module instance are of `estimate`.
            let stored = Mirror(reflecting: section).children.compactMap(\.label).map(snakeCase).filter { $0 != "rows" }
            #expect(paths(section) == stored.sorted(), "\(type(of: section))")
        }
    }

    private func paths<Section: ReportSection>(_ section: Section) -> [String] { Section.fields.map(\.path).sorted() }

    /// An independent way to the numbers: through the text of report.json.
    @Test(arguments: [
        "run.mode=full", "run.mode=timing", "host.fully_connected=true", "memory.stall_seed=3",
        "memory.model=ddr4-2133", "device.part=xczu7ev",
    ])
    func keysOfSweepsAreTheNumbersOfTheJSON(change: String) throws {
        let report = try report(change)
        let tree = try JSONDecoder().decode(JSONTree.self, from: report.json())
        let others = ["simulator.", "activity.by_instance.", "energy.by_"]
        let expected = tree.numbers(below: []).filter { number in !others.contains { number.key.hasPrefix($0) } }
        #expect(SweepKeys.numbers(report) == expected)
        let accepted = SweepKeys.accepted(try #require(SweepMode(rawValue: report.design.mode)))
        #expect(Set(expected.keys).isSubset(of: accepted))
        #expect(accepted.contains("cycles.host") && accepted.contains("energy.total_j"))
    }

    /// A JSON value, of which numbers in objects are looked at.
    private enum JSONTree: Decodable {
        case number(Double)
        case object([String: JSONTree])
        case other

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let object = try? value.decode([String: JSONTree].self) {
                self = .object(object)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }

        func numbers(below path: [String]) -> [String: Double] {
            switch self {
            case .number(let number): [path.joined(separator: "."): number]
            case .object(let members):
                members.reduce(into: [:]) { result, member in
                    result.merge(member.value.numbers(below: path + [member.key])) { $1 }
                }
            case .other: [:]
            }
        }
    }

    /// A point that is not simulated has the resources of its design, and nothing else.
    @Test func resourcesHaveTheKeysOfTheReport() throws {
        let report = try report("run.mode=functional")
        let all = SweepKeys.numbers(report).filter { $0.key.hasPrefix("resources.") }
        #expect(!all.isEmpty && SweepKeys.numbers(report.resources) == all)
    }

    @Test func tableOfASweepHasItsColumns() {
        #expect(
            SweepKeys.columns(.functional) == [
                "cycles.total", "latency_s", "throughput_images_per_s", "utilization", "resources.lut.used",
                "resources.ff.used", "resources.dsp.used", "resources.bram36.used", "energy.total_j", "energy.low_j",
                "energy.high_j", "energy.power_w", "functional.mismatches",
            ])
    }

    @Test func layersAreATableOfTheirKeys() throws {
        let layers = try report("quantization.scheme=flightnn").layers
        let lines = LayerTable(layers).text.split(separator: "\n").map(String.init)
        #expect(
            lines[0] == "name,kind,macs,cycles,predicted_cycles,start_cycle,end_cycle,compute_cycles,stall_cycles,"
                + "fill_drain,utilization,dram_read_bytes,dram_write_bytes,filters_by_terms,filter_passes,"
                + "stall_load,stall_instructions,stall_store,bound,reason,hint,arithmetic_intensity,bandwidth_fraction,"
                + "dram_busy,dram_refresh,dram_rows,dram_turnaround,energy_j")
        let first = layers[0]
        let terms = try #require(first.filtersByTerms)
        #expect(lines[1].hasPrefix("\(first.name),\(first.kind),\(first.macs),\(first.cycles),"))
        #expect(
            lines[1].contains(
                ",\(first.utilization),\(first.dramReadBytes),\(first.dramWriteBytes),"
                    + "\(terms[0])/\(terms[1])/\(terms[2]),\(first.filterPasses ?? -1),\(first.stallLoad),"))
        // The first layer of these has no hint, and model fixed no DRAM.
        let (intensity, fraction) = (try #require(first.arithmeticIntensity), try #require(first.bandwidthFraction))
        #expect(
            lines[1].hasSuffix(
                ",\(first.bound.rawValue),\"\(first.reason)\",,\(intensity),\(fraction),,,,,\(first.energyJ)"))
        #expect(lines.count == 1 + layers.count)
    }

    @Test func rowsSayWhenTheyAreAbsent() {
        for field in Report.fields.all where !field.isAlwaysThere {
            #expect(field.help.lowercased().contains("absent"), "\(field.path)")
        }
    }

    /// RECORD_SNAPSHOTS=1 writes them.
    @Test func documentsAreMadeFromTheRows() throws {
        let begin = "<!-- made: Report.fieldTable -->\n"
        let guide = Repository.root.appendingPathComponent("docs/guide/Report.md")
        let text = String(decoding: try Data(contentsOf: guide), as: UTF8.self)
        let start = try #require(text.range(of: begin)?.upperBound)
        let end = try #require(text.range(of: "<!-- end -->", range: start..<text.endIndex)?.lowerBound)
        let schema = Repository.root.appendingPathComponent("docs/report.schema.json")
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            let recorded = text.replacingCharacters(in: start..<end, with: Report.fieldTable)
            try Data(recorded.utf8).write(to: guide)
            try Report.jsonSchema().write(to: schema)
        } else {
            #expect(String(text[start..<end]) == Report.fieldTable)
            #expect(try Data(contentsOf: schema) == Report.jsonSchema())
        }
    }

    /// Two ports of 16 bytes at 300 MHz beside a core of 200 MHz: 48 bytes per cycle in each direction, and of the DRAM's
    /// pins 16 * 1066.5 / 200 = 85.32 for both; one port: 24, and 48. 100 ns are 53.3 clocks of the controller, of 1066.5 /
    /// 2 MHz each: 53.
    @Test func memoryModelOfDDR4() throws {
        let changes = ["memory.model=ddr4-2133", "memory.port_mhz=300", "memory.path_ns=100", "run.mode=timing"]
        let expected: [(ports: Int, direction: Double, both: Double)] = [
            (1, 24, 48), (2, 48, 85.32), (4, 85.32, 85.32),
        ]
        for (ports, direction, both) in expected {
            let memory = try report(changes + ["memory.ports=\(ports)"]).memoryModel
            #expect(memory.directionBytesPerCycle == direction && memory.bytesPerCycle == both)
            #expect(memory.portMhz == 300 && memory.portEdgesPerCycle == 1.5 && memory.dramMhz == 1066.5)
            #expect(abs((memory.pathNs ?? 0) - 53 * 2000 / 1066.5) < 1e-9)
        }
        let fixed = try report("memory.model=fixed", "run.mode=timing").memoryModel
        #expect(fixed.bytesPerCycle != nil && fixed.directionBytesPerCycle == nil && fixed.pathNs == nil)
    }

    /// The report is enough to print it: one that was written and read again gives the same text.
    @Test func textComesFromTheReport() throws {
        let report = try report("network.input.count=2", "network.input.first=3")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let context = ReportContext(part: "xczu9eg", classes: nil, firstImage: 3, isPartial: false)
        let text = ReportText(report, context).text
        let copy = try decoder.decode(Report.self, from: try report.json())
        #expect(ReportText(copy, context).text == text)
        #expect(text.contains("\nlayer") && text.contains("\n3 ") && text.contains("filling and draining"))
    }
}
