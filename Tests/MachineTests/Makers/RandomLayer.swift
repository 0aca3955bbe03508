// Random layers on a fixed set of arrays, repeatable by seed: many programs on one elaborated design.
import Accelerator
import Networks
import Support
import TestSupport
import Testing

/// An array of the property test.
struct LayerArray: CustomTestStringConvertible, Sendable {
    var parameters: AcceleratorParameters

    var testDescription: String {
        let p = parameters
        let family = p.convolver.map { "convolver \($0.taps)" } ?? "vector"
        return "\(family), \(p.element.name) \(p.element.weightBits), \(p.pixels)x\(p.inputs)x\(p.outputs), "
            + "terms \(p.terms), \(p.activationBits)-bit activations"
    }

    /// Both families, every lane, one and two terms; sizes and widths change from array to array.
    static let all: [LayerArray] = {
        let elements: [ProcessingElement] =
            (1...5).map { .svpe(weightBits: $0) } + [4, 8, 16].map { .vpe(weightBits: $0) }
        let lanes = elements.flatMap { element in
            (1...element.kind.mostTerms).map { (element: element, terms: $0) }
        }
        let vectors = [(1, 16, 16), (2, 8, 16), (1, 8, 8), (3, 4, 8), (1, 7, 5), (4, 16, 4), (1, 5, 16)]
        let convolvers = [(4, 4), (3, 5), (2, 8), (8, 2), (6, 1), (1, 7)]
        let kernels = [(11, [3, 5]), (5, [3]), (7, []), (11, [7]), (3, [])]
        return lanes.enumerated().flatMap { index, lane -> [LayerArray] in
            let bits = lane.element.weightBits > 8 || index % 3 == 0 ? 16 : 8
            let (pixels, inputs, outputs) = vectors[index % vectors.count]
            var vector = AcceleratorParameters(
                lane.element, pixels, inputs, outputs, activationBits: bits, ifmap: 4096, weights: 8192, ofmap: 2048,
                terms: lane.terms)
            vector.family = .dilating
            vector.weightBeatRatio = [1, 2, 4][index % 3]
            let (width, clusters) = convolvers[index % convolvers.count]
            var convolver = AcceleratorParameters(
                lane.element, 1, width, clusters,
                activationBits: 24 - bits < lane.element.weightBits ? bits : 24 - bits,
                ifmap: 4096, weights: 8192, ofmap: 2048, terms: lane.terms)
            convolver.weightBeatRatio = [4, 1, 2, 1][index % 4]
            let (kernel, taps) = kernels[index % kernels.count]
            convolver.family = .convolver(
                ConvolverParameters(
                    kernel: kernel, taps: taps, rowLength: 64, columnAdders: index % 2 == 0 ? .dsp : .lut,
                    psumDepth: 512))
            return [LayerArray(parameters: vector), LayerArray(parameters: convolver)]
        }
    }()
}

/// One layer and what is random in it.
struct RandomLayer {
    let layer: QuantizedLayer
    let network: QuantizedNetwork
    var text: String

    /// Steps of the array that a layer may take, so that a case is done in some milliseconds.
    static let mostSteps = 6000
    static let mostChannels = 64
    static let mostKernel = 11
    static let mostStride = 4
    static let mostDilation = 3

    init(seed: UInt64, on p: AcceleratorParameters) {
        var random = SeededGenerator(seed: seed)
        var maker = LayerMaker(p.element, activationBits: p.activationBits, seed: random.next())
        let isPool = Int.random(in: 0..<8, using: &random) == 0
        var window = RandomLayer.window(mostKernel: p.convolver?.kernel ?? Self.mostKernel, &random)
        if !isPool, Bool.random(using: &random) {
            let mostExtent = p.convolver?.kernel ?? 3 * Self.mostKernel
            window.dilationHeight = RandomLayer.dilation(window.kernelHeight, mostExtent, &random)
            window.dilationWidth = RandomLayer.dilation(window.kernelWidth, mostExtent, &random)
        }
        var shape = Shape(
            channels: RandomLayer.channels(&random), height: RandomLayer.extent(window.extentHeight, &random),
            width: RandomLayer.extent(window.extentWidth, &random))
        var outputs = isPool ? shape.channels : RandomLayer.channels(&random)
        while RandomLayer.steps(shape, outputs, window, p) > Self.mostSteps {
            if shape.height > window.extentHeight || shape.width > window.extentWidth {
                shape.height = max(window.extentHeight, shape.height - 3)
                shape.width = max(window.extentWidth, shape.width - 3)
            } else if shape.channels > 1 || outputs > 1 {
                shape.channels = (shape.channels + 1) / 2
                outputs = (outputs + 1) / 2
            } else {
                break
            }
        }
        let divisors = (1...shape.channels).filter { shape.channels % $0 == 0 }
        let groups = Int.random(in: 0..<3, using: &random) == 0 ? divisors.randomElement(using: &random)! : 1
        outputs = isPool ? shape.channels : (outputs + groups - 1) / groups * groups
        let taps = shape.channels / groups * window.kernelHeight * window.kernelWidth
        var weights = "codes"
        if p.element.kind == .svpe, !isPool {
            switch Int.random(in: 0..<3, using: &random) {
            case 0 where p.element.weightBits > 1: (maker.mostTerms, weights) = (2, "one and two terms")
            case 1 where taps <= LayerMaker.mostFixedTaps: (maker.manyPasses, weights) = (true, "many passes")
            default: break
            }
        }
        let made: MadeOperation =
            isPool
            ? (Bool.random(using: &random) ? .maxPool : .sumPool) : .convolution(outputs: outputs, groups: groups)
        layer = maker.layer("a", shape, made, window, relu: Bool.random(using: &random))
        network = QuantizedNetwork([layer], activationBits: p.activationBits)
        text = "seed \(seed): \(made), groups \(groups), \(weights), \(shape) to \(layer.outputShape), \(window)"
    }

    /// Often few, often odd.
    private static func channels(_ random: inout SeededGenerator) -> Int {
        Int.random(in: 1...(Bool.random(using: &random) ? mostChannels : 9), using: &random)
    }

    /// The window fits at least once.
    private static func extent(_ kernel: Int, _ random: inout SeededGenerator) -> Int {
        let most = Bool.random(using: &random) ? 12 : 3
        return max(kernel, Int.random(in: 1...most, using: &random)) + Int.random(in: 0...most, using: &random)
    }

    private static func window(mostKernel: Int, _ random: inout SeededGenerator) -> Window {
        let height = Int.random(in: 1...mostKernel, using: &random)
        let width = Bool.random(using: &random) ? height : Int.random(in: 1...mostKernel, using: &random)
        func pad(_ kernel: Int) -> Int { Bool.random(using: &random) ? 0 : Int.random(in: 0..<kernel, using: &random) }
        return Window(
            kernelHeight: height, kernelWidth: width, strideHeight: Int.random(in: 1...mostStride, using: &random),
            strideWidth: Int.random(in: 1...mostStride, using: &random), padTop: pad(height), padLeft: pad(width),
            padBottom: pad(height), padRight: pad(width))
    }

    /// Convolvers put zeros between the elements: the kernel's extent must fit them.
    private static func dilation(_ kernel: Int, _ mostExtent: Int, _ random: inout SeededGenerator) -> Int {
        Int.random(in: 1...max(1, min(mostDilation, (mostExtent - 1) / max(1, kernel - 1))), using: &random)
    }

    /// About as many as the array takes: a convolver has a column of the kernel in one step.
    private static func steps(_ shape: Shape, _ outputs: Int, _ window: Window, _ p: AcceleratorParameters) -> Int {
        let words = (shape.channels + p.inputs - 1) / p.inputs * ((outputs + p.outputs - 1) / p.outputs)
        let kernel = window.kernelHeight * window.kernelWidth
        if p.convolver != nil { return words * (kernel + (shape.height + window.padTop) * (shape.width + 8)) }
        return words * kernel * window.outputHeight(shape.height) * window.outputWidth(shape.width) / p.pixels
    }
}
