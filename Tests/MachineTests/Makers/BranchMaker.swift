// Random networks that branch and join: concatenations of any channel counts, some of them stretches of others.
import Accelerator
import Networks
import Support
import TestSupport

/// Grows a network module by module from one current tensor.
struct BranchMaker {
    private var maker: LayerMaker
    private var random: SeededGenerator
    /// Layers may have pre-activations.
    private let preActivates: Bool
    private let input: Shape
    private(set) var layers: [QuantizedLayer] = []
    private(set) var concatenations: [Concatenation] = []
    /// The tensor that the next module reads, and what it is made of.
    private var current: (name: String, shape: Shape, parts: [String])

    init(_ maker: LayerMaker, input: Shape, preActivates: Bool, seed: UInt64) {
        self.maker = maker
        self.input = input
        self.preActivates = preActivates
        random = SeededGenerator(seed: seed)
        current = (Network.inputName, input, [Network.inputName])
    }

    mutating func addModule() {
        switch Int.random(in: 0...2, using: &random) {
        case 0: fork()
        case 1: grow()
        default: chain()
        }
    }

    /// One layer.
    private mutating func chain() {
        let stride = Int.random(in: 1...2, using: &random)
        let kernel = RandomCase.pick([1, 3], &random)
        let layer = layer(Window(kernel: kernel, stride: stride, pad: Int.random(in: 0...kernel / 2, using: &random)))
        current = (layer.name, layer.outputShape, [layer.name])
    }

    /// Two or three layers that read the same tensor, joined.
    private mutating func fork() {
        let names = (0..<Int.random(in: 2...3, using: &random)).map { _ in sameSize().name }
        join(names)
    }

    /// DenseNet: layer after layer reads all before it.
    private mutating func grow() {
        for _ in 0..<Int.random(in: 1...3, using: &random) { join(current.parts + [sameSize().name]) }
    }

    private mutating func join(_ parts: [String]) {
        let name = "c\(concatenations.count)"
        concatenations.append(Concatenation(name: name, parts: parts))
        let shapes = layers.map { ($0.name, $0.outputShape.channels) } + [(Network.inputName, input.channels)]
        let channels = parts.reduce(0) { sum, part in sum + shapes.first { $0.0 == part }!.1 }
        current = (name, Shape(channels: channels, height: current.shape.height, width: current.shape.width), parts)
    }

    private mutating func sameSize() -> QuantizedLayer {
        let kernel = RandomCase.pick([1, 3], &random)
        return layer(Window(kernel: kernel, pad: kernel / 2))
    }

    private mutating func layer(_ window: Window) -> QuantizedLayer {
        var window = window
        if min(current.shape.height, current.shape.width) < 3 { window = Window(kernel: 1) }
        var operation = RandomCase.pick([MadeOperation.maxPool, .sumPool], &random)
        var residual: String?
        if Int.random(in: 0...3, using: &random) > 0 {
            let divisors = (1...current.shape.channels).filter { current.shape.channels % $0 == 0 }
            let groups = Int.random(in: 0...3, using: &random) == 0 ? RandomCase.pick(divisors, &random) : 1
            let channels = (Int.random(in: 1...6, using: &random) + groups - 1) / groups * groups
            operation = .convolution(outputs: channels, groups: groups)
            let output = Shape(
                channels: channels, height: window.outputHeight(current.shape.height),
                width: window.outputWidth(current.shape.width))
            // Of convolutions only: poolings of joined tensors have slots without a channel.
            let equals = layers.filter { $0.outputShape == output && !$0.isPool }.map(\.name)
            if Bool.random(using: &random) { residual = equals.randomElement(using: &random) }
        }
        var layer = maker.layer(
            "l\(layers.count)", from: current.name, current.shape, operation, window, residual: residual,
            relu: Bool.random(using: &random))
        if layer.operation == .sumPool, Bool.random(using: &random) { layer.regions = regions(layer) }
        if preActivates, Bool.random(using: &random) {
            layer.preActivation = maker.preActivation(current.shape.channels)
        }
        layers.append(layer)
        return layer
    }
}

extension BranchMaker {
    /// Frames of the output with multipliers of their own, as an average pooling that does not count padding has.
    private mutating func regions(_ layer: QuantizedLayer) -> [PoolRegion] {
        let output = layer.outputShape
        func cuts(_ count: Int, _ random: inout SeededGenerator) -> [Range<Int>] {
            let inner = Set([0, count, min(1, count), count - 1, Int.random(in: 0...count, using: &random)]).sorted()
            return zip(inner, inner.dropFirst()).map { $0..<$1 }
        }
        let (rows, columns) = (cuts(output.height, &random), cuts(output.width, &random))
        var result: [PoolRegion] = []
        for row in rows {
            for column in columns where Int.random(in: 0...2, using: &random) > 0 {
                let multiplier = (0..<output.channels).map { _ in Int32.random(in: -32768...32767, using: &random) }
                result.append(PoolRegion(rows: row, columns: column, multiplier: multiplier))
            }
        }
        return result
    }
}

extension QuantizedLayer {
    var isPool: Bool { operation == .maxPool || operation == .sumPool }
}

extension RandomCase {
    /// The seed's accelerator with a network that branches.
    func withBranches(preActivates: Bool = false) -> RandomCase {
        var copy = self
        var random = SeededGenerator(seed: seed &* 5 &+ 2)
        let shape = Shape(
            channels: Int.random(in: 1...5, using: &random), height: Int.random(in: 3...8, using: &random),
            width: Int.random(in: 3...8, using: &random))
        var maker = LayerMaker(parameters.element, activationBits: parameters.activationBits, seed: random.next())
        // Filters of one and of two terms, whose channels stand in another order.
        if parameters.element.kind == .svpe { maker.mostTerms = Int.random(in: 1...2, using: &random) }
        var branches = BranchMaker(maker, input: shape, preActivates: preActivates, seed: random.next())
        for _ in 0..<Int.random(in: 2...4, using: &random) { branches.addModule() }
        copy.network = QuantizedNetwork(
            name: "branches", input: shape, inputExponent: 0, activationBits: parameters.activationBits,
            layers: branches.layers, parameters: 0, concatenations: branches.concatenations)
        copy.text =
            "branches of seed \(seed): \(parameters), \(memory), "
            + branches.layers.map { "\($0.name) \(RandomCase.text($0))" }.joined(separator: ", ")
            + branches.concatenations.map { "; \($0.name) = \($0.parts.joined(separator: " "))" }.joined()
        return copy
    }
}
