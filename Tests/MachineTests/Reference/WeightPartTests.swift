import Accelerator
import Networks
import ReferenceModel
import Schedule
import TestSupport
import Testing

@testable import Diagnostics

/// Layers whose weights, even of one output group, are more than half of the weight buffer: sums stay in the array from
/// one part to the next.
@Suite struct WeightPartTests {
    static let elements: [ProcessingElement] = [
        .svpe(weightBits: 1), .svpe(weightBits: 2), .svpe(weightBits: 4), .vpe(weightBits: 8),
    ]

    struct Case: CustomTestStringConvertible, Sendable {
        var element: ProcessingElement
        var convolver: ConvolverParameters?
        var manyPasses: Bool
        var testDescription: String {
            "\(element.name)\(element.weightBits) \(convolver == nil ? "vector" : "convolver") \(manyPasses)"
        }

        static let all = elements.flatMap { element in
            [nil, ConvolverParameters(kernel: 3, psumDepth: 64)].flatMap { convolver in
                [false, true].map { Case(element: element, convolver: convolver, manyPasses: $0) }
            }
        }
    }

    /// A convolution with a residual, then a fully connected layer over its whole map.
    private func network(_ element: ProcessingElement, manyPasses: Bool) -> QuantizedNetwork {
        var maker = LayerMaker(element, activationBits: 16, seed: 77)
        maker.manyPasses = manyPasses
        let shape = Shape(channels: 11, height: 5, width: 4)
        let first = maker.layer(
            "a", shape, .convolution(outputs: 11, groups: 1), Window(kernel: 3, pad: 1), residual: Network.inputName)
        let map = Window(kernelHeight: 5, kernelWidth: 4)
        let second = maker.layer("b", from: "a", shape, .convolution(outputs: 7, groups: 1), map)
        return QuantizedNetwork([first, second], activationBits: 16)
    }

    private func parameters(_ testCase: Case, weightDepth: Int) -> AcceleratorParameters {
        var p = AcceleratorParameters(
            testCase.element, testCase.convolver == nil ? 2 : 1, 3, 4, activationBits: 16, ifmap: 4096,
            weights: weightDepth, ofmap: 256)
        p.family = ArrayFamily(testCase.convolver)
        p.accumulatorBits = 40
        return p
    }

    /// 11 inputs are 4 groups: of the 3x3 convolution 36 words a pass and output group, of the fully connected layer 80.
    @Test(arguments: Case.all) func partsGiveTheSameBits(_ testCase: Case) throws {
        let network = network(testCase.element, manyPasses: testCase.manyPasses)
        for depth in [40, 64] {
            let bench = try Bench(parameters(testCase, weightDepth: depth), network)
            let run = try bench.run(keepsTensors: true)
            let wanted = try ReferenceModel.inferAll(network, input: bench.inputs[0])
            for layer in network.layers { #expect(run.tensors[0][layer.name] == wanted[layer.name]) }
        }
    }

    /// A fully connected layer of one output group, 80 words, in parts of 5 input groups' words... the kernel has 20
    /// words, half the buffer holds 20: four parts, each an instruction with its own drain.
    @Test func aPartCostsADrain() throws {
        let testCase = Case(element: .svpe(weightBits: 4), convolver: nil, manyPasses: false)
        var maker = LayerMaker(testCase.element, activationBits: 16, seed: 5)
        let shape = Shape(channels: 11, height: 5, width: 4)
        let map = Window(kernelHeight: 5, kernelWidth: 4)
        let layer = maker.layer("b", shape, .convolution(outputs: 4, groups: 1), map)
        let network = QuantizedNetwork([layer], activationBits: 16)
        let whole = try Bench(parameters(testCase, weightDepth: 256), network).compiled.layers[0]
        let parts = try Bench(parameters(testCase, weightDepth: 40), network).compiled.layers[0]
        let p = parameters(testCase, weightDepth: 40)
        #expect(whole.steps == 80 && parts.steps == 80)
        #expect(whole.computeCycles == 80 + p.tileOverhead)
        #expect(parts.computeCycles == 80 + 4 * p.tileOverhead)
        #expect(whole.tiles == 1 && parts.tiles == 4)
    }

    @Test func aKernelThatIsTooLargeIsRefused() {
        let testCase = Case(element: .vpe(weightBits: 8), convolver: nil, manyPasses: false)
        #expect(throws: InputError.self) {
            try Bench(parameters(testCase, weightDepth: 16), network(testCase.element, manyPasses: false))
        }
    }
}
