import Accelerator
import Design
import Fabric
import Foundation
import RTLEmitter
import Testing

@testable import Workflow

/// Is every signal of the emitted text equal to the kernel's in every cycle, and is it noticed when it is not?
@Suite(.serialized)
struct CosimulationTests {
    /// Yosys takes about a tenth of a second per cycle; the first cycles reach the first results. All with
    /// SHIFTSIM_LONG=1.
    static let yosysCycles = Tools.isLong ? 20_000 : 150

    static func simulation(_ bench: Bench, cycles: Int) -> Cosimulation {
        Cosimulation(
            accelerator: bench.accelerator, compiled: bench.compiled, input: bench.inputs[0], timing: bench.timing,
            cycles: cycles)
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

    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator), arguments: CosimulationCase.all)
    func verilatorAgrees(_ design: CosimulationCase) throws {
        let scratch = try Scratch()
        let report = try Self.simulation(design.bench(), cycles: 20_000).run(against: .verilator, in: scratch.url)
        #expect(report.finished)
        #expect((150...1600).contains(report.cycles))
        #expect(report.isEqual, "\(report.verdicts)")
        #expect(report.verdicts[0].signals == report.signals)
    }

    @Test(.enabled(if: Tools.hasYosys, Tools.noYosys), arguments: CosimulationCase.all)
    func yosysAgrees(_ design: CosimulationCase) throws {
        let scratch = try Scratch()
        let report = try Self.simulation(design.bench(), cycles: Self.yosysCycles).run(against: .yosys, in: scratch.url)
        #expect(report.finished || report.cycles == Self.yosysCycles)
        #expect(report.isEqual, "\(report.verdicts)")
    }
}
