// Integer layers with random weights and constants, within what the formats allow.
import Accelerator
import Fabric
import Networks
import Support
import TestSupport

/// What a made layer does.
enum MadeOperation {
    case convolution(outputs: Int, groups: Int)
    case maxPool, sumPool
}

/// Makes layers for lanes of one kind.
struct LayerMaker {
    let element: ProcessingElement
    let activationBits: Int
    var random: SeededGenerator
    /// svpe: any integers of -85...85, which take several passes, instead of powers of two.
    var manyPasses = false
    /// Every filter is given 1 to this many terms per weight.
    var mostTerms = 1
    /// Terms of the filters in turn, instead.
    var filterTerms: [Int] = []

    init(_ element: ProcessingElement, activationBits: Int, seed: UInt64) {
        self.element = element
        self.activationBits = activationBits
        random = SeededGenerator(seed: seed)
    }

    /// The largest |weight| of a layer of many passes: n = 1 needs 8 octaves for it, the most there are.
    static let largestFixed = 85
    /// Inputs of one output, such that n = 1 accumulators (14 bits beyond an activation) hold 4 * 85 * inputs.
    static let mostFixedTaps = (1 << 14) / (4 * largestFixed + 4)

    mutating func weight() -> Int32 {
        if manyPasses { return Int32.random(in: -85...85, using: &random) }
        guard let bits = element.powerOfTwoBits else {
            let limit = Int32(1) << Int32(element.weightBits - 1)
            return Int32.random(in: -limit...limit - 1, using: &random)
        }
        let sign: Int32 = Bool.random(using: &random) ? 1 : -1
        if bits == 1 { return sign }
        let magnitudes = PowerOfTwoCode.magnitudes(bits: bits)
        let field = Int.random(in: 0...magnitudes, using: &random)
        return field == 0 ? 0 : sign * Int32(1 << (magnitudes - field))
    }

    mutating func layer(
        _ name: String, from input: String = Network.inputName, _ shape: Shape, _ made: MadeOperation, _ window: Window,
        residual: String? = nil, relu: Bool = false
    ) -> QuantizedLayer {
        let taps = window.kernelHeight * window.kernelWidth
        var channels = shape.channels
        var operation = QuantizedOperation.maxPool
        var macs = 0
        var bound = 1
        switch made {
        case .maxPool: break
        case .sumPool:
            operation = .sumPool
            bound = taps
        case .convolution(let outputs, let groups):
            channels = outputs
            let perOutput = shape.channels / groups * taps
            let weights = (0..<outputs).flatMap { filter($0, perOutput) }
            operation = .convolution(weights: weights, format: .fixed(bits: 8), groups: groups)
            bound = max(1, largestSum(weights, perOutput))
        }
        let output = Shape(
            channels: channels, height: window.outputHeight(shape.height), width: window.outputWidth(shape.width))
        if case .convolution = operation {
            macs = output.count * taps * shape.channels / groups(operation)
        }
        return QuantizedLayer(
            name: name, kind: "convolution", operation: operation, window: window, input: input, residual: residual,
            inputShape: shape, outputShape: output,
            requantization: requantization(channels, bound: bound, residual: residual != nil, relu: relu),
            outputExponent: 0, macs: macs)
    }

    /// An affine layer of any multipliers whose results use the activation's range and pass it sometimes.
    mutating func preActivation(_ channels: Int) -> PreActivation {
        let limit = Int64(1) << Int64(activationBits + 14)
        return PreActivation(
            multiplier: (0..<channels).map { _ in Int32.random(in: -32768...32767, using: &random) },
            bias: (0..<channels).map { _ in Int64.random(in: -limit...limit, using: &random) },
            shift: Int.random(in: 12...16, using: &random), relu: Bool.random(using: &random), exponent: 0)
    }

    private mutating func filter(_ index: Int, _ count: Int) -> [Int32] {
        let given = filterTerms.isEmpty ? nil : filterTerms[index % filterTerms.count]
        let terms = given ?? (mostTerms == 1 ? 1 : Int.random(in: 1...mostTerms, using: &random))
        return (0..<count).map { _ in (0..<terms).reduce(0) { sum, _ in sum + weight() } }
    }

    private func groups(_ operation: QuantizedOperation) -> Int {
        if case .convolution(_, _, let groups) = operation { return groups }
        return 1
    }

    private func largestSum(_ weights: [Int32], _ perOutput: Int) -> Int {
        stride(from: 0, to: weights.count, by: perOutput).map { start in
            weights[start..<start + perOutput].reduce(0) { $0 + abs(Int($1)) }
        }.max() ?? 0
    }

    /// Any multiplier and bias; shifts such that results use the activation's range and pass it sometimes.
    private mutating func requantization(
        _ channels: Int, bound: Int, residual: Bool, relu: Bool
    ) -> Requantization {
        // |accumulator| <= 2^(bits - 1); what enters the multiplier must fit 27 signed bits.
        var bits = activationBits
        while 1 << (bits - activationBits) < bound { bits += 1 }
        let preShift = max(0, bits + 1 - 27)
        let shift = max(1, min(24, bits - preShift - activationBits + 13))
        return Requantization(
            preShift: preShift,
            multiplier: (0..<channels).map { _ in Int32.random(in: -32768...32767, using: &random) },
            bias: (0..<channels).map { _ in Int64.random(in: -(1 << 30)...(1 << 30), using: &random) },
            residualShift: residual ? shift : 0, shift: shift, relu: relu)
    }
}

extension QuantizedNetwork {
    init(_ layers: [QuantizedLayer], activationBits: Int) {
        self.init(
            name: "made", input: layers[0].inputShape, inputExponent: 0, activationBits: activationBits,
            layers: layers, parameters: 0)
    }
}
