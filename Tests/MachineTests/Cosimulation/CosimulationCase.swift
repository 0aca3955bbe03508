// The designs of the co-simulation matrix.
import Accelerator
import ExternalMemory
import Networks
import TestSupport
import Testing

/// One design and what runs on it.
struct CosimulationCase: CustomTestStringConvertible, Sendable {
    var element: ProcessingElement
    var pixels: Int
    var inputs: Int
    var outputs: Int
    var kernel: Int
    var stride: Int
    var stalls: Bool
    var terms: Int
    /// Of beats of weights to beats of activations.
    var ratio: Int
    /// DSP48E2 of a chain; nil: products are summed in a tree.
    var cascade: Int?
    /// Two products in each DSP48E2.
    var packs: Bool

    init(
        _ element: ProcessingElement, _ sizes: (pixels: Int, inputs: Int, outputs: Int), k kernel: Int, s stride: Int,
        stalls: Bool = false, terms: Int = 1, ratio: Int = 1, cascade: Int? = nil, packs: Bool = false
    ) {
        (self.terms, self.ratio, self.cascade, self.packs) = (terms, ratio, cascade, packs)
        self.element = element
        (pixels, inputs, outputs) = sizes
        self.kernel = kernel
        self.stride = stride
        self.stalls = stalls
    }

    var testDescription: String {
        "\(element.name) \(element.weightBits), \(pixels)x\(inputs)x\(outputs), k \(kernel), s \(stride)"
            + (stalls ? ", stalls" : "") + (terms > 1 ? ", \(terms) terms" : "")
            + (ratio > 1 ? ", weights \(ratio) times as wide" : "") + (cascade.map { ", cascades of \($0)" } ?? "")
            + (packs ? ", packed" : "")
    }

    private static let svpe1 = ProcessingElement.svpe(weightBits: 1)
    private static let svpe3 = ProcessingElement.svpe(weightBits: 3)
    private static let svpe5 = ProcessingElement.svpe(weightBits: 5)
    private static let vpe8 = ProcessingElement.vpe(weightBits: 8)
    private static let vpe16 = ProcessingElement.vpe(weightBits: 16)

    static let all: [CosimulationCase] = [
        .init(svpe1, (1, 8, 8), k: 3, s: 1),
        .init(svpe1, (3, 4, 5), k: 1, s: 1, stalls: true),
        .init(svpe1, (5, 3, 4), k: 3, s: 2),
        .init(svpe1, (4, 1, 3), k: 5, s: 1, stalls: true),
        .init(svpe1, (1, 5, 1), k: 1, s: 2, stalls: true),
        .init(svpe1, (8, 1, 8), k: 3, s: 1),
        .init(svpe3, (1, 4, 8), k: 3, s: 1, stalls: true),
        .init(svpe3, (3, 8, 3), k: 3, s: 2),
        .init(svpe3, (8, 1, 5), k: 1, s: 1, stalls: true),
        .init(svpe3, (1, 5, 5), k: 5, s: 2),
        .init(svpe3, (4, 3, 1), k: 5, s: 1),
        .init(svpe3, (5, 4, 3), k: 1, s: 2, stalls: true),
        .init(svpe5, (1, 1, 1), k: 3, s: 1, stalls: true),
        .init(svpe5, (3, 3, 8), k: 1, s: 1),
        .init(svpe5, (4, 4, 4), k: 3, s: 2, stalls: true),
        .init(svpe5, (1, 8, 5), k: 5, s: 1),
        .init(svpe5, (5, 5, 1), k: 3, s: 1),
        .init(svpe5, (8, 3, 3), k: 1, s: 2, stalls: true),
        .init(svpe1, (1, 4, 4), k: 3, s: 1, terms: 2),
        .init(svpe3, (3, 4, 4), k: 3, s: 2, stalls: true, terms: 2),
        .init(svpe5, (1, 4, 8), k: 1, s: 1, terms: 2),
        .init(vpe8, (1, 3, 5), k: 3, s: 1, stalls: true),
        .init(vpe8, (3, 4, 4), k: 3, s: 2),
        .init(vpe8, (1, 8, 8), k: 1, s: 1),
        .init(vpe8, (4, 5, 3), k: 5, s: 1, stalls: true),
        .init(vpe8, (8, 4, 1), k: 1, s: 2),
        .init(vpe8, (5, 1, 8), k: 5, s: 2, stalls: true),
        .init(vpe16, (1, 4, 4), k: 3, s: 1),
        .init(vpe16, (3, 5, 4), k: 1, s: 1, stalls: true),
        .init(vpe16, (1, 8, 1), k: 3, s: 2, stalls: true),
        .init(vpe16, (5, 1, 3), k: 5, s: 1),
        .init(vpe16, (4, 3, 5), k: 1, s: 2),
        .init(vpe16, (8, 1, 8), k: 3, s: 1, stalls: true),
        .init(vpe8, (1, 8, 8), k: 3, s: 1, ratio: 2),
        .init(svpe3, (3, 4, 5), k: 3, s: 1, stalls: true, ratio: 4),
        .init(vpe16, (1, 3, 3), k: 1, s: 1, stalls: true, ratio: 8),
        .init(vpe8, (1, 8, 8), k: 3, s: 1, cascade: 8),
        .init(vpe8, (3, 4, 4), k: 3, s: 2, stalls: true, cascade: 2),
        .init(vpe16, (1, 5, 3), k: 1, s: 1, stalls: true, cascade: 5),
        .init(vpe16, (4, 6, 4), k: 3, s: 1, ratio: 2, cascade: 3),
        .init(vpe8, (1, 8, 8), k: 3, s: 1, cascade: 4, packs: true),
        .init(vpe8, (3, 4, 4), k: 3, s: 2, stalls: true, packs: true),
    ]

    private var number: Int { pixels + inputs * 3 + outputs * 5 + kernel * 7 + stride }

    /// A convolution, then, changing from design to design, a pooling, a pointwise layer with residual or nothing.
    func bench() throws -> Bench {
        let bits = packs ? 8 : element.weightBits == 16 ? 16 : number % 2 == 0 ? 16 : 8
        var parameters = AcceleratorParameters(
            element, pixels, inputs, outputs, activationBits: bits, ifmap: 256, weights: 256, ofmap: 64,
            terms: terms)
        parameters.weightBeatRatio = ratio
        if cascade != nil { parameters.family = .cascading(cascade) }
        if packs { parameters.family = .packing(cascade) }
        var maker = LayerMaker(element, activationBits: bits, seed: UInt64(number))
        maker.mostTerms = terms
        let channels = pixels * inputs * outputs < 16 ? 2 : 2 + number % 3
        let shape = Shape(channels: channels, height: kernel == 5 ? 3 : 4, width: kernel == 5 ? 4 : 5)
        let window = Window(kernel: kernel, stride: stride, pad: kernel / 2)
        var layers = [
            maker.layer("a", shape, .convolution(outputs: shape.channels, groups: 1), window, relu: number % 4 == 0)
        ]
        let middle = layers[0].outputShape
        switch number % 4 {
        case 0: break
        case 1: layers.append(maker.layer("b", from: "a", middle, .maxPool, Window(kernel: 2, stride: 2)))
        case 2: layers.append(maker.layer("b", from: "a", middle, .sumPool, Window(kernel: 2, stride: 1)))
        default:
            let pointwise = Window(kernel: 1)
            let operation = MadeOperation.convolution(outputs: shape.channels, groups: 1)
            layers.append(maker.layer("b", from: "a", middle, operation, pointwise, residual: "a"))
        }
        return try Bench(
            parameters, QuantizedNetwork(layers, activationBits: bits),
            timing: MemoryTiming(latency: stalls ? 3 : 1, bytesPerCycle65536: nil, stallSeed: stalls ? 7 : nil))
    }
}
