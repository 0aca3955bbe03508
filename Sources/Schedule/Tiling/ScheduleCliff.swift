// Cliffs of a schedule: a buffer that is just too small for a layer's next better tiles. Each buffer is tried at up to
// four times its size, with the same tiling and the same prediction as the schedule itself; the answer is the smallest
// size, in KiB, that does as well as the larger one.

import Accelerator
import Networks

/// A buffer that would make a layer faster if it were larger.
public struct ScheduleCliff: Sendable, Equatable, Codable {
    /// Whose tiles it bounds.
    public var limit: TileLimit
    /// Its size in KiB.
    public var kib: Int
    /// The smallest size that would do, in KiB.
    public var neededKiB: Int
    /// KiB of the weights of one output group, where they come in parts because half of the buffer does not hold them.
    public var groupKiB: Int?
    /// Compute instructions of the layer.
    public var tiles: Int
    /// The same with the larger buffer.
    public var neededTiles: Int
    /// Predicted cycles of the layer.
    public var predictedCycles: Int
    /// The same with the larger buffer.
    public var neededCycles: Int

    /// How many times the cycles of the larger buffer the layer takes.
    public var factor: Double { Double(predictedCycles) / Double(max(1, neededCycles)) }

    /// What is too small, and the key that would change it.
    public var text: String {
        let half = kib % 2 == 0 ? "\(kib / 2)" : "\(kib / 2).5"
        let reason =
            if let groupKiB {
                "weights of one output group need \(groupKiB) KiB, "
                    + (groupKiB > kib ? "the buffer has \(kib)" : "half the buffer is \(half)")
            } else {
                "half of the \(limit.name) buffer, \(half) KiB, makes \(tiles) tiles of what could be \(neededTiles)"
            }
        return "\(reason): \(limit.key) \(neededKiB)"
    }
}

extension TileLimit {
    fileprivate var name: String {
        switch self {
        case .ifmap: "ifmap"
        case .weights: "weight"
        case .ofmap: "ofmap"
        case .psums: "psum"
        case .rowLength: "row"
        }
    }
}

extension AcceleratorParameters {
    /// Bits of a word of a buffer; nil for what is no buffer of this family.
    fileprivate func wordBits(_ limit: TileLimit) -> Int? {
        switch limit {
        case .ifmap: pixels * inputs * activationBits
        case .weights: inputs * outputs * element.weightBits * terms
        case .ofmap: pixels * outputs * activationBits
        case .psums:
            switch family {
            case .vector: nil
            case .convolver: outputs * accumulatorBits
            }
        case .rowLength: nil
        }
    }

    fileprivate func depth(_ limit: TileLimit) -> Int {
        switch (limit, family) {
        case (.ifmap, _): ifmapDepth
        case (.weights, _): weightDepth
        case (.ofmap, _): ofmapDepth
        case (.psums, .convolver(let convolver)): convolver.psumDepth
        case (.rowLength, .convolver(let convolver)): convolver.rowLength
        case (.psums, .vector), (.rowLength, .vector): 0
        }
    }

    /// The same accelerator with another buffer.
    fileprivate func with(_ limit: TileLimit, kib: Int, wordBits: Int) -> AcceleratorParameters {
        var result = self
        let depth = AcceleratorParameters.depth(kib * 1024, wordBits: wordBits)
        switch (limit, family) {
        case (.ifmap, _): result.ifmapDepth = depth
        case (.weights, _): result.weightDepth = depth
        case (.ofmap, _): result.ofmapDepth = depth
        case (.psums, .convolver(var convolver)):
            convolver.psumDepth = depth
            result.family = .convolver(convolver)
        case (.rowLength, _), (.psums, .vector): break
        }
        return result
    }
}

extension Scheduler {
    /// Times that a buffer may grow: what is further away is another design, no cliff.
    private static let mostGrowth = 4
    /// Predicted cycles of a better schedule, as a fraction of those of this one.
    private static let gain = 0.8

    /// What a schedule of other tiles takes.
    private struct Trial {
        var cycles: Int
        var tiles: Int
    }

    /// The buffer that would help the layer most; nil where none would by a fifth.
    func cliff(_ plan: LayerPlan) -> ScheduleCliff? {
        // A layer of one tile a part, or one that computes all the time, has nothing to gain.
        guard plan.tiles > parts.count, Double(plan.steps) < Scheduler.gain * Double(plan.predictedCycles) else {
            return nil
        }
        if options.search == .optimal { return wholeWeights(plan) }
        let found = [TileLimit.weights, .ifmap, .ofmap, .psums].compactMap { cliff(plan, $0) }
        return found.min { ($0.neededCycles, $0.neededKiB - $0.kib) < ($1.neededCycles, $1.neededKiB - $1.kib) }
    }

    /// Where the search has found nothing better than weights in parts for every pixel: a buffer that holds those of an
    /// output group.
    private func wholeWeights(_ plan: LayerPlan) -> ScheduleCliff? {
        let inParts = parts.filter { part, _ in
            part.tile.partUnits > 0 && part.shape.outputShape.height * part.shape.outputShape.width > p.pixels
        }
        guard let bits = p.wordBits(.weights), let words = inParts.map({ $0.part.wordsPerGroup($0.passes) }).max(),
            let groupKiB = groupKiB(bits)
        else { return nil }
        let kib = (p.weightDepth * bits + 8191) / 8192
        let most = min(Scheduler.mostGrowth * kib, AcceleratorParameters.bufferKiB(wordBits: bits).upperBound)
        let needed = (kib + 1...max(kib + 1, most)).first {
            AcceleratorParameters.depth($0 * 1024, wordBits: bits) >= words
        }
        guard let needed, let best = trial(p.with(.weights, kib: needed, wordBits: bits)),
            Double(best.cycles) <= Scheduler.gain * Double(plan.predictedCycles)
        else { return nil }
        return ScheduleCliff(
            limit: .weights, kib: kib, neededKiB: needed, groupKiB: groupKiB, tiles: plan.tiles,
            neededTiles: best.tiles, predictedCycles: plan.predictedCycles, neededCycles: best.cycles)
    }

    private func cliff(_ plan: LayerPlan, _ limit: TileLimit) -> ScheduleCliff? {
        guard let bits = p.wordBits(limit) else { return nil }
        let kib = (p.depth(limit) * bits + 8191) / 8192
        func trial(_ kib: Int) -> Trial? { self.trial(p.with(limit, kib: kib, wordBits: bits)) }
        let most = min(Scheduler.mostGrowth * kib, AcceleratorParameters.bufferKiB(wordBits: bits).upperBound)
        var size = kib
        while size < most {
            size = min(2 * size, most)
            guard let larger = trial(size),
                Double(larger.cycles) <= Scheduler.gain * Double(plan.predictedCycles)
            else { continue }
            var (low, high, best) = (kib, size, larger)
            while high - low > 1 {
                let middle = (low + high) / 2
                if let smaller = trial(middle), smaller.cycles <= larger.cycles {
                    (high, best) = (middle, smaller)
                } else {
                    low = middle
                }
            }
            return ScheduleCliff(
                limit: limit, kib: kib, neededKiB: high, groupKiB: limit == .weights ? groupKiB(bits) : nil,
                tiles: plan.tiles, neededTiles: best.tiles, predictedCycles: plan.predictedCycles,
                neededCycles: best.cycles)
        }
        return nil
    }

    /// KiB of the weights of one output group of the parts whose weights do not come whole.
    private func groupKiB(_ wordBits: Int) -> Int? {
        parts.filter { $0.part.tile.partUnits > 0 }.map { part, _ in
            (part.shape.passes * part.shape.units * part.shape.unitWords * wordBits + 8191) / 8192
        }.max()
    }

    /// The layer's tiles with other buffers; nil where they do not fit.
    private func trial(_ p: AcceleratorParameters) -> Trial? {
        var scheduler = Scheduler(like: self, p: p)
        // Filters of one input leave it in the buffer for the next; groups have inputs of their own.
        var loaded: LoadedFeatures?
        var input: Int?
        for (part, passes) in parts {
            var part = part
            if part.input.first != input { loaded = nil }
            input = part.input.first
            part.shape.work = part.shape.work.on(p.family)
            guard let tile = try? scheduler.chooseTile(part, passes, loaded: loaded) else { return nil }
            part.tile = tile
            var emitter = TileEmitter(
                part, addresses: .init(weights: 0, constants: 0), passes: passes, loadedFeatures: loaded)
            emitter.run(&scheduler)
            loaded = passes == nil ? nil : emitter.loadedFeatures
        }
        var prediction = CyclePrediction(p)
        for instruction in scheduler.program { prediction.add(instruction) }
        let tiles = scheduler.program.count { $0[CommonField.opcode] == Opcode.compute.rawValue }
        return Trial(cycles: prediction.cycles, tiles: tiles)
    }
}

extension LayerWork {
    /// The same work on an array of other sizes.
    fileprivate func on(_ family: ArrayFamily) -> LayerWork {
        switch (self, family) {
        case (.stream, .convolver(let convolver)): .stream(convolver)
        case (.flattened, .convolver(let convolver)): .flattened(convolver)
        case (.pool, _), (.nest, _), (.stream, .vector), (.flattened, .vector): self
        }
    }
}
