import Accelerator
import Diagnostics
import Networks

// Compiles an integer network to a tile program: for every layer its tiles, for every tile loads, one compute and
// stores. Dependency tokens follow from the buffer ranges that each instruction touches (BufferLedger).

/// Builds a CompiledNetwork.
public struct Scheduler {
    let p: AcceleratorParameters
    var image: [UInt8] = []
    var placements: [String: TensorPlacement] = [:]
    var program: [Instruction] = []
    var ledger = BufferLedger()
    /// Halves of the buffers in turn, across layers: weights of the next layer load while this one computes.
    var turns: BufferTurns
    var plans: [LayerPlan] = []
    /// Most passes of the layer that is being scheduled.
    var passes = 1
    /// A plane of zeros for channels that do not exist (n = 1 lanes have no zero weight).
    var zeroPlane = 0
    var fieldBytes: Int { p.activationBits / 8 }

    /// Schedules `network` for an accelerator of these parameters.
    /// Throws `InputError` when a layer cannot run on it.
    public static func compile(
        _ network: QuantizedNetwork, for parameters: AcceleratorParameters
    ) throws -> CompiledNetwork {
        var scheduler = Scheduler(p: parameters)
        return try scheduler.run(network)
    }

    private init(p: AcceleratorParameters) {
        self.p = p
        turns = BufferTurns(p)
    }

    private mutating func run(_ network: QuantizedNetwork) throws -> CompiledNetwork {
        guard network.activationBits == p.activationBits else {
            throw InputError(
                at: "quantization.activation_bits",
                "\(network.activationBits)-bit activations on an array of \(p.activationBits) bits")
        }
        let ordered = ChannelOrder(network, p)
        try place(ordered.network)
        var segments: [Segment] = []
        for (index, layer) in ordered.network.layers.enumerated() {
            let first = program.count
            if layer.isOnHost {
                segments.append(.host(layer: index))
                plans.append(Scheduler.hostPlan(layer))
                continue
            }
            try schedule(layer, isLast: index == network.layers.count - 1)
            if case .array(let range) = segments.last {
                segments[segments.count - 1] = .array(range.lowerBound..<program.count)
            } else {
                segments.append(.array(first..<program.count))
            }
        }
        applyTokens()
        let steps = segments.map { store($0) }
        guard image.count < 1 << 32 else {
            throw InputError(.unsupported, at: network.name, "needs \(image.count) bytes of memory; 32-bit addresses")
        }
        return CompiledNetwork(
            program: program, layers: plans, steps: steps,
            hostLayers: Dictionary(
                uniqueKeysWithValues: network.layers.enumerated().filter(\.element.isOnHost).map {
                    ($0.offset, $0.element)
                }),
            image: image, placements: placements, orders: ordered.orders,
            outputName: network.layers.last?.name ?? Network.inputName, fieldBytes: fieldBytes)
    }

    // MARK: memory

    /// Instructions between two layers of the host, or such a layer.
    private enum Segment {
        case array(Range<Int>)
        case host(layer: Int)
    }

    /// Streams of a segment. Token counters keep their values from one to the next.
    private mutating func store(_ segment: Segment) -> ProgramStep {
        switch segment {
        case .host(let layer): return .host(layer: layer)
        case .array(let range):
            var streams: [Opcode: Int] = [:]
            for engine in [Opcode.load, .compute, .store] { streams[engine] = storeStream(engine, range) }
            return .array(streams)
        }
    }

    private static func hostPlan(_ layer: QuantizedLayer) -> LayerPlan {
        LayerPlan(
            name: layer.name, kind: "host", macs: layer.macs, steps: 0, computeCycles: 0, tiles: 0, passes: 0,
            stores: 0, loads: 0, usefulLaneUpdates: 0, readBytes: 0, writtenBytes: 0, predictedCycles: 0,
            isOnHost: true)
    }

    /// Writes one engine's instructions, and the end of its stream, to memory.
    private mutating func storeStream(_ engine: Opcode, _ range: Range<Int>) -> Int {
        var end = Instruction()
        end[CommonField.opcode] = Opcode.end.rawValue
        let stream = program[range].filter { $0[CommonField.opcode] == engine.rawValue } + [end]
        let base = allocate(stream.count * Instruction.bytes)
        for (index, instruction) in stream.enumerated() {
            for (word, value) in instruction.words.enumerated() {
                for byte in 0..<4 {
                    image[base + index * Instruction.bytes + word * 4 + byte] = UInt8(
                        truncatingIfNeeded: value >> UInt32(8 * byte))
                }
            }
        }
        return base
    }

    mutating func allocate(_ bytes: Int) -> Int {
        let address = (image.count + 63) & ~63
        image.append(contentsOf: [UInt8](repeating: 0, count: address - image.count + bytes))
        return address
    }

    private mutating func place(_ network: QuantizedNetwork) throws {
        var layout = try TensorLayout(network, granule: p.granule, beatBytes: p.beatBytes)
        layout.place(network) { allocate($0) }
        placements = layout.placements
        let largest = placements.values.map { $0.shape.height * $0.shape.width }.max() ?? 0
        zeroPlane = allocate(largest * p.beatBytes)
    }

    // MARK: layers

    private mutating func schedule(_ layer: QuantizedLayer, isLast: Bool) throws {
        let first = program.count
        passes = 1
        ledger.beginLayer()
        let requantization = layer.requantization
        try checkResidual(layer)
        try checkPreActivation(layer)
        switch layer.operation {
        case .convolution(let weights, _, let groups):
            if p.convolver == nil {
                try checkDilation(layer)
                try scheduleConvolution(layer, weights: weights, groups: groups)
            } else {
                try checkExtent(layer)
                let plain = layer.withoutDilation(weights)
                try scheduleConvolution(plain.layer, weights: plain.weights, groups: groups)
            }
        case .maxPool, .sumPool:
            try schedulePool(layer)
        case .localResponseNormalization:
            preconditionFailure("runs on the host")
        }
        precondition(requantization.multiplier.count == layer.outputShape.channels)
        summarise(layer, instructions: first..<program.count, isLast: isLast)
    }

    /// The load engine has the stage and holds a word of constants for every plane.
    private func checkPreActivation(_ layer: QuantizedLayer) throws {
        guard layer.preActivation != nil else { return }
        func unsupported(_ message: String) -> InputError {
            InputError(.unsupported, at: "layer \(layer.name)", message)
        }
        guard let depth = p.preActivationDepth else {
            throw unsupported("has a pre-activation; the array has none: array.pre_activation true or auto")
        }
        let planes = placements[layer.input]!.planes
        guard planes <= depth else {
            throw unsupported("its pre-activation has \(planes) words of constants; the array holds \(depth)")
        }
    }

    /// A dilated kernel with zeros between its elements fits the convolvers, or is the whole map.
    private func checkExtent(_ layer: QuantizedLayer) throws {
        let (window, input) = (layer.window, layer.inputShape)
        let extents = [window.extentHeight, window.extentWidth]
        guard let convolver = p.convolver, extents.max()! > convolver.kernel,
            extents != [window.kernelHeight, window.kernelWidth], extents != [input.height, input.width]
        else { return }
        throw InputError(
            .unsupported, at: "layer \(layer.name)",
            "its \(window.kernelHeight)x\(window.kernelWidth) kernel of dilations \(window.dilationHeight), "
                + "\(window.dilationWidth) spans \(extents[0])x\(extents[1]) pixels; the convolvers have "
                + "\(convolver.kernel)x\(convolver.kernel): make array.kernel larger, or use family vector")
    }

    private func checkDilation(_ layer: QuantizedLayer) throws {
        let width = layer.window.dilationWidth
        guard width == 1 || layer.window.kernelWidth == 1 || p.dilates else {
            throw InputError(
                .unsupported, at: "layer \(layer.name)",
                "its kernel's columns are \(width) apart; the array cannot: array.dilation true or auto")
        }
    }

    /// A residual is added slot by slot.
    private func checkResidual(_ layer: QuantizedLayer) throws {
        guard let residual = layer.residual else { return }
        guard let source = placements[residual], source.shape == layer.outputShape else {
            throw InputError(at: "layer \(layer.name)", "adds \(residual), which is no \(layer.outputShape)")
        }
        guard source.slots == placements[layer.name]!.slots else {
            throw InputError(
                .unsupported, at: "layer \(layer.name)",
                "adds \(residual), whose channels do not stand as its own do: parts of a concatenation that are no "
                    + "multiple of gcd(array.inputs, array.outputs) = \(p.granule) channels")
        }
    }

    private mutating func scheduleConvolution(
        _ layer: QuantizedLayer, weights: [Int32], groups: Int
    ) throws {
        let source = placements[layer.input]!
        let (inputs, outputs) = (layer.inputShape.channels, layer.outputShape.channels)
        let g = p.granule
        let aligned = (inputs / groups) % g == 0 && (outputs / groups) % g == 0
        if groups > 1 && aligned && source.isDense {
            let perGroup = weights.count / groups
            for group in 0..<groups {
                let slice = Array(weights[group * perGroup..<(group + 1) * perGroup])
                try scheduleStretches(
                    layer, weights: slice, channels: Array(0..<inputs / groups), outputs: outputs / groups,
                    firstInput: group * inputs / groups, firstOutput: group * outputs / groups)
            }
            return
        }
        // Groups that do not fall on granules: one dense convolution whose weights outside the groups are zero.
        let dense = groups == 1 ? weights : Scheduler.dense(weights, layer: layer, groups: groups)
        try scheduleStretches(
            layer, weights: dense, channels: source.channels, outputs: outputs, firstInput: 0, firstOutput: 0)
    }

    private static func dense(_ weights: [Int32], layer: QuantizedLayer, groups: Int) -> [Int32] {
        let (inputs, outputs) = (layer.inputShape.channels, layer.outputShape.channels)
        let kernel = layer.window.kernelHeight * layer.window.kernelWidth
        let perGroup = inputs / groups
        var dense = [Int32](repeating: 0, count: outputs * inputs * kernel)
        for output in 0..<outputs {
            let group = output / (outputs / groups)
            for input in 0..<perGroup {
                for tap in 0..<kernel {
                    dense[(output * inputs + group * perGroup + input) * kernel + tap] =
                        weights[(output * perGroup + input) * kernel + tap]
                }
            }
        }
        return dense
    }

    /// What the report says of the layer, from its instructions.
    private mutating func summarise(_ layer: QuantizedLayer, instructions: Range<Int>, isLast: Bool) {
        var plan = LayerPlan(
            name: layer.name, kind: layer.kind, macs: layer.macs, steps: 0, computeCycles: 0, tiles: 0, passes: passes,
            stores: 0, loads: 0, usefulLaneUpdates: layer.macs, readBytes: 0, writtenBytes: 0, predictedCycles: 0,
            filters: FilterTerms(layer, p)?.counts)
        var firstLoads = 0
        var laterLoads = 0
        var lastStores = 0
        var sawCompute = false
        for index in instructions {
            let instruction = program[index]
            switch Opcode(rawValue: instruction[CommonField.opcode])! {
            case .load:
                let beats = loadBeats(instruction)
                plan.loads += 1
                plan.readBytes += beats.read * p.beatBytes
                let cycles = beats.written + p.loadOverhead
                if sawCompute { laterLoads += cycles } else { firstLoads += cycles }
            case .compute:
                sawCompute = true
                let steps = computeSteps(instruction)
                let isPool = instruction[ComputeField.mode] != ComputeMode.convolution.rawValue
                plan.tiles += 1
                plan.steps += steps
                if p.convolver != nil, !isPool {
                    plan.computeCycles += p.convolverCycles(instruction)
                } else {
                    plan.computeCycles += steps + (isPool ? p.poolTileOverhead : p.tileOverhead)
                }
                lastStores = 0
            case .store:
                let beats = storeBeats(instruction)
                plan.stores += 1
                plan.writtenBytes += beats * p.beatBytes
                lastStores += beats + 6
            case .end: break
            }
        }
        plan.readBytes += instructions.count * Instruction.bytes
        // Later loads overlap with computing.
        plan.predictedCycles = firstLoads + max(plan.computeCycles, laterLoads) + lastStores + 12
        ledger.endLayer(isLastLayer: isLast)
        plans.append(plan)
    }

    private func loadBeats(_ i: Instruction) -> (read: Int, written: Int) {
        let planes = i[LoadField.lastPlane] + 1
        return (
            planes * (i[LoadField.lastValidRow] + 1) * (i[LoadField.lastValidColumn] + 1),
            planes * (i[LoadField.lastRow] + 1) * (i[LoadField.lastColumn] + 1)
        )
    }

    private func storeBeats(_ i: Instruction) -> Int {
        (i[StoreField.lastPlane] + 1) * (i[StoreField.lastRow] + 1) * (i[StoreField.lastColumn] + 1)
    }

    private func computeSteps(_ i: Instruction) -> Int {
        if p.convolver != nil, i[ComputeField.mode] == ComputeMode.convolution.rawValue {
            return AcceleratorParameters.streams(i) * AcceleratorParameters.streamSlots(i)
        }
        let inner =
            (i[ComputeField.lastInputGroup] + 1) * (i[ComputeField.lastPass] + 1)
            * (i[ComputeField.lastKernelRow] + 1) * (i[ComputeField.lastKernelColumn] + 1)
        return inner * (i[ComputeField.lastOutputGroup] + 1) * (i[ComputeField.lastRow] + 1)
            * (i[ComputeField.lastColumn] + 1)
    }

    /// Writes the ledger's tokens into the instructions.
    private mutating func applyTokens() {
        for (index, flags) in ledger.finish() {
            for field in flags { program[index][field] = 1 }
        }
    }
}
