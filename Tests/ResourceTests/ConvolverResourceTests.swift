import Accelerator
import Design
import Fabric
import RTLEmitter
import TestSupport
import Testing

/// Has a convolver as many DSP48E2 as the n-BQ-NN paper says (equations 35 and 44), in the Design and in Yosys' count?
@Suite(.serialized)
struct ConvolverResourceTests {
    static func parameters(
        _ element: ProcessingElement, outputs: Int, inputs: Int, _ convolver: ConvolverParameters
    ) -> AcceleratorParameters {
        AcceleratorParameters(
            element: element, family: .convolver(convolver),
            size: ArraySize(pixels: 1, inputs: inputs, outputs: outputs), activationBits: 16,
            buffers: BufferSizes(ifmapBytes: 16384, weightBytes: 16384, ofmapBytes: 8192))
    }

    /// Fabric of the array's module alone; the requantization has one DSP48E2 per output of its own.
    static func array(_ parameters: AcceleratorParameters) throws -> ResourceCount {
        let design = try Accelerator(parameters).design
        let scope = try #require(design.scopes.firstIndex { $0.name == "array" })
        return design.resourcesByScope()[scope]
    }

    struct Expected: CustomTestStringConvertible, Sendable {
        var element: ProcessingElement
        var kernel: Int
        var adders: ConvolverParameters.ColumnAdders
        var dsp: Int
        var testDescription: String { "\(element.name), K \(kernel), \(adders) adders: \(dsp)" }
    }

    @Test(arguments: [
        Expected(element: .vpe(weightBits: 16), kernel: 3, adders: .dsp, dsp: 12),
        Expected(element: .vpe(weightBits: 8), kernel: 5, adders: .dsp, dsp: 30),
        Expected(element: .vpe(weightBits: 16), kernel: 3, adders: .lut, dsp: 9),
        Expected(element: .svpe(weightBits: 3), kernel: 3, adders: .dsp, dsp: 3),
        Expected(element: .svpe(weightBits: 5), kernel: 11, adders: .dsp, dsp: 11),
        Expected(element: .svpe(weightBits: 1), kernel: 3, adders: .lut, dsp: 0),
    ])
    func convolverHasItsDSPs(_ expected: Expected) throws {
        let convolver = ConvolverParameters(kernel: expected.kernel, columnAdders: expected.adders)
        let count = try Self.array(Self.parameters(expected.element, outputs: 2, inputs: 3, convolver))
        #expect(count.dsp == 2 * 3 * expected.dsp)
    }

    @Test(arguments: [(8, 32, ProcessingElement.svpe(weightBits: 3)), (4, 16, .vpe(weightBits: 16))])
    func publishedDesignsHave768(outputs: Int, inputs: Int, element: ProcessingElement) throws {
        let parameters = Self.parameters(
            element, outputs: outputs, inputs: inputs, ConvolverParameters(kernel: 3))
        #expect(try Self.array(parameters).dsp == 768)
        let total = try Accelerator(parameters).design.resources()
        #expect(total.dsp == 768 + outputs)
    }

    @Test(
        .enabled(if: ResourceTests.hasYosys, "Yosys was not found (apt-get install yosys)"),
        arguments: [
            parameters(.svpe(weightBits: 3), outputs: 2, inputs: 2, ConvolverParameters(kernel: 3)),
            parameters(
                .svpe(weightBits: 4), outputs: 2, inputs: 2,
                ConvolverParameters(kernel: 5, taps: [3], columnAdders: .lut)),
            parameters(.vpe(weightBits: 8), outputs: 2, inputs: 2, ConvolverParameters(kernel: 3)),
        ])
    func agreesWithYosys(_ parameters: AcceleratorParameters) throws {
        let design = try Accelerator(parameters).design
        let cells = try SynthesisedCells(design)
        let count = design.resources()
        #expect(count.dsp == cells.dsp)
        #expect(count.ramb36 == cells.ramb36)
        #expect(count.ramb18 == cells.ramb18)
        let lut = abs(Double(count.lut - cells.lut)) / Double(cells.lut)
        let ff = abs(Double(count.ff - cells.ff)) / Double(cells.ff)
        #expect(lut < 0.15, "LUT: counted \(count.lut), Yosys \(cells.lut)")
        #expect(ff < 0.15, "FF: counted \(count.ff), Yosys \(cells.ff)")
    }
}
