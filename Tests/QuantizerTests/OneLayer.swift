import Diagnostics
import Networks
import Quantizer
import Support

/// A network of one 1x1 convolution: the public way to quantize a list of weights.
struct OneLayer {
    var codes: [Int32]
    var unit: Double
    var format: WeightFormat
    var thresholds: [Double]

    /// The weights as the integer network has them, in real numbers.
    var values: [Float] { codes.map { Float(Double($0) * unit) } }

    init(_ weights: Weights, options: QuantizationOptions) throws {
        let input = Shape(channels: 1, height: 1, width: 1)
        let count = weights.values.count
        let kind = LayerKind.convolution(
            window: Window(kernel: 1), outputs: count, groups: 1, weights: weights, bias: [])
        let layer = Layer(
            name: "conv", kind: kind, inputs: [Network.inputName],
            output: Shape(channels: count, height: 1, width: 1))
        let network = Network(name: "one", input: input, layers: [layer])
        let (quantized, report) = try Quantizer.quantize(network, options: options, calibration: [[1]])
        guard case .convolution(let codes, let format, _) = quantized.layers[0].operation else {
            throw InputError(at: "conv", "is no convolution")
        }
        self.codes = codes
        self.format = format
        unit = report.layers[0].weightScale ?? 0
        thresholds = report.layers[0].thresholds
    }

    init(_ values: [Float], bits: Int, rule: ThresholdRule? = nil) throws {
        try self.init(
            Weights(values: values), options: QuantizationOptions(scheme: .nBQ(bits: bits), thresholds: rule))
    }
}

/// Seeded normal weights.
func normalWeights(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in 0.1 * generator.normal() }
}
