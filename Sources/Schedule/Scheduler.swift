// Compiles an integer network to a tile program: for every layer its tiles, for every tile loads, one compute and
// stores. Dependency tokens follow from the buffer ranges that each instruction touches (BufferLedger).
//   Layout    where feature maps stand in memory, and the order of channels
//   Tiling    how large tiles are and in which order they come
//   Weights   weights and constants as lanes and buffers hold them
//   Program   the instructions of a tile
//   Families  what the array families do differently

import Accelerator
import Diagnostics
import Networks

/// Builds a CompiledNetwork.
public struct Scheduler {
    let p: AcceleratorParameters
    let options: ScheduleOptions
    var image: MemoryImage
    /// Where feature maps stand, by the name of the layer that writes them.
    var placements: [String: TensorPlacement] = [:]
    /// Instructions of all engines, tile by tile.
    var program: [Instruction] = []
    var ledger: BufferLedger
    /// The turns of the buffers, across layers: weights of the next layer load while this one computes.
    var turns: BufferTurns
    /// Of the layers that are scheduled.
    var plans: [LayerPlan] = []
    /// The array stops behind the layer that is being scheduled.
    var endsProgram = false
    /// Most passes of the layer that is being scheduled.
    var passes = 1
    /// Of the layer that is being scheduled, with the passes of its weights.
    var parts: [(part: LayerPart, passes: WeightPasses?)] = []
    /// The tiles of the layers so far.
    var search = TileSearch()
    /// The tiles of every part in place of those that a search finds: for tests of the search.
    var forcedTile: TileShape?
    /// What was decided for the parts of the layers so far.
    var decisions: [PartDecision] = []
    /// Whether weights are put into the image; places for them are there anyway.
    let storesWeights: Bool
    /// Terms of the filters of each layer, in the order of memory.
    var filterTerms: [String: FilterTerms] = [:]
    /// The network's input as layers read it that have another layout of it (`unroll`), by the names of the placements; and
    /// that of the layer that is being scheduled.
    var unrolledInputs: [String: UnrolledInput] = [:]
    var unrolling: InputUnrolling?
    /// Address of a plane of zeros, for channels that do not exist and tiles that are padding alone.
    var zeroPlane = 0
    /// Bytes of an activation in memory.
    var fieldBytes: Int { p.activationBits / 8 }

    /// Schedules `network` for an accelerator of these parameters. Without weights in its image the program takes the same
    /// cycles and computes nothing of use.
    /// Throws `InputError` when a layer cannot run on it.
    public static func compile(
        _ network: QuantizedNetwork, for parameters: AcceleratorParameters, options: ScheduleOptions = .init(),
        storesWeights: Bool = true
    ) throws -> CompiledNetwork {
        func compile(_ options: ScheduleOptions, storesWeights: Bool) throws -> CompiledNetwork {
            var scheduler = Scheduler(p: parameters, options: options, storesWeights: storesWeights)
            return try scheduler.run(network)
        }
        let compiled = try compile(options, storesWeights: storesWeights)
        guard options.search == .optimal else { return compiled }
        // Layers are chosen one after the other, each for its own end: where first-fit's end sooner together, it is taken.
        let usual = ScheduleOptions(search: .firstFit, memory: options.memory)
        let clock = ProgramClock(options.memory, parameters)
        guard let other = try? compile(usual, storesWeights: false), let total = compiled.predictedTiming(clock)?.total,
            let otherTotal = other.predictedTiming(clock)?.total, otherTotal < total
        else { return compiled }
        return storesWeights ? try compile(usual, storesWeights: true) : other
    }

    /// The parts of a network's last layer, with their tiles.
    static func lastParts(
        of network: QuantizedNetwork, for parameters: AcceleratorParameters, options: ScheduleOptions
    ) throws -> [LayerPart] {
        var scheduler = Scheduler(p: parameters, options: options, storesWeights: false)
        _ = try scheduler.run(network)
        return scheduler.parts.map(\.part)
    }

    /// The same with tiles that a test wants for every part.
    static func compile(
        _ network: QuantizedNetwork, for parameters: AcceleratorParameters, options: ScheduleOptions,
        tile: TileShape
    ) throws -> CompiledNetwork {
        var scheduler = Scheduler(p: parameters, options: options, storesWeights: true)
        scheduler.forcedTile = tile
        return try scheduler.run(network)
    }

    private init(p: AcceleratorParameters, options: ScheduleOptions, storesWeights: Bool) {
        (self.p, self.options) = (p, options)
        ledger = BufferLedger(waitsForLayers: options.search == .firstFit)
        self.storesWeights = storesWeights
        image = MemoryImage(hasContents: storesWeights, beatBytes: p.weightBeatBytes)
        turns = BufferTurns(p, search: options.search)
    }

    /// For tiles that are only counted, of an accelerator with other buffers: feature maps stand where they stood.
    init(like other: Scheduler, p: AcceleratorParameters) {
        self.init(p: p, options: other.options, storesWeights: other.storesWeights)
        placements = other.placements
        zeroPlane = other.zeroPlane
        endsProgram = other.endsProgram
    }

    private mutating func run(_ network: QuantizedNetwork) throws -> CompiledNetwork {
        guard network.activationBits == p.activationBits else {
            throw InputError(
                at: "quantization.activation_bits",
                Shortage.activationBits(network: network.activationBits, array: p.activationBits).message)
        }
        let ordered = ChannelOrder(network, p)
        filterTerms = ordered.terms
        try place(ordered.network)
        image.reserve(expectedWeightBytes(of: ordered.network))
        var segments: [Segment] = []
        for (index, layer) in ordered.network.layers.enumerated() {
            let first = program.count
            if layer.isOnHost {
                segments.append(.host(layer: index))
                plans.append(Scheduler.hostPlan(layer))
                continue
            }
            let next = ordered.network.layers.dropFirst(index + 1).first
            endsProgram = next?.isOnHost ?? true
            try schedule(layer)
            if case .array(let range) = segments.last {
                segments[segments.count - 1] = .array(range.lowerBound..<program.count)
            } else {
                segments.append(.array(first..<program.count))
            }
        }
        applyTokens()
        image.begin()
        let instructions = image.count
        let steps = segments.map { store($0) }
        let bytes = image.count
        guard bytes < 1 << 32 else {
            throw InputError(.unsupported, at: network.name, Shortage.memory(bytes: bytes).message)
        }
        return CompiledNetwork(
            program: program, layers: plans, steps: steps,
            hostLayers: Dictionary(
                uniqueKeysWithValues: network.layers.enumerated().filter(\.element.isOnHost).map {
                    ($0.offset, $0.element)
                }),
            instructionPlace: instructions..<bytes, decisions: decisions, parameters: p, memory: options.memory,
            image: image, placements: placements.filter { unrolledInputs[$0.key] == nil },
            unrolledInputs: unrolledInputs.sorted { $0.key < $1.key }.map(\.value), orders: ordered.orders,
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
        let base = image.allocate(stream.count * Instruction.bytes)
        for (index, instruction) in stream.enumerated() {
            for (word, value) in instruction.words.enumerated() {
                image.write(UInt64(value), bytes: 4, at: base + index * Instruction.bytes + word * 4)
            }
        }
        return base
    }

    /// Of a pass over each weight, with a little room for lanes without one and for constants.
    private func expectedWeightBytes(of network: QuantizedNetwork) -> Int {
        let weights = network.layers.reduce(0) { sum, layer in
            guard case .convolution(let weights, _, _) = layer.operation, !layer.isOnHost else { return sum }
            return sum + weights.count
        }
        return weights * p.element.weightBits / 8 * 5 / 4
    }

    private mutating func place(_ network: QuantizedNetwork) throws {
        var layout = try TensorLayout(network, granule: p.granule, beatBytes: p.beatBytes)
        layout.place(network) { image.allocate($0) }
        placements = layout.placements
        let largest = placements.values.map { $0.shape.height * $0.shape.width }.max() ?? 0
        zeroPlane = image.allocate(largest * p.beatBytes)
    }

    // MARK: layers

    private mutating func schedule(_ layer: QuantizedLayer) throws {
        let first = program.count
        passes = 1
        parts = []
        unrolling = nil
        ledger.beginLayer()
        precondition(layer.requantization.multiplier.count == layer.outputShape.channels)
        try checkResidual(layer)
        try checkPreActivation(layer)
        switch layer.operation {
        case .convolution(let weights, _, let groups):
            switch p.family {
            case .vector(let vector):
                try checkDilation(layer, vector)
                let own = try unroll(layer, weights, groups: groups)
                try scheduleConvolution(own.layer, weights: own.weights, groups: groups)
            case .convolver(let convolver):
                try checkExtent(layer, convolver)
                let plain = layer.withoutDilation(weights)
                let own = try unroll(plain.layer, plain.weights, groups: groups)
                try scheduleConvolution(own.layer, weights: own.weights, groups: groups)
            }
        case .maxPool, .sumPool:
            try schedulePool(layer)
        case .host:
            preconditionFailure("runs on the host")
        }
        var plan = summary(layer, instructions: first..<program.count)
        plan.cliff = cliff(plan)
        plans.append(plan)
    }

    /// The load engine has the stage and holds a word of constants for every plane.
    private func checkPreActivation(_ layer: QuantizedLayer) throws {
        guard layer.preActivation != nil else { return }
        guard let depth = p.preActivationDepth else { throw Shortage.preActivation.error(layer: layer.name) }
        let planes = placements[layer.input]!.planes
        guard planes <= depth else {
            throw Shortage.preActivationConstants(needed: planes, has: depth).error(layer: layer.name)
        }
    }

    /// A residual is added slot by slot.
    private func checkResidual(_ layer: QuantizedLayer) throws {
        guard let residual = layer.residual else { return }
        guard let source = placements[residual], source.shape == layer.outputShape else {
            throw InputError(at: "layer \(layer.name)", "adds \(residual), which is no \(layer.outputShape)")
        }
        guard source.slots == placements[layer.name]!.slots else {
            throw Shortage.residualPlaces(residual, granule: p.granule).error(layer: layer.name)
        }
    }

    /// Writes the ledger's tokens into the instructions.
    mutating func applyTokens() {
        for (index, flags) in ledger.finish() {
            for field in flags { program[index][field] = 1 }
        }
    }
}
