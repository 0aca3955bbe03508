import Accelerator

// Which instruction last read or wrote which words of which buffer, and the tokens that follow. An engine runs its
// instructions in order, so waiting for one instruction of another engine waits for all before it; a giver gives at
// most one token to each taker, and tokens are taken in the order in which they are given.

/// Buffers that loads, computes and stores read or write. Only loads read the pre-activation's constants, and they run in
/// order: no token guards them.
enum Buffer: Hashable { case ifmap, weights, constants, residual, ofmap, preActivation }

/// Collects tile steps and derives the dependency flags of their instructions.
struct BufferLedger {
    /// One tile step: indices of its instructions in the program.
    struct Step {
        var loads: [(index: Int, buffer: Buffer, range: Range<Int>, readsFeatureMap: Bool)]
        var compute: Int
        var computeReads: [(buffer: Buffer, range: Range<Int>)]
        /// Empty where the sums are left to the next step, which is of the same layer.
        var ofmap: Range<Int>
        var stores: [Int]
        var layer: Int
    }

    private(set) var steps: [Step] = []
    private var layer = -1
    private var layers = 0

    mutating func beginLayer() { layer += 1 }
    mutating func endLayer(isLastLayer: Bool) { layers = layer + 1 }
    mutating func add(_ step: Step) {
        var step = step
        step.layer = layer
        steps.append(step)
    }

    /// Token fields to set, per instruction index.
    func finish() -> [Int: [InstructionField]] {
        var flags: [Int: [InstructionField]] = [:]
        func set(_ index: Int, _ field: InstructionField) { flags[index, default: []].append(field) }
        var computeWaitedByLoads = -1
        var storeWaitedByComputes = -1
        for (position, step) in steps.enumerated() {
            // A load waits for the last compute that uses what it overwrites.
            for load in step.loads {
                if let user = lastReader(of: load.buffer, load.range, before: position), user > computeWaitedByLoads {
                    set(steps[user].compute, CommonField.pushLoad)
                    set(load.index, CommonField.popCompute)
                    computeWaitedByLoads = user
                }
            }
            // The first load of a layer's feature maps waits for the stores of the layer before.
            if step.layer > 0, isFirst(position), let load = step.loads.first(where: { $0.readsFeatureMap }) {
                set(steps[position - 1].stores.last!, CommonField.pushLoad)
                set(load.index, CommonField.popStore)
            }
            // The compute waits for the step's loads and for the stores of the results it overwrites.
            if let last = step.loads.last {
                set(last.index, CommonField.pushCompute)
                set(step.compute, CommonField.popLoad)
            }
            if let user = steps[..<position].lastIndex(where: { $0.ofmap.overlaps(step.ofmap) }),
                user > storeWaitedByComputes
            {
                set(steps[user].stores.last!, CommonField.pushCompute)
                set(step.compute, CommonField.popStore)
                storeWaitedByComputes = user
            }
            if let store = step.stores.first {
                set(step.compute, CommonField.pushStore)
                set(store, CommonField.popCompute)
            }
        }
        return flags
    }

    private func isFirst(_ position: Int) -> Bool { steps[position - 1].layer != steps[position].layer }

    /// The latest step before `position` whose compute reads a range that overlaps.
    private func lastReader(of buffer: Buffer, _ range: Range<Int>, before position: Int) -> Int? {
        steps[..<position].lastIndex { step in
            step.computeReads.contains { $0.buffer == buffer && $0.range.overlaps(range) }
        }
    }
}
