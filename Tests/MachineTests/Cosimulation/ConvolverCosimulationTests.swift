import Accelerator
import TestSupport
import Testing

/// Is every signal of a convolver array's emitted text equal to the kernel's in every cycle?
@Suite(.serialized)
struct ConvolverCosimulationTests {
    static let randomSeeds: ClosedRange<UInt64> = 1...200

    @Test func theMatrixHasEveryKind() {
        let cases = ConvolverCase.all
        #expect(cases.count >= 24)
        for grid in [3, 5, 11] {
            for stride in [1, 2, 4] {
                #expect(cases.contains { $0.convolver.kernel == grid && $0.stride == stride })
            }
            for element in ["svpe", "vpe"] {
                #expect(cases.contains { $0.convolver.kernel == grid && $0.element.name == element && $0.stalls })
            }
        }
        for width in [1, 7, 13, 32] { #expect(cases.contains { $0.width == width && $0.pad > 0 }) }
        for bits in [1, 3, 5, 8, 16] { #expect(cases.filter { $0.element.weightBits == bits }.count >= 5) }
        #expect(cases.contains { $0.convolver.taps.count == 3 && $0.kernel < $0.convolver.kernel })
    }

    /// Whole runs, both judges; Verilator alone judges as many more (docs/guide/Cosimulation.md).
    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator), .enabled(if: Tools.hasYosys, Tools.noYosys),
        arguments: Tools.share(ConvolverCase.all, from: 0))
    func bothJudgesAgree(_ design: ConvolverCase) throws {
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(design.bench(), cycles: 20_000).run(
            against: .both, in: scratch.url)
        #expect(report.finished)
        #expect((100...4000).contains(report.cycles))
        #expect(report.verdicts.map(\.judge) == ["verilator", "yosys"])
        for verdict in report.verdicts {
            #expect(verdict.isEqual, "\(verdict)")
            #expect(verdict.signals == report.signals)
        }
    }

    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator),
        arguments: Tools.share(ConvolverCase.all, from: 2))
    func verilatorAgrees(_ design: ConvolverCase) throws {
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(design.bench(), cycles: 20_000).run(
            against: .verilator, in: scratch.url)
        #expect(report.finished && report.verdicts.map(\.judge) == ["verilator"])
        for verdict in report.verdicts { #expect(verdict.isEqual && verdict.signals == report.signals, "\(verdict)") }
    }

    @Test(
        .enabled(if: Tools.isLong && Tools.hasVerilator && Tools.hasYosys, "SHIFTSIM_LONG=1 runs it"),
        arguments: randomSeeds)
    func bothJudgesAgreeOnRandomDesigns(seed: UInt64) throws {
        guard let random = RandomCase(seed: seed).onConvolver() else { return }
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(random.bench(), cycles: 20_000).run(
            against: .both, in: scratch.url)
        #expect(report.isEqual, "\(random.text): \(report.verdicts)")
    }
}
