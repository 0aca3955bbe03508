import Accelerator
import Design
import Fabric
import Foundation
import RTLEmitter
import TestSupport
import Testing

@testable import Cosimulation

/// Is every signal of the emitted text equal to the kernel's in every cycle, and is it noticed when it is not?
@Suite(.serialized)
struct CosimulationTests {
    static func simulation(_ bench: Bench, cycles: Int) -> Cosimulation {
        Cosimulation(bench.build, input: bench.inputs[0], cycles: cycles, target: .zcu102)
    }

    @Test func theMatrixHasEverySize() {
        let cases = CosimulationCase.all
        #expect(cases.count >= 26)
        for size in [1, 3, 4, 5, 8] {
            #expect(cases.contains { $0.pixels == size } && cases.contains { $0.inputs == size })
            #expect(cases.contains { $0.outputs == size })
        }
        for kernel in [1, 3, 5] {
            for stride in [1, 2] {
                for stalls in [false, true] {
                    #expect(cases.contains { $0.kernel == kernel && $0.stride == stride && $0.stalls == stalls })
                }
            }
        }
    }

    /// Whole runs, both judges; Verilator alone judges as many more (docs/guide/Cosimulation.md).
    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator), .enabled(if: Tools.hasYosys, Tools.noYosys),
        arguments: Tools.share(CosimulationCase.all, from: 0))
    func bothJudgesAgree(_ design: CosimulationCase) throws {
        let scratch = try Scratch()
        let report = try Self.simulation(design.bench(), cycles: 20_000).run(against: .both, in: scratch.url)
        #expect(report.finished)
        #expect((150...1600).contains(report.cycles))
        #expect(report.verdicts.map(\.judge) == ["verilator", "yosys"])
        for verdict in report.verdicts {
            #expect(verdict.isEqual, "\(verdict)")
            #expect(verdict.signals == report.signals)
        }
    }

    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator),
        arguments: Tools.share(CosimulationCase.all, from: 2))
    func verilatorAgrees(_ design: CosimulationCase) throws {
        let scratch = try Scratch()
        let report = try Self.simulation(design.bench(), cycles: 20_000).run(
            against: .verilator, in: scratch.url)
        #expect(report.finished && report.verdicts.map(\.judge) == ["verilator"])
        for verdict in report.verdicts { #expect(verdict.isEqual && verdict.signals == report.signals, "\(verdict)") }
    }
}
