// From a compiled network to the description of its layers: one walk over the program with the scheduler's clock.

import Accelerator

/// What the walk counts for a layer.
private struct LayerTally {
    var bytes = LayerBytes()
    var traffic: [ArrayBuffer: BufferTraffic] = [:]
    /// Cycles of the engines for the layer, and for any between its begin and end.
    var own: [Opcode: Int] = [:]
    var busy: [Opcode: Int] = [:]
    /// Cycles in which the layer before and this one end.
    var window = 0..<0
}

/// Counts of all layers and parts.
private struct ProgramTally {
    private(set) var layers: [LayerTally]
    private(set) var use: BufferUse
    /// Of each part.
    private(set) var steps: [Int]
    private(set) var computes: [Int]
    private let p: AcceleratorParameters

    init(_ compiled: CompiledNetwork) {
        p = compiled.parameters
        layers = Array(repeating: LayerTally(), count: compiled.layers.count)
        use = BufferUse(p)
        let parts = compiled.decisions
        (steps, computes) = (Array(repeating: 0, count: parts.count), Array(repeating: 0, count: parts.count))
        let clock = ProgramClock(compiled.memory, p)
        guard let times = clock.run(compiled.program, segments: compiled.segments) else {
            preconditionFailure("a program that cannot end")
        }
        var (part, ended) = (0, 0)
        for (index, instruction) in compiled.program.enumerated() {
            if part + 1 < parts.count, parts[part + 1].firstInstruction == index { part += 1 }
            let layer = parts[part].layer
            if layers[layer].own.isEmpty { layers[layer].window = ended..<ended }
            let time = times.begins[index]..<times.finishes[index] + 1
            ended = max(ended, time.upperBound)
            layers[layer].window = layers[layer].window.lowerBound..<ended
            add(instruction, layer, time)
            use.add(instruction, layer: layer, during: time)
            guard instruction[CommonField.opcode] == Opcode.compute.rawValue else { continue }
            steps[part] += p.computeSteps(instruction)
            computes[part] += 1
        }
        for (instruction, time) in zip(compiled.program, zip(times.begins, times.finishes)) {
            addBusy(Opcode(rawValue: instruction[CommonField.opcode])!, time.0..<time.1 + 1)
        }
    }

    /// Shares an engine's cycles out to the layers between whose begin and end they lie.
    private mutating func addBusy(_ engine: Opcode, _ time: Range<Int>) {
        for layer in layers.indices where layers[layer].window.overlaps(time) {
            layers[layer].busy[engine, default: 0] += time.clamped(to: layers[layer].window).count
        }
    }

    private mutating func add(_ i: Instruction, _ layer: Int, _ time: Range<Int>) {
        let opcode = Opcode(rawValue: i[CommonField.opcode])!
        layers[layer].own[opcode, default: 0] += time.count
        layers[layer].bytes.instructions += Instruction.bytes
        switch opcode {
        case .load: addLoad(i, layer)
        case .compute: addCompute(i, layer)
        case .store:
            let bytes = CyclePrediction.storeBeats(i) * p.beatBytes
            layers[layer].bytes.results += bytes
            layers[layer].traffic[.ofmap, default: .init()].stored += bytes
        case .end: break
        }
    }

    private mutating func addLoad(_ i: Instruction, _ layer: Int) {
        let beats = CyclePrediction.loadBeats(i)
        let bytes = beats.read * p.loadBeatBytes(i)
        let target = LoadTarget(rawValue: i[LoadField.target])!
        switch target {
        case .ifmap: layers[layer].bytes.features += bytes
        case .weights: layers[layer].bytes.weights += bytes
        case .constants: layers[layer].bytes.constants += bytes
        case .residual: layers[layer].bytes.residual += bytes
        }
        guard i[LoadField.toPreActivation] == 0 else { return }
        layers[layer].traffic[ArrayBuffer(target), default: .init()].loaded += beats.written * p.loadBeatBytes(i)
    }

    private mutating func addCompute(_ i: Instruction, _ layer: Int) {
        let access = ComputeAccess(i, p)
        func add(_ buffer: ArrayBuffer, reads: Int, writes: Int = 0) {
            layers[layer].traffic[buffer, default: .init()].reads += reads
            layers[layer].traffic[buffer, default: .init()].writes += writes
        }
        add(.ifmap, reads: access.ifmapReads)
        add(.weights, reads: access.weightReads)
        add(.psum, reads: access.psumReads, writes: access.psumWrites)
        add(.constants, reads: access.results)
        add(.residual, reads: i[ComputeField.addResidual] == 1 ? access.results : 0)
        add(.ofmap, reads: 0, writes: access.results)
    }
}

extension CompiledNetwork {
    /// The schedule of the layers at these places of the network, or of all. Cost: a walk over the whole program.
    public func describe(_ chosen: Set<Int>? = nil) -> [LayerDescription] {
        let tally = ProgramTally(self)
        let names = layers.map(\.name)
        return layers.indices.filter { chosen?.contains($0) ?? true }.map { index in
            let (plan, own) = (layers[index], tally.layers[index])
            return LayerDescription(
                name: plan.name, kind: plan.kind, isOnHost: plan.isOnHost, macs: plan.macs,
                cycles: plan.isOnHost ? nil : times(plan, own), bytes: own.bytes,
                reuse: LayerReuse(macs: plan.isOnHost ? 0 : plan.macs, own.bytes),
                parts: decisions.indices.filter { decisions[$0].layer == index }.map { part in
                    describe(decisions[part], steps: tally.steps[part], computes: tally.computes[part])
                },
                buffers: plan.isOnHost ? [] : buffers(index, own, tally.use, names: names))
        }
    }

    private func times(_ plan: LayerPlan, _ tally: LayerTally) -> LayerTimes {
        LayerTimes(
            begin: tally.window.lowerBound, end: tally.window.upperBound, load: tally.own[.load] ?? 0,
            compute: tally.own[.compute] ?? 0, store: tally.own[.store] ?? 0, loadBusy: tally.busy[.load] ?? 0,
            computeBusy: tally.busy[.compute] ?? 0, storeBusy: tally.busy[.store] ?? 0,
            predicted: plan.predictedCycles)
    }

    private func buffers(
        _ layer: Int, _ tally: LayerTally, _ use: BufferUse, names: [String]
    ) -> [BufferDescription] {
        ArrayBuffer.allCases.compactMap { buffer in
            let all = use.tenancies[buffer] ?? []
            let own = all.filter { $0.layer == layer }
            guard let size = buffer.size(parameters), !own.isEmpty else { return nil }
            var result = BufferDescription(buffer, size, own: own, tally.traffic[buffer] ?? .init())
            result.add(all, during: tally.window, names: names)
            return result
        }
    }

    private func describe(_ decision: PartDecision, steps: Int, computes: Int) -> PartDescription {
        let (shape, loops) = (decision.shape, decision.loops(parameters))
        let nestSteps = decision.nestSteps(loops)
        let lanes = loops.filter { $0.level == .lanes }.reduce(1) { $0 * $1.extent }
        return PartDescription(
            work: shape.work.name, rows: shape.outputShape.height, columns: shape.outputShape.width,
            strideRows: shape.window.strideHeight, strideColumns: shape.window.strideWidth,
            inputRows: decision.unrolling?.rows.together ?? 1, inputColumns: decision.unrolling?.columns.together ?? 1,
            tile: TileDescription(decision), instructions: computes, loops: loops, steps: steps,
            nestSteps: nestSteps, nestMacs: nestSteps.map { $0 * lanes }, choice: ChoiceDescription(decision.choice),
            mapping: Mapping(loops))
    }
}

extension LayerWork {
    /// Its name for people.
    fileprivate var name: String {
        switch self {
        case .pool: "pool"
        case .nest: "nest"
        case .stream: "stream"
        case .flattened: "flattened"
        }
    }
}
