// Which instruction last read or wrote which words of which buffer and which part of which feature map, and the tokens
// that follow. An engine runs its instructions in order, so waiting for one instruction of another engine waits for all
// before it; a giver gives at most one token to each taker, and tokens are taken in the order in which they are given.

import Accelerator

#if MUTANTS
    import Mutants
#endif

/// Buffers that loads, computes and stores read or write. Only loads read the pre-activation's constants, and they run
/// in order: no token guards them.
enum Buffer: Hashable {
    case ifmap, weights, constants, residual, ofmap, preActivation

    /// The target field of a load into it.
    var loadTarget: LoadTarget {
        switch self {
        case .ifmap: .ifmap
        case .weights: .weights
        case .constants, .preActivation: .constants
        case .residual: .residual
        case .ofmap: preconditionFailure("no load fills the ofmap buffer")
        }
    }
}

/// Collects tile steps and derives the dependency flags of their instructions.
struct BufferLedger {
    /// Words of a buffer that an instruction reads (or a load fills).
    struct Read {
        var buffer: Buffer
        var range: Range<Int>

        init(_ buffer: Buffer, _ range: Range<Int>) {
            self.buffer = buffer
            self.range = range
        }

        func overlaps(_ other: Read) -> Bool { buffer == other.buffer && range.overlaps(other.range) }
    }

    /// A load, by its place in the program.
    struct Load {
        var index: Int
        /// What it fills.
        var access: Read
        /// What it reads of what a layer before has stored.
        var features: MapRegion?
    }

    /// One tile step: places of its instructions in the program.
    struct Step {
        var loads: [Load]
        var compute: Int
        var computeReads: [Read]
        /// Empty where the sums are left to the next step, which is of the same layer.
        var ofmap = 0..<0
        var stores: [Int] = []
        /// What the stores write; nil without stores.
        var stored: MapRegion?
        /// Set when the step is added.
        fileprivate(set) var layer = 0

        /// A step that leaves its sums to the next one.
        init(loads: [Load], compute: Int, computeReads: [Read]) {
            self.loads = loads
            self.compute = compute
            self.computeReads = computeReads
        }
    }

    /// Whether the first load of a layer's feature maps waits for all stores of the layer before, and no other load for
    /// any: not by what is needed.
    let waitsForLayers: Bool
    private(set) var steps: [Step] = []
    private var layer = -1

    init(waitsForLayers: Bool) { self.waitsForLayers = waitsForLayers }

    /// Steps that follow are of the next layer.
    mutating func beginLayer() { layer += 1 }

    /// Adds the next step of the layer.
    mutating func add(_ step: Step) {
        var step = step
        step.layer = layer
        steps.append(step)
    }

    /// Steps that an engine may be ahead of another one: what a counter of tokens holds, and one to spare.
    private static let mostAhead = 14

    /// Token fields to set, per instruction index.
    func finish() -> [Int: [InstructionField]] {
        var flags: [Int: [InstructionField]] = [:]
        func set(_ index: Int, _ field: InstructionField) { flags[index, default: []].append(field) }
        let storesForLoads = waitsForLayers ? layerWaits() : mapWaits()
        // The last steps for whose compute a load waits, for whose stores a compute waits: what came before them is
        // done.
        var computeWaitedByLoads = -1
        var storeWaitedByComputes = -1
        for (position, step) in steps.enumerated() {
            // A load waits for the last compute that uses what it overwrites.
            for (place, load) in step.loads.enumerated() {
                let open = computeWaitedByLoads + 1..<position
                let user = steps[open].lastIndex { $0.computeReads.contains { $0.overlaps(load.access) } }
                if let user = later(user, place == 0 ? position : 0, than: computeWaitedByLoads) {
                    set(steps[user].compute, CommonField.pushLoad)
                    set(load.index, CommonField.popCompute)
                    computeWaitedByLoads = user
                }
                // The feature maps that it reads have been stored.
                if let writer = storesForLoads[load.index] {
                    set(steps[writer].stores.last!, CommonField.pushLoad)
                    set(load.index, CommonField.popStore)
                }
            }
            // The compute waits for the step's loads and for the stores of the results it overwrites.
            if let last = step.loads.last {
                set(last.index, CommonField.pushCompute)
                set(step.compute, CommonField.popLoad)
            }
            let open = storeWaitedByComputes + 1..<position
            let user = steps[open].lastIndex { $0.ofmap.overlaps(step.ofmap) }
            if let user = later(user, position, than: storeWaitedByComputes),
                let stored = steps[storeWaitedByComputes + 1...user].lastIndex(where: { !$0.stores.isEmpty })
            {
                set(steps[stored].stores.last!, CommonField.pushCompute)
                set(step.compute, CommonField.popStore)
                storeWaitedByComputes = stored
            }
            if let store = step.stores.first {
                set(step.compute, CommonField.pushStore)
                set(store, CommonField.popCompute)
            }
        }
        return flags
    }

    /// The step to wait for: that which uses something, and the one that is as far behind `position` as engines may be
    /// apart; nil where both have been waited for.
    private func later(_ user: Int?, _ position: Int, than waited: Int) -> Int? {
        let step = max(user ?? -1, position - BufferLedger.mostAhead)
        return step > waited ? step : nil
    }

    // MARK: feature maps

    /// By its instruction, the step for whose stores a load waits: the first load of a layer's feature maps for the last
    /// of the layer before.
    private func layerWaits() -> [Int: Int] {
        var waits: [Int: Int] = [:]
        for (position, step) in steps.enumerated() where step.layer > 0 {
            guard steps[position - 1].layer != step.layer else { continue }
            if let load = step.loads.first(where: { $0.features != nil }) { waits[load.index] = position - 1 }
        }
        return waits
    }

    /// A load that waits for the stores of a step before its own.
    private struct MapWait {
        var load: Int
        /// The load's step.
        var reader: Int
        /// The step whose stores it waits for.
        var writer: Int
    }

    /// By its instruction, the step for whose stores a load waits: the last that writes what it reads. Where more
    /// tokens would be under way than a counter holds, the layer that gives most of them gives fewer, and later.
    private func mapWaits() -> [Int: Int] {
        let needed = neededMaps()
        var grains: [Int: Int] = [:]
        var waits = needed
        while let crowd = crowd(in: waits) {
            var counts: [Int: Int] = [:]
            for wait in waits[crowd] { counts[steps[wait.writer].layer, default: 0] += 1 }
            let most = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }!
            if most.value > 1 {
                grains[most.key, default: 1] *= 2
                waits = coarsened(needed, grains)
            } else {
                // A token of each of many layers: the first load waits for what the last needs.
                waits[crowd.lowerBound].writer = waits[crowd.upperBound - 1].writer
                waits.removeSubrange(crowd.dropFirst())
            }
        }
        return Dictionary(uniqueKeysWithValues: waits.map { ($0.load, $0.writer) })
    }

    /// Steps of a layer, and the addresses that they write.
    private struct Writers {
        var steps: Range<Int>
        var planes: Range<Int>
    }

    private func neededMaps() -> [MapWait] {
        var layers: [Writers] = []
        var waits: [MapWait] = []
        var known = -1
        for (position, step) in steps.enumerated() {
            for load in step.loads {
                guard let region = load.features, let writer = writer(of: region, in: layers, after: known) else {
                    continue
                }
                waits.append(MapWait(load: load.index, reader: position, writer: writer))
                known = writer
            }
            guard let stored = step.stored else { continue }
            if position > 0, steps[position - 1].layer == step.layer, var last = layers.popLast() {
                last.steps = last.steps.lowerBound..<position + 1
                last.planes =
                    min(
                        last.planes.lowerBound, stored.planes.lowerBound)..<max(
                        last.planes.upperBound, stored.planes.upperBound)
                layers.append(last)
            } else {
                layers.append(Writers(steps: position..<position + 1, planes: stored.planes))
            }
        }
        return waits
    }

    /// The last step after `known` whose stores write some of a region.
    private func writer(of region: MapRegion, in layers: [Writers], after known: Int) -> Int? {
        for layer in layers.reversed() {
            guard layer.steps.upperBound - 1 > known else { return nil }
            guard layer.planes.overlaps(region.planes) else { continue }
            let open = max(known + 1, layer.steps.lowerBound)..<layer.steps.upperBound
            if let found = steps[open].lastIndex(where: { $0.stored?.overlaps(region) == true }) { return found }
        }
        return nil
    }

    /// The same waits, for the last step of as many steps of a layer as its grain says.
    private func coarsened(_ waits: [MapWait], _ grains: [Int: Int]) -> [MapWait] {
        guard !grains.isEmpty else { return waits }
        var result: [MapWait] = []
        var known = -1
        for wait in waits where wait.writer > known {
            var wait = wait
            let layer = steps[wait.writer].layer
            if let grain = grains[layer] {
                let first = steps[...wait.writer].lastIndex { $0.layer != layer }.map { $0 + 1 } ?? 0
                let end = steps[wait.writer...].firstIndex { $0.layer != layer } ?? steps.count
                let last = first + ((wait.writer - first) / grain + 1) * grain - 1
                let bound = min(last, end - 1, wait.reader - 1)
                wait.writer = steps[...bound].lastIndex { !$0.stores.isEmpty }!
            }
            known = wait.writer
            result.append(wait)
        }
        return result
    }

    /// Waits whose tokens the stores give before a load can have taken one of them, and which are more than a counter
    /// holds; nil where there are none. When the stores of a step are done, so are the loads of that step and of those
    /// before.
    private func crowd(in waits: [MapWait]) -> Range<Int>? {
        var first = 0
        for (index, wait) in waits.enumerated() {
            while waits[first].reader <= wait.writer { first += 1 }
            if index - first >= BufferLedger.mostAhead { return first..<index + 1 }
        }
        return nil
    }
}
