import Accelerator
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
        place(ordered.network)
        for (index, layer) in ordered.network.layers.enumerated() {
            try schedule(layer, isLast: index == network.layers.count - 1)
        }
        applyTokens()
        var streams: [Opcode: Int] = [:]
        for engine in [Opcode.load, .compute, .store] { streams[engine] = storeStream(engine) }
        guard image.count < 1 << 32 else {
            throw InputError(.unsupported, at: network.name, "needs \(image.count) bytes of memory; 32-bit addresses")
        }
        return CompiledNetwork(
            program: program, layers: plans, streamAddresses: streams, image: image, placements: placements,
            orders: ordered.orders, outputName: network.layers.last?.name ?? Network.inputName, fieldBytes: fieldBytes)
    }

    // MARK: memory

    /// Writes one engine's instructions, and the end of its stream, to memory.
    private mutating func storeStream(_ engine: Opcode) -> Int {
        var end = Instruction()
        end[CommonField.opcode] = Opcode.end.rawValue
        let stream = program.filter { $0[CommonField.opcode] == engine.rawValue } + [end]
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

    private mutating func place(_ network: QuantizedNetwork) {
        var largest = network.input.height * network.input.width
        func add(_ name: String, _ shape: Shape, _ this: inout Scheduler) {
            var placement = TensorPlacement(
                address: 0, shape: shape, granule: this.p.granule, beatBytes: this.p.beatBytes)
            placement.address = this.allocate(placement.bytes)
            this.placements[name] = placement
            largest = max(largest, shape.height * shape.width)
        }
        add(Network.inputName, network.input, &self)
        for layer in network.layers { add(layer.name, layer.outputShape, &self) }
        zeroPlane = allocate(largest * p.beatBytes)
    }

    // MARK: layers

    private mutating func schedule(_ layer: QuantizedLayer, isLast: Bool) throws {
        let first = program.count
        ledger.beginLayer()
        let requantization = layer.requantization
        switch layer.operation {
        case .convolution(let weights, _, let groups):
            try scheduleConvolution(layer, weights: weights, groups: groups)
        case .maxPool, .sumPool:
            try schedulePool(layer)
        case .localResponseNormalization:
            throw InputError(.unsupported, at: "layer \(layer.name)", "runs on the host")
        }
        precondition(requantization.multiplier.count == layer.outputShape.channels)
        summarise(layer, instructions: first..<program.count, isLast: isLast)
    }

    private mutating func scheduleConvolution(
        _ layer: QuantizedLayer, weights: [Int32], groups: Int
    ) throws {
        let (inputs, outputs) = (layer.inputShape.channels, layer.outputShape.channels)
        let g = p.granule
        let aligned = (inputs / groups) % g == 0 && (outputs / groups) % g == 0
        if groups == 1 || aligned {
            let perGroup = weights.count / groups
            for group in 0..<groups {
                let slice = Array(weights[group * perGroup..<(group + 1) * perGroup])
                try scheduleStretches(
                    layer, weights: slice, inputs: inputs / groups, outputs: outputs / groups,
                    firstInput: group * inputs / groups, firstOutput: group * outputs / groups)
            }
            return
        }
        // Groups that do not fall on granules: one dense convolution whose weights outside the groups are zero.
        let dense = Scheduler.dense(weights, layer: layer, groups: groups)
        try scheduleStretches(
            layer, weights: dense, inputs: inputs, outputs: outputs, firstInput: 0, firstOutput: 0)
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
            name: layer.name, kind: layer.kind, macs: layer.macs, steps: 0, computeCycles: 0, tiles: 0, passes: 1,
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
                if sawCompute { laterLoads += beats.written + 3 } else { firstLoads += beats.written + 3 }
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
                plan.passes = max(plan.passes, instruction[ComputeField.lastPass] + 1)
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
