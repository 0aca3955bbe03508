// Does a sweep give the same tables whatever the number of jobs, and the right Pareto front?

import Foundation
import TestSupport
import Testing

@testable import Sweep

@Suite struct SweepTests {
    @Test func tablesDoNotDependOnTheNumberOfJobs() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let plan = try SweepPlan(path: try workplace.write("sweep.yaml", Texts.sweep))
        #expect(plan.count == 4)
        let one = try SweepRunner.run(plan, jobs: 1)
        let three = try SweepRunner.run(plan, jobs: 3)
        #expect(one.table == three.table && one.frontTable == three.frontTable)
        #expect(try one.json() == three.json())
        #expect(one.isCorrect && !one.isPartial)
        #expect(one.rows.map { $0.point["array.pe"] } == ["svpe", "svpe", "vpe", "vpe"])
        #expect(one.rows.map { $0.point["array.outputs"] } == ["4", "8", "4", "8"])
        #expect(one.table.hasPrefix("array.pe,array.outputs,fits,cycles.total,latency_s,"))
    }

    @Test func frontHasNoRowThatAnotherBeats() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let result = try SweepRunner.run(try SweepPlan(path: try workplace.write("sweep.yaml", Texts.sweep)), jobs: 2)
        #expect(!result.front.isEmpty)
        for row in result.front {
            for other in result.rows {
                let isFaster = (other.numbers["latency_s"] ?? 0) < (row.numbers["latency_s"] ?? 0)
                let isSmaller = (other.numbers["resources.lut.used"] ?? 0) < (row.numbers["resources.lut.used"] ?? 0)
                #expect(!(isFaster && isSmaller))
            }
        }
    }

    /// The shipped sweep over the clocks that DPUs have: ports and core at one clock in each of its points.
    @Test func portsOfADPUSizedDesignFollowItsClock() throws {
        let plan = try SweepPlan(path: Repository.path("configs/sweep-dpu-b4096.yaml"))
        #expect(plan.count == 12)
        #expect(Set(plan.points.map(\.configuration.clockMHz)) == [281, 300, 333])
        #expect(plan.points.allSatisfy { $0.configuration.memory.portMHz == $0.configuration.clockMHz })
    }

    @Test func pointsThatDoNotFitOrRunAreRows() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let text = """
            version: 1
            base: tiny.yaml
            set: {array.outputs: 64}
            vary: {buffers.ofmap_kib: [16, 4096], array.inputs: [8, 64], array.pixels: [1, 8]}
            constraints: [fits]
            """
        let result = try SweepRunner.run(try SweepPlan(path: try workplace.write("sweep.yaml", text)), jobs: 2)
        #expect(result.rows.count == 8)
        let large = result.rows.filter { $0.point["buffers.ofmap_kib"] == "4096" && $0.error == nil }
        #expect(!large.isEmpty && large.allSatisfy { $0.fits == false && !$0.isCandidate })
        let tooMany = result.rows.filter { $0.point["array.inputs"] == "64" && $0.point["array.pixels"] == "8" }
        #expect(tooMany.allSatisfy { $0.error?.contains("32768 lanes") == true && $0.fits == nil })
        #expect(result.rows[0].isCandidate)
    }

    /// Each pair is right by itself in one of its points.
    @Test(arguments: [
        ("quantization.scheme: [n-bq, fixed], quantization.weight_bits: [3, 8]", [false, true, true, false]),
        ("network.weights: [trained, synthetic]", [true, false]),
        ("array.pe: [svpe, vpe], array.terms: [1, 2]", [false, false, false, true]),
        ("network.input.count: [1, 4], run.array_images: [1, 2]", [false, true, false, false]),
    ])
    func keysThatDoNotGoTogetherAreRows(axes: String, errors: [Bool]) throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let text = "version: 1\nbase: tiny.yaml\nset: {array.pe: vpe}\nvary: {\(axes)}\nconstraints: [fits]\n"
        let result = try SweepRunner.run(try SweepPlan(path: try workplace.write("sweep.yaml", text)), jobs: 2)
        #expect(result.rows.map { $0.error != nil } == errors, "\(result.rows.map { $0.error ?? "-" })")
    }

    @Test func commandWritesBothTables() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        try workplace.write("sweep.yaml", Texts.sweep)
        let run = try Program.run(["sweep", "sweep.yaml", "-o", "out", "--jobs", "2", "--quiet"], in: workplace)
        #expect(run.code == 0, "\(run.errors)")
        #expect(try workplace.read("out/sweep.csv") == run.output)
        #expect(try workplace.read("out/pareto.csv").split(separator: "\n").count >= 2)
    }
}
