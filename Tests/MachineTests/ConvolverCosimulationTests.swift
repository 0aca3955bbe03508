import Accelerator
import Testing

@testable import Workflow

/// Is every signal of a convolver array's emitted text equal to the kernel's in every cycle?
@Suite(.serialized)
struct ConvolverCosimulationTests {
    static let randomSeeds: ClosedRange<UInt64> = 1...200
    /// Yosys takes about a tenth of a second per cycle; the first cycles reach the first results of most designs.
    static let yosysCycles = Tools.isLong ? 20_000 : 300

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

    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator), arguments: ConvolverCase.all)
    func verilatorAgrees(_ design: ConvolverCase) throws {
        let scratch = try Scratch()
        let simulation = try CosimulationTests.simulation(design.bench(), cycles: 20_000)
        let report = try simulation.run(against: .verilator, in: scratch.url)
        #expect(report.finished)
        #expect((100...4000).contains(report.cycles))
        #expect(report.isEqual, "\(report.verdicts)")
        #expect(report.verdicts[0].signals == report.signals)
    }

    @Test(.enabled(if: Tools.hasYosys, Tools.noYosys), arguments: ConvolverCase.all)
    func yosysAgrees(_ design: ConvolverCase) throws {
        let scratch = try Scratch()
        let cycles = Self.yosysCycles
        let report = try CosimulationTests.simulation(design.bench(), cycles: cycles).run(
            against: .yosys, in: scratch.url)
        #expect(report.finished || report.cycles == cycles)
        #expect(report.isEqual, "\(report.verdicts)")
    }

    @Test(.enabled(if: Tools.isLong && Tools.hasVerilator, "SHIFTSIM_LONG=1 runs it"), arguments: randomSeeds)
    func verilatorAgreesOnRandomDesigns(seed: UInt64) throws {
        guard let random = RandomCase(seed: seed).onConvolver() else { return }
        let scratch = try Scratch()
        let report = try CosimulationTests.simulation(random.bench(), cycles: 20_000).run(
            against: .verilator, in: scratch.url)
        #expect(report.isEqual, "\(random.text): \(report.verdicts)")
    }
}
