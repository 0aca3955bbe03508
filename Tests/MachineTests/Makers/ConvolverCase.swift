// Designs of the convolver family: the co-simulation matrix, and random ones by seed.
import Accelerator
import ExternalMemory
import Networks
import Support
import TestSupport
import Testing

/// One design and what runs on it: a convolution of the matrix, then, changing from design to design, a convolution at
/// another tap, a pooling, a pointwise layer with residual or nothing.
struct ConvolverCase: CustomTestStringConvertible, Sendable {
    var element: ProcessingElement
    var inputs: Int
    var outputs: Int
    var convolver: ConvolverParameters
    var kernel: Int
    var stride: Int
    var pad: Int
    var width: Int
    var height: Int
    var stalls: Bool
    var terms: Int

    init(
        _ element: ProcessingElement, _ sizes: (inputs: Int, outputs: Int), grid: Int, _ taps: [Int] = [], k: Int,
        s stride: Int, pad: Int, w width: Int, h height: Int = 3, _ adders: ConvolverParameters.ColumnAdders = .dsp,
        stalls: Bool = false, terms: Int = 1
    ) {
        self.terms = terms
        self.element = element
        (inputs, outputs) = sizes
        convolver = ConvolverParameters(
            kernel: grid, taps: taps, rowLength: 32, columnAdders: adders, psumDepth: 128)
        kernel = k
        self.stride = stride
        self.pad = pad
        self.width = width
        self.height = height
        self.stalls = stalls
    }

    var testDescription: String {
        "\(element.name) \(element.weightBits), \(inputs)x\(outputs), grid \(convolver.taps), "
            + "\(convolver.columnAdders) adders, k \(kernel), s \(stride), p \(pad), \(height)x\(width)"
            + (stalls ? ", stalls" : "") + (terms > 1 ? ", \(terms) terms" : "")
    }

    private static let svpe1 = ProcessingElement.svpe(weightBits: 1)
    private static let svpe3 = ProcessingElement.svpe(weightBits: 3)
    private static let svpe5 = ProcessingElement.svpe(weightBits: 5)
    private static let vpe8 = ProcessingElement.vpe(weightBits: 8)
    private static let vpe16 = ProcessingElement.vpe(weightBits: 16)

    static let all: [ConvolverCase] = [
        .init(svpe1, (2, 2), grid: 3, k: 3, s: 1, pad: 1, w: 7),
        .init(svpe1, (1, 3), grid: 5, [3], k: 5, s: 2, pad: 2, w: 13, stalls: true),
        .init(svpe1, (1, 1), grid: 11, [3, 5], k: 11, s: 4, pad: 5, w: 32, h: 5),
        .init(svpe1, (3, 1), grid: 3, k: 1, s: 1, pad: 0, w: 1, .lut, stalls: true),
        .init(svpe1, (1, 2), grid: 11, [3, 5], k: 3, s: 1, pad: 1, w: 13, .lut),
        .init(svpe1, (2, 1), grid: 5, k: 3, s: 4, pad: 2, w: 7, stalls: true),
        .init(svpe3, (4, 4), grid: 3, k: 3, s: 1, pad: 1, w: 13, stalls: true),
        .init(svpe3, (1, 1), grid: 3, k: 3, s: 2, pad: 0, w: 32),
        .init(svpe3, (3, 2), grid: 5, [3], k: 3, s: 1, pad: 2, w: 7, .lut),
        .init(svpe3, (2, 2), grid: 5, [3], k: 5, s: 4, pad: 4, w: 1, h: 4, stalls: true),
        .init(svpe3, (1, 2), grid: 11, [3, 5], k: 5, s: 1, pad: 2, w: 13),
        .init(svpe3, (2, 1), grid: 11, [5], k: 11, s: 2, pad: 10, w: 7, h: 2, .lut, stalls: true),
        .init(svpe5, (2, 3), grid: 3, k: 3, s: 4, pad: 1, w: 32, stalls: true),
        .init(svpe5, (1, 4), grid: 3, k: 1, s: 2, pad: 0, w: 13, .lut),
        .init(svpe5, (3, 3), grid: 5, [3], k: 5, s: 1, pad: 2, w: 7),
        .init(svpe5, (1, 1), grid: 5, k: 5, s: 2, pad: 3, w: 1, h: 6, .lut, stalls: true),
        .init(svpe5, (1, 1), grid: 11, [3, 5], k: 3, s: 2, pad: 1, w: 32, stalls: true),
        .init(svpe1, (2, 2), grid: 3, k: 3, s: 1, pad: 1, w: 7, terms: 2),
        .init(svpe3, (2, 2), grid: 5, [3], k: 5, s: 2, pad: 2, w: 13, stalls: true, terms: 2),
        .init(svpe3, (1, 1), grid: 11, [3, 5], k: 11, s: 4, pad: 5, w: 32, h: 3, .lut, terms: 2),
        .init(svpe5, (1, 3), grid: 3, k: 3, s: 1, pad: 1, w: 1, stalls: true, terms: 2),
        .init(vpe8, (2, 2), grid: 3, k: 3, s: 1, pad: 1, w: 7, stalls: true),
        .init(vpe8, (4, 1), grid: 3, k: 3, s: 2, pad: 2, w: 13, .lut),
        .init(vpe8, (1, 3), grid: 5, [3], k: 5, s: 1, pad: 2, w: 13, .lut, stalls: true),
        .init(vpe8, (3, 1), grid: 5, [3], k: 3, s: 4, pad: 1, w: 32),
        .init(vpe8, (1, 1), grid: 11, [3, 5], k: 11, s: 1, pad: 5, w: 7, h: 2),
        .init(vpe8, (1, 1), grid: 11, [3], k: 3, s: 2, pad: 0, w: 13, stalls: true),
        .init(vpe16, (2, 2), grid: 3, k: 3, s: 1, pad: 1, w: 1, h: 4),
        .init(vpe16, (1, 4), grid: 3, k: 3, s: 4, pad: 0, w: 32, stalls: true),
        .init(vpe16, (2, 1), grid: 5, [3], k: 5, s: 2, pad: 4, w: 7, stalls: true),
        .init(vpe16, (1, 2), grid: 5, k: 1, s: 1, pad: 0, w: 13, .lut),
        .init(vpe16, (1, 1), grid: 11, [3, 5], k: 5, s: 1, pad: 2, w: 32, h: 2, .lut, stalls: true),
    ]

    private var number: Int { inputs * 3 + outputs * 5 + kernel * 7 + stride + width }

    func bench() throws -> Bench {
        let bits = element.weightBits == 16 ? 16 : number % 2 == 0 ? 16 : 8
        var parameters = AcceleratorParameters(
            element, 1, inputs, outputs, activationBits: bits, ifmap: 512, weights: 512, ofmap: 256,
            terms: terms)
        parameters.family = .convolver(convolver)
        var maker = LayerMaker(element, activationBits: bits, seed: UInt64(number))
        maker.mostTerms = terms
        // More input words than one, so that there are psums.
        let channels = min(4, inputs + 1)
        let shape = Shape(channels: channels, height: height, width: width)
        let window = Window(kernel: kernel, stride: stride, pad: pad)
        var layers = [
            maker.layer("a", shape, .convolution(outputs: channels, groups: 1), window, relu: number % 4 == 0)
        ]
        let middle = layers[0].outputShape
        let operation = MadeOperation.convolution(outputs: channels, groups: 1)
        switch number % 4 {
        case 0: layers.append(maker.layer("b", from: "a", middle, operation, Window(kernel: 3, pad: 1)))
        case 1: layers.append(maker.layer("b", from: "a", middle, .maxPool, Window(kernel: 2, pad: 1)))
        case 2: break
        default: layers.append(maker.layer("b", from: "a", middle, operation, Window(kernel: 1), residual: "a"))
        }
        return try Bench(
            parameters, QuantizedNetwork(layers, activationBits: bits),
            timing: MemoryTiming(latency: stalls ? 3 : 1, bytesPerCycle65536: nil, stallSeed: stalls ? 7 : nil))
    }
}

extension RandomCase {
    /// The seed's network on a random convolver array instead; nil where a kernel is larger than the grid.
    func onConvolver() -> RandomCase? {
        var random = SeededGenerator(seed: seed &* 3 &+ 1)
        var copy = self
        let kernel = ConvolverParameters.kernels.randomElement(using: &random)!
        let taps = [[], [3], [5], [3, 5]].randomElement(using: &random)!.filter { $0 < kernel }
        copy.parameters.ifmapDepth *= parameters.pixels
        copy.parameters.ofmapDepth *= parameters.pixels
        copy.parameters.pixels = 1
        copy.parameters.family = .convolver(
            ConvolverParameters(
                kernel: kernel, taps: taps, rowLength: [6, 12, 32].randomElement(using: &random)!,
                columnAdders: Bool.random(using: &random) ? .dsp : .lut,
                psumDepth: [8, 64, 512].randomElement(using: &random)!))
        copy.text = "seed \(seed) on \(copy.parameters), " + text
        let fits = network.layers.allSatisfy { layer in
            guard case .convolution = layer.operation else { return true }
            let window = layer.window
            let coversMap =
                layer.outputShape.height * layer.outputShape.width == 1 && window.padTop + window.padLeft == 0
                && window.extentHeight == layer.inputShape.height && window.extentWidth == layer.inputShape.width
            return coversMap || max(window.extentHeight, window.extentWidth) <= kernel
        }
        return fits ? copy : nil
    }
}
