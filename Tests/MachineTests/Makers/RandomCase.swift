// Random networks on random accelerators, repeatable by seed.
import Accelerator
import Diagnostics
import ExternalMemory
import Networks
import Schedule
import Support
import TestSupport

/// What one seed stands for.
struct RandomCase {
    let seed: UInt64
    var parameters: AcceleratorParameters
    var network: QuantizedNetwork
    /// One in four has ports with a clock of their own.
    let memory: MemoryModel
    /// Layers that were given weights of several passes.
    let fixedLayers: Int
    var text: String

    init(seed: UInt64) {
        self.seed = seed
        var random = SeededGenerator(seed: seed)
        let elements: [ProcessingElement] =
            (1...5).map { .svpe(weightBits: $0) } + [4, 8, 16].map { .vpe(weightBits: $0) }
        let element = elements[Int(seed) % elements.count]
        let bits = element.weightBits > 8 ? 16 : RandomCase.pick([8, 16], &random)
        let sizes = Array(1...8)
        let small = Bool.random(using: &random)
        parameters = AcceleratorParameters(
            element, RandomCase.pick([1, 1, 2, 3, 4], &random), RandomCase.pick(sizes, &random),
            RandomCase.pick(sizes, &random), activationBits: bits, ifmap: small ? 64 : 4096,
            weights: small ? 64 : 8192, ofmap: small ? 32 : 2048)
        parameters.weightBeatRatio = RandomCase.weightBeatRatio(seed)
        if let length = RandomCase.cascade(seed, parameters) { parameters.family = .cascading(length) }
        if RandomCase.packs(seed, parameters) {
            parameters.family = .packing(parameters.cascade.flatMap { $0 <= PackedProducts.mostProducts ? $0 : nil })
        }
        let timing = MemoryTiming(
            latency: Int.random(in: 1...30, using: &random),
            bytesPerCycle65536: Int.random(in: 0...2, using: &random) == 0
                ? Int.random(in: 1 << 16...32 << 16, using: &random) : nil,
            stallSeed: Bool.random(using: &random) ? random.next() : nil)
        memory = seed % 4 == 3 ? RandomCase.ports(seed) : .simple(timing)
        var maker = LayerMaker(element, activationBits: bits, seed: random.next())
        let shape = Shape(
            channels: Int.random(in: 1...9, using: &random), height: Int.random(in: 3...12, using: &random),
            width: Int.random(in: 3...12, using: &random))
        var layers: [QuantizedLayer] = []
        var fixed = 0
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            layers.append(RandomCase.layer(after: layers, input: shape, &maker, &random, &fixed))
        }
        network = QuantizedNetwork(layers, activationBits: bits)
        fixedLayers = fixed
        text = "seed \(seed): \(parameters), \(memory), " + layers.map { RandomCase.text($0) }.joined(separator: ", ")
    }

    /// Every other case has beats of weights that are 2, 4 or 8 times as wide as those of activations, a word or not.
    static func weightBeatRatio(_ seed: UInt64) -> Int {
        var random = SeededGenerator(seed: seed ^ 0x17DE)
        return pick([1, 1, 1, 2, 4, 8], &random)
    }

    /// Two of three cases that multiply sum along chains of any length that the inputs allow.
    static func cascade(_ seed: UInt64, _ p: AcceleratorParameters) -> Int? {
        var random = SeededGenerator(seed: seed ^ 0xCA5C)
        let isTree = Int.random(in: 0..<3, using: &random) == 0
        guard p.element.kind.cascades, !isTree else { return nil }
        return pick((1...p.inputs).filter { p.inputs % $0 == 0 }, &random)
    }

    /// Two of three cases that can have two products in a DSP48E2.
    static func packs(_ seed: UInt64, _ p: AcceleratorParameters) -> Bool {
        var random = SeededGenerator(seed: seed ^ 0x2DB)
        let isBytes = p.element == .vpe(weightBits: 8) && p.activationBits == 8
        let canPack = isBytes && p.outputs.isMultiple(of: 2) && p.weightsPerBeat.isMultiple(of: 2)
        return canPack && Int.random(in: 0..<3, using: &random) > 0
    }

    /// One to four ports with a clock of a quarter to more than twice the core's, before a DRAM or before a slave with or
    /// without stalls.
    static func ports(_ seed: UInt64) -> MemoryModel {
        var random = SeededGenerator(seed: seed ^ 0xA71)
        let clocks = [50_000, 100_000, 150_000, 200_000, 281_000, 300_000, 333_000, 517_000]
        let ports = PortSettings(
            ports: Int.random(in: 1...4, using: &random), coreKHz: 200_000, portKHz: pick(clocks, &random),
            burstBytes: pick([64, 128, 256, 1024, 4096], &random))
        let latency = Int.random(in: 1...60, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return .ports(ports, .fixed(latency: latency, stallSeed: nil))
        case 1: return .ports(ports, .fixed(latency: latency, stallSeed: random.next()))
        default:
            let rules: [DDR4Timing] = [.zcu102, .ddr4_2133, .ddr4_2133x8, .ddr4_2400, .ddr4_2400x8]
            let geometries: [DDR4Geometry] = [.zcu102, .zcu102RevisionA, .x16, .x8]
            return .ports(
                ports,
                .processingSystem(
                    PSMemorySettings(
                        timing: pick(rules, &random), geometry: pick(geometries, &random),
                        ports: Array(repeating: ports.portKHz, count: ports.ports))))
        }
    }

    private static func layer(
        after layers: [QuantizedLayer], input: Shape, _ maker: inout LayerMaker, _ random: inout SeededGenerator,
        _ fixed: inout Int
    ) -> QuantizedLayer {
        let shape = layers.last?.outputShape ?? input
        let window = self.window(shape, &random)
        var operation = MadeOperation.maxPool
        var channels = shape.channels
        maker.manyPasses = false
        switch Int.random(in: 0...5, using: &random) {
        case 0: break
        case 1: operation = .sumPool
        default:
            // Groups that fall on the array's granules and groups that do not.
            let divisors = (1...shape.channels).filter { shape.channels % $0 == 0 }
            let groups = Int.random(in: 0...2, using: &random) == 0 ? pick(divisors, &random) : 1
            channels = (Int.random(in: 1...9, using: &random) + groups - 1) / groups * groups
            operation = .convolution(outputs: channels, groups: groups)
            let taps = shape.channels / groups * window.kernelHeight * window.kernelWidth
            let isShift = maker.element.kind == .svpe
            if isShift, taps <= LayerMaker.mostFixedTaps, Int.random(in: 0...2, using: &random) == 0 {
                maker.manyPasses = true
                fixed += 1
            }
        }
        let result = Shape(
            channels: channels, height: window.outputHeight(shape.height), width: window.outputWidth(shape.width))
        let equals = layers.filter { $0.outputShape == result }.map { $0.name }
        let candidates = equals + (input == result ? [Network.inputName] : [])
        let residual = Bool.random(using: &random) ? candidates.randomElement(using: &random) : nil
        return maker.layer(
            "l\(layers.count)", from: layers.last?.name ?? Network.inputName, shape, operation, window,
            residual: residual, relu: Bool.random(using: &random))
    }

    /// Kernel, stride and padding, each side and direction its own.
    private static func window(_ shape: Shape, _ random: inout SeededGenerator) -> Window {
        let height = min(pick([1, 2, 3, 3, 5], &random), shape.height)
        let width = min(pick([1, 2, 3, 3, 5], &random), shape.width)
        func pad(_ kernel: Int, _ random: inout SeededGenerator) -> Int {
            Int.random(in: 0..<kernel, using: &random)
        }
        return Window(
            kernelHeight: height, kernelWidth: width, strideHeight: Int.random(in: 1...2, using: &random),
            strideWidth: Int.random(in: 1...2, using: &random), padTop: pad(height, &random),
            padLeft: pad(width, &random), padBottom: pad(height, &random), padRight: pad(width, &random))
    }

    static func pick<T>(_ values: [T], _ random: inout SeededGenerator) -> T {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    static func text(_ layer: QuantizedLayer) -> String {
        let w = layer.window
        let kind: String
        switch layer.operation {
        case .convolution(_, _, let groups): kind = "convolution of \(groups)"
        case .maxPool: kind = "maximum"
        case .sumPool: kind = "sum"
        case .host: kind = "normalization"
        }
        return "\(kind) \(layer.inputShape) to \(layer.outputShape) k \(w.kernelHeight)x\(w.kernelWidth) "
            + "s \(w.strideHeight)x\(w.strideWidth) p \(w.padTop),\(w.padLeft),\(w.padBottom),\(w.padRight) "
            + "residual \(layer.residual ?? "none") of \(layer.input)"
            + (layer.preActivation.map { ", pre-activation >> \($0.shift)\($0.relu ? " relu" : "")" } ?? "")
    }

    /// The bench, with buffers made larger until a tile fits.
    func bench() throws -> Bench {
        var p = parameters
        while true {
            do {
                var bench = try Bench(p, network, seed: seed)
                bench.memory = memory
                return bench
            } catch let error as InputError where "\(error)".contains("buffer") && p.ifmapDepth < 8192 {
                p.ifmapDepth *= 2
                p.weightDepth *= 2
                p.ofmapDepth *= 2
            }
        }
    }
}
