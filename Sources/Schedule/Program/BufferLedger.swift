// Which instruction last read or wrote which words of which buffer, and the tokens that follow. An engine runs its
// instructions in order, so waiting for one instruction of another engine waits for all before it; a giver gives at
// most one token to each taker, and tokens are taken in the order in which they are given.

import Accelerator

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
        /// Whether it reads what a layer before has stored.
        var readsFeatureMap: Bool
    }

    /// One tile step: places of its instructions in the program.
    struct Step {
        var loads: [Load]
        var compute: Int
        var computeReads: [Read]
        /// Empty where the sums are left to the next step, which is of the same layer.
        var ofmap: Range<Int>
        var stores: [Int]
        /// Set when the step is added.
        fileprivate(set) var layer = 0

        init(loads: [Load], compute: Int, computeReads: [Read], ofmap: Range<Int>, stores: [Int]) {
            self.loads = loads
            self.compute = compute
            self.computeReads = computeReads
            self.ofmap = ofmap
            self.stores = stores
        }
    }

    private(set) var steps: [Step] = []
    private var layer = -1

    /// Steps that follow are of the next layer.
    mutating func beginLayer() { layer += 1 }

    /// Adds the next step of the layer.
    mutating func add(_ step: Step) {
        var step = step
        step.layer = layer
        steps.append(step)
    }

    /// Token fields to set, per instruction index.
    func finish() -> [Int: [InstructionField]] {
        var flags: [Int: [InstructionField]] = [:]
        func set(_ index: Int, _ field: InstructionField) { flags[index, default: []].append(field) }
        // The last steps for whose compute a load waits, for whose stores a compute waits: what came before them is
        // done.
        var computeWaitedByLoads = -1
        var storeWaitedByComputes = -1
        for (position, step) in steps.enumerated() {
            // A load waits for the last compute that uses what it overwrites.
            for load in step.loads {
                let open = computeWaitedByLoads + 1..<position
                if let user = steps[open].lastIndex(where: { $0.computeReads.contains { $0.overlaps(load.access) } }) {
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
            let open = storeWaitedByComputes + 1..<position
            if let user = steps[open].lastIndex(where: { $0.ofmap.overlaps(step.ofmap) }) {
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
}
