// Is the reference model the arithmetic of docs/internals/Numerics.md, and does it refuse what breaks its bounds?

import Diagnostics
import Foundation
import Networks
import Quantizer
import ReferenceModel
import TestSupport
import Testing

@Suite struct ReferenceModelTests {
    /// A 2x2 convolution with one output, every constant free.
    private func network(
        weights: [Int32] = [4, -2, 0, 1], constants: Requantization, residual: String? = nil
    ) -> QuantizedNetwork {
        let input = Shape(channels: 1, height: 2, width: 2)
        let output = residual == nil ? Shape(channels: 1, height: 1, width: 1) : input
        let window =
            residual == nil ? Window(kernel: 2) : Window(kernelHeight: 2, kernelWidth: 2, padBottom: 1, padRight: 1)
        let layer = QuantizedLayer(
            name: "conv", kind: "convolution",
            operation: .convolution(weights: weights, format: .powerOfTwo(bits: 3), groups: 1), window: window,
            input: Network.inputName, residual: residual, inputShape: input, outputShape: output,
            requantization: constants, outputExponent: 0, macs: 4)
        return QuantizedNetwork(
            name: "one", input: input, inputExponent: 0, activationBits: 8, layers: [layer], parameters: 4)
    }

    private func infer(_ network: QuantizedNetwork, _ values: [Int32]) throws -> [Int32] {
        try ReferenceModel.infer(network, input: IntegerTensor(shape: network.input, values: values)).values
    }

    /// The worked example of docs/internals/Numerics.md, section 6.
    @Test func theWorkedExample() throws {
        let constants = Requantization(preShift: 1, multiplier: [205], bias: [300], shift: 10, relu: true)
        #expect(try infer(network(constants: constants), [100, -50, 7, 23]) == [53])
        #expect(try infer(network(constants: constants), [-100, 50, 7, 23]) == [0])
        #expect(try infer(network(constants: constants), [127, -128, 0, 127]) == [89])
    }

    /// The second worked example: the residual joins before the rounding.
    @Test func theWorkedExampleWithAResidual() throws {
        let constants = Requantization(
            preShift: 0, multiplier: [1], bias: [0], residualShift: 1, shift: 2, relu: false)
        let result = try infer(
            network(weights: [1, 0, 0, 0], constants: constants, residual: "input"), [2, -2, 6, 127])
        #expect(result == [2, -2, 4, 95])
    }

    @Test func halvesRoundToTheEvenInteger() throws {
        let constants = Requantization(preShift: 0, multiplier: [1], bias: [0], shift: 1, relu: false)
        for (value, expected) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (2, 1)] as [(Int32, Int32)] {
            #expect(try infer(network(weights: [1, 0, 0, 0], constants: constants), [value, 0, 0, 0]) == [expected])
        }
    }

    @Test func outputsSaturate() throws {
        let constants = Requantization(preShift: 0, multiplier: [100], bias: [0], shift: 0, relu: false)
        #expect(try infer(network(constants: constants), [100, 0, 0, 0]) == [127])
        #expect(try infer(network(constants: constants), [-100, 0, 0, 0]) == [-128])
    }

    @Test func brokenBoundsNameTheLayer() {
        let plain = Requantization(preShift: 0, multiplier: [1], bias: [0], shift: 0, relu: false)
        var tooLargeSum = plain
        tooLargeSum.bias = [(1 << 47) - 1]
        var tooFew = plain
        tooFew.multiplier = []
        var tooWide = plain
        tooWide.multiplier = [40000]
        let broken = [
            (network(weights: [1 << 20, 0, 0, 0], constants: plain), "t = 104857600 does not fit 27 bits"),
            (network(constants: tooLargeSum), "u = 140737488355727 does not fit 48 bits"),
            (network(constants: tooFew), "one multiplier per channel"),
            (network(constants: tooWide), "multipliers have 16 bits"),
            (network(weights: [1], constants: plain), "one weight per tap and output channel"),
        ]
        for (network, message) in broken {
            #expect(throws: ReferenceModelError(layer: "conv", message)) { try infer(network, [100, 0, 0, 0]) }
        }
    }

    @Test func foreignInputsAreRefused() {
        let plain = Requantization(preShift: 0, multiplier: [1], bias: [0], shift: 0, relu: false)
        #expect(throws: ReferenceModelError.self) { try infer(network(constants: plain), [128, 0, 0, 0]) }
        let flat = IntegerTensor(zeros: Shape(channels: 4, height: 1, width: 1))
        #expect(throws: ReferenceModelError.self) { try ReferenceModel.infer(network(constants: plain), input: flat) }
    }

    @Test func paddingIsZeroForSumsAndNeverWinsForMaxima() throws {
        let shape = Shape(channels: 1, height: 1, width: 1)
        let window = Window(kernel: 3, pad: 1)
        for (operation, expected) in [(QuantizedOperation.maxPool, Int32(-5)), (.sumPool, -5)] {
            let layer = QuantizedLayer(
                name: "pool", kind: "pool", operation: operation, window: window, input: Network.inputName,
                residual: nil, inputShape: shape, outputShape: shape,
                requantization: Requantization(
                    preShift: 0, multiplier: [1 << 14], bias: [0], shift: 14, relu: false),
                outputExponent: 0, macs: 0)
            let network = QuantizedNetwork(
                name: "pool", input: shape, inputExponent: 0, activationBits: 8, layers: [layer], parameters: 0)
            #expect(try infer(network, [-5]) == [expected])
        }
    }

    @Test func inputsAreRoundedAndSaturated() throws {
        var network = network(
            constants: Requantization(preShift: 0, multiplier: [1], bias: [0], shift: 0, relu: false))
        network.inputExponent = -1
        #expect(try network.quantizedInput([0.25, 0.75, -64.5, 100]).values == [0, 2, -128, 127])
        #expect(throws: InputError.self) { try network.quantizedInput([1]) }
    }

    @Test func aBrokenArchiveIsRefused() throws {
        let network = network(
            constants: Requantization(preShift: 0, multiplier: [1], bias: [0], shift: 0, relu: false))
        try Scratch.with { directory in
            #expect(throws: InputError.self) { try QuantizedNetworkArchive.read(from: directory) }
            try QuantizedNetworkArchive.write(network, to: directory)
            try Data([1, 0, 0, 0]).write(to: directory.appendingPathComponent("weights.bin"))
            #expect(throws: InputError.self) { try QuantizedNetworkArchive.read(from: directory) }
        }
    }
}
