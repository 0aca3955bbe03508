// Does a sweep say how it ended: what no point has, that none fits, that all failed, what was the best?

import Diagnostics
import Foundation
import Preparation
import Synchronization
import TestSupport
import Testing

@testable import Reports
@testable import Sweep

@Suite struct SweepOutcomeTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        /// Lines behind version and base.
        var sweep: String
        var code: Int32
        /// Of standard error.
        var message: String
        /// Rows of the table; nil: the sweep ends before the first run.
        var rows: Int?
        var testDescription: String { name }
    }

    private static func absent(_ key: String, _ reason: String, _ set: String, isObjective: Bool = false) -> Case {
        let named = isObjective ? "objectives: {\(key): min}" : "constraints: [\"\(key) > 0\"]"
        return Case(
            name: "no \(key): \(reason)", sweep: "set: {\(set)}\nvary: {clock_mhz: [100, 200]}\n\(named)\n", code: 2,
            message: "no point has \(key), for \(reason)", rows: nil)
    }

    private static let tooLarge = "set: {buffers.ofmap_kib: 4096, array.outputs: 64}"

    static let cases = [
        absent("functional.accuracy", "images of network.input.images synthetic have no labels", ""),
        absent("functional.top5_accuracy", "images of network.input.images", "", isObjective: true),
        absent("functional.mismatches", "run.check is false", "run.check: false"),
        absent("functional.checked", "run.check is false", "run.check: false", isObjective: true),
        absent("dram.bandwidth_fraction", "memory.model ideal has no bandwidth", "memory.model: ideal"),
        absent("memory_model.bytes_per_cycle", "memory.model ideal", "memory.model: ideal", isObjective: true),
        absent("memory_model.stall_seed", "memory.stall_seed is not set", ""),
        absent(
            "memory_model.latency_cycles", "memory.model ddr4-2133 has no one latency", "memory.model: ddr4-2133"),
        absent("memory_model.burst_bytes", "memory.model fixed has no DRAM", ""),
        absent("dram.row_hits", "memory.model ideal has no DRAM", "memory.model: ideal", isObjective: true),
        absent("design.kernel", "array.family is vector", ""),
        absent("design.row_length", "array.family is vector", "", isObjective: true),
        absent(
            "quantization.weight_bits", "quantization.weight_bits is auto",
            "quantization.scheme: as-is, quantization.weight_bits: auto, array.weight_bits: 3"),
        Case(
            name: "found absent at the end",
            sweep: "vary: {clock_mhz: [100, 200]}\nobjectives: {latency_s: min, cycles.host: min}\n", code: 2,
            message: "no point has cycles.host", rows: 2),
        Case(
            name: "all fail", sweep: "vary: {array.accumulator_bits: [16, 17]}\n", code: 2,
            message: "no point could be simulated; the first one: ", rows: 2),
        Case(
            name: "some fail", sweep: "vary: {array.accumulator_bits: [16, 40]}\nobjectives: {latency_s: min}\n",
            code: 0,
            message: "2 points: 1 simulated, 1 fit, 0 do not fit, 1 failed, 1 pass the constraints", rows: 2),
        Case(
            name: "none fits", sweep: "\(tooLarge)\nvary: {clock_mhz: [100, 200]}\nconstraints: [fits]\n", code: 3,
            message: "no point fits the part; most is missing of bram36 (2 points)\n", rows: 2),
        Case(
            name: "none fits, nor is asked to", sweep: "\(tooLarge)\nvary: {clock_mhz: [100]}\nmode: estimate\n",
            code: 3,
            message: "no point fits the part", rows: 1),
        Case(
            name: "none fits, others fail",
            sweep: "\(tooLarge)\nvary: {array.accumulator_bits: [16, 40]}\nconstraints: [fits]\n", code: 3,
            message: "(1 points); 1 could not be made, the first one: ", rows: 2),
        Case(
            name: "none fits and none must",
            sweep:
                "set: {buffers.ofmap_kib: 4096, array.outputs: 64, device.allow_overflow: true}\n"
                + "vary: {clock_mhz: [100]}\nmode: estimate\n", code: 0, message: "0 fit, 1 do not fit", rows: 1),
        Case(
            name: "none passes", sweep: "vary: {clock_mhz: [100]}\nconstraints: [\"latency_s < 1e-9\"]\n", code: 0,
            message: "no point passes the constraints latency_s < 1e-09: the Pareto front is empty", rows: 1),
    ]

    @Test(arguments: cases)
    func endIsSaid(_ item: Case) throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        try workplace.write("sweep.yaml", "version: 1\nbase: tiny.yaml\n" + item.sweep)
        let run = try Program.run(["sweep", "sweep.yaml"], in: workplace)
        #expect(run.code == item.code, "\(run.errors)")
        #expect(run.errors.contains(item.message), "\(run.errors)")
        #expect(run.output.split(separator: "\n").count == (item.rows.map { $0 + 1 } ?? 0))
        if item.rows != nil { #expect(run.errors.contains("limiting resource: ") == (item.name != "all fail")) }
    }

    /// Numbers that a report may lack are known before the run, or are listed here: what the network decides.
    @Test func everyOptionalNumberIsKnown() {
        let optional = Report.fields.all.filter { $0.isSingleNumber && !$0.isOfMachine && !$0.isAlwaysThere }.map(
            \.path)
        let decidedByTheNetwork = ["cycles.host", "quantization.input_mantissa", "quantization.output_mantissa"]
        let decidedByTheMode = ["calibration_images", "input_exponent", "output_exponent"].map { "quantization.\($0)" }
        #expect(Set(optional) == Set(SweepAbsence.keys + decidedByTheNetwork + decidedByTheMode))
        #expect(optional.count == SweepAbsence.keys.count + decidedByTheNetwork.count + decidedByTheMode.count)
        #expect(Set(decidedByTheMode).isDisjoint(with: SweepKeys.accepted(.timing)))
    }

    private func plan(_ text: String, in workplace: Scratch) throws -> SweepPlan {
        try workplace.write("tiny.yaml", Texts.tiny)
        return try SweepPlan(path: try workplace.write("sweep.yaml", "version: 1\nbase: tiny.yaml\n" + text))
    }

    /// Cases vary slowest; what a case leaves out is the base's, and an empty cell.
    @Test func casesTimesVary() throws {
        let workplace = try Scratch()
        let plan = try plan(
            """
            cases: [{array.pe: svpe}, {array.pe: vpe, quantization.scheme: fixed, quantization.weight_bits: 8}]
            vary: {array.outputs: [4, 8], clock_mhz: {from: 0.1e2, to: 30, step: 10}}
            mode: estimate
            """, in: workplace)
        let result = try SweepRunner.run(plan, jobs: 2)
        #expect(result.rows.count == 2 * 2 * 3 && result.rows.allSatisfy { $0.error == nil })
        let lines = result.table.split(separator: "\n").map(String.init)
        #expect(
            lines[0].hasPrefix(
                "array.pe,quantization.scheme,quantization.weight_bits,array.outputs,clock_mhz,fits,cycles.predicted,"))
        #expect(lines[1].hasPrefix("svpe,,,4,10,true,") && lines[2].hasPrefix("svpe,,,4,20,true,"))
        #expect(lines[6].hasPrefix("svpe,,,8,30,true,") && lines[7].hasPrefix("vpe,fixed,8,4,10,true,"))
        #expect(result.rows[0].numbers["design.weight_bits"] == 3 && result.rows[6].numbers["design.weight_bits"] == 8)
        let alone = try self.plan("cases: [{array.pe: svpe}, {array.pe: vpe}]\nmode: estimate\n", in: workplace)
        #expect(try SweepRunner.run(alone, jobs: 1).rows.map { $0.point["array.pe"] } == ["svpe", "vpe"])
    }

    /// At most as many networks as jobs, though the network varies fastest; rows come in grid order all the same.
    @Test(arguments: 1...3)
    func networksAreLetGo(jobs: Int) throws {
        let workplace = try Scratch()
        let plan = try plan(
            "vary: {array.outputs: [4, 8], array.inputs: [4, 8], quantization.weight_bits: [1, 2, 3, 4, 5]}\n"
                + "mode: estimate\n", in: workplace)
        let networks = NetworkCache(plan.points.map(\.configuration))
        #expect(networks.order != Array(0..<20) && networks.order.sorted() == Array(0..<20))
        let result = try SweepRunner.run(plan, jobs: jobs, networks)
        #expect((1...jobs).contains(networks.mostHeld))
        #expect(result.rows.map { $0.point["quantization.weight_bits"] } == (0..<20).map { "\($0 % 5 + 1)" })
        #expect(result.rows.map { $0.point["array.outputs"] } == (0..<20).map { $0 < 10 ? "4" : "8" })
    }

    /// What was done before the interrupt is a row; the status says that others are missing.
    @Test func interrupted() throws {
        let workplace = try Scratch()
        let plan = try plan(
            "vary: {clock_mhz: [100, 150, 200, 250]}\nmode: estimate\nobjectives: {latency_s: min}\n", in: workplace)
        let done = Mutex(0)
        let result = try SweepRunner.run(
            plan, jobs: 1, progress: { count in done.withLock { $0 = count } },
            interrupted: { done.withLock { $0 >= 2 } })
        #expect(result.isPartial && result.rows.map { $0.point["clock_mhz"] } == ["100", "150"])
        #expect(SweepVerdict(result).status == .interrupted)
        #expect(result.summary[0].hasPrefix("2 of 4 points done: 2 estimated, "))
        let full = try SweepRunner.run(plan, jobs: 1)
        #expect(SweepVerdict(full).status == .success)
        #expect(full.summary.last?.hasPrefix("latency_s min") == true && full.summary.last?.hasSuffix(" 250") == true)
    }

    /// Integers whole, others with 15 digits: none that is needed is missing, none comes from computing in binary.
    @Test func digits() throws {
        #expect(SweepNumber.text(0.1 + 0.2) == "0.3" && SweepNumber.text(123_456_789_012_345) == "123456789012345")
        #expect(SweepNumber.text(1.0 / 3) == "0.333333333333333" && SweepNumber.text(-2.5e-7) == "-2.5e-07")
        let workplace = try Scratch()
        let plan = try plan("vary: {clock_mhz: {from: 1.1, to: 1.6, step: 0.1}}\nmode: estimate\n", in: workplace)
        let result = try SweepRunner.run(plan, jobs: 1)
        #expect(result.rows.map { $0.point["clock_mhz"] } == ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6"])
        let lines = result.table.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        for (row, line) in zip(result.rows, lines.dropFirst()) {
            for (key, text) in zip(lines[0], line) {
                guard let number = row.numbers[String(key)] else { continue }
                let value = try #require(Double(String(text)))
                #expect(abs(value - number) <= 5e-15 * abs(number), "\(key)")
                let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
                #expect(number == number.rounded() ? value == number : mantissa.count <= 15, "\(key) \(text)")
            }
        }
    }

    /// The numbers of mode estimate are those of the command.
    @Test func estimatesAreThoseOfTheCommand() throws {
        let workplace = try Scratch()
        let plan = try plan("vary: {array.outputs: [4, 8]}\nmode: estimate\n", in: workplace)
        for row in try SweepRunner.run(plan, jobs: 1).rows {
            let set = ["--set", "array.outputs=\(row.point["array.outputs"] ?? "")"]
            let json = try Program.run(["estimate", "tiny.yaml", "--json"] + set, in: workplace).output
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let estimate = try decoder.decode(Estimate.self, from: Data(json.utf8))
            #expect(row.numbers == SweepKeys.numbers(estimate))
            #expect(row.numbers["cycles.predicted"].map { Int($0) } == estimate.predictedCycles)
            #expect(row.numbers["latency_s"] == estimate.latencyS && estimate.latencyS != nil)
            #expect(row.numbers["cycles.total"] == nil)
        }
    }
}
