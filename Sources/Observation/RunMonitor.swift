// Cycle accounting: every cycle belongs to exactly one cause, every cycle to exactly one layer.

import Design
import Kernel

#if MUTANTS
    import Mutants
#endif

/// Cycles by cause; they sum to the total.
public struct CycleCauses: Sendable, Equatable {
    /// A step of the loop nest is issued.
    public var issue = 0
    /// Waiting for operands that the load engine loads.
    public var load = 0
    /// Waiting for an instruction to be fetched, or taking one.
    public var instruction = 0
    /// Waiting for results to be stored.
    public var store = 0
    /// The pipeline fills or drains.
    public var fillDrain = 0
    /// No cycles.
    public init() {}
    /// Cycles of all causes.
    public var total: Int { issue + load + instruction + store + fillDrain }

    fileprivate static func += (sum: inout CycleCauses, more: CycleCauses) {
        sum.issue += more.issue
        sum.load += more.load
        sum.instruction += more.instruction
        sum.store += more.store
        sum.fillDrain += more.fillDrain
    }
}

/// When a layer of the array ends: with the compute instruction that is the last of it and of the layers before; a layer
/// behind which the array stops, with the store that is.
public struct LayerEnd: Sendable, Equatable {
    /// Compute instructions up to the layer's last.
    public var computes: Int
    /// Store instructions up to the layer's last.
    public var stores: Int
    /// The array stops behind it.
    public var stops: Bool

    /// The end of a layer.
    public init(computes: Int, stores: Int, stops: Bool) {
        self.computes = computes
        self.stores = stores
        self.stops = stops
    }
}

/// Counts causes layer by layer.
public final class RunMonitor: Observer {
    /// Every cycle counts.
    public let window = 0..<Int.max
    private let probes: RunProbes
    /// When each layer ends.
    private let layerEnds: [LayerEnd]
    /// Called at the end of each layer with its index and its last cycle.
    private let layerEnded: (_ layer: Int, _ cycle: Int) -> Void
    /// Instructions that have finished.
    private var computes = 0
    private var stores = 0
    /// Index of the layer that runs, among those that the array computes.
    public private(set) var layer = 0
    /// Cycles of each layer; those after the last layer's end are the last layer's.
    public var causes: [CycleCauses] {
        var result = counted
        result[min(layer, result.count - 1)] += current
        return result
    }
    /// Without the cycles since the last layer ended.
    private var counted: [CycleCauses]
    private var current = CycleCauses()
    /// Set when the monitor is attached.
    private var places: ProbePlaces!
    /// First cycle after each finished layer.
    public private(set) var ends: [Int] = []

    /// `layerEnds` are those of the layers of the array, in order.
    public init(
        probes: RunProbes, layerEnds: [LayerEnd],
        layerEnded: @escaping (_ layer: Int, _ cycle: Int) -> Void = { _, _ in }
    ) {
        self.probes = probes
        self.layerEnds = layerEnds
        self.layerEnded = layerEnded
        counted = [CycleCauses](repeating: CycleCauses(), count: max(1, layerEnds.count))
    }

    /// Looks up where the probes lie.
    public func attached(to state: StateView) { places = ProbePlaces(probes, state) }

    /// Gives the cycle to a cause and a layer.
    public func observe(cycle: Int, _ state: StateView) {
        places.count(1, in: &current)
        if places.finishes { count(at: cycle) }
    }

    /// Gives all the cycles to the cause that they have in common.
    public func observe(cycle: Int, count: Int, _ state: StateView) {
        guard !places.finishes else {
            for each in cycle..<cycle + count { observe(cycle: each, state) }
            return
        }
        places.count(count, in: &current)
    }

    private func count(at cycle: Int) {
        if places.computeFinish.pointee != 0 { computes += 1 }
        if places.storeFinish.pointee != 0 { stores += 1 }
        guard layer < layerEnds.count else { return }
        let end = layerEnds[layer]
        guard end.stops ? stores >= end.stores : computes >= end.computes else { return }
        #if MUTANTS
            if isPlanted("stall-store") {
                current.load += current.store
                current.store = 0
            }
        #endif
        counted[layer] += current
        current = CycleCauses()
        ends.append(cycle + 1)
        layerEnded(layer, cycle)
        layer += 1
    }
}

/// Where the probes lie in a simulation.
private struct ProbePlaces {
    let computeFinish, storeFinish: UnsafePointer<Int64>
    /// An instruction that may end a layer has finished.
    @inline(__always) var finishes: Bool { computeFinish.pointee | storeFinish.pointee != 0 }
    private let issue, busy, waitsForStore: UnsafePointer<Int64>
    private let valid, ended, takesLoad, loadTokens: UnsafePointer<Int64>
    private let loadBusy, storeBusy: UnsafePointer<Int64>

    init(_ probes: RunProbes, _ state: StateView) {
        let (compute, stream) = (probes.compute, probes.compute.stream)
        (computeFinish, storeFinish) = (state.scalar(probes.computeFinish), state.scalar(probes.storeFinish))
        (issue, busy) = (state.scalar(compute.issue), state.scalar(compute.busy))
        (waitsForStore, valid) = (state.scalar(compute.waitsForStore), state.scalar(stream.valid))
        (ended, takesLoad) = (state.scalar(stream.ended), state.scalar(stream.takesLoad))
        (loadTokens, loadBusy) = (state.scalar(stream.loadTokens), state.scalar(probes.loadBusy))
        storeBusy = state.scalar(probes.storeBusy)
    }

    @inline(__always) func count(_ cycles: Int, in causes: inout CycleCauses) {
        if issue.pointee != 0 {
            causes.issue &+= cycles
        } else if busy.pointee != 0 {
            causes.fillDrain &+= cycles
        } else {
            wait(cycles, in: &causes)
        }
    }

    /// What the idle compute engine waits for: the engine that works. A compute that needs operands waits for the load
    /// engine, or, where that one itself waits for the maps of the layer before, for the store engine; one that
    /// overwrites results, and a program that has ended but for its last results, wait for the store engine. Where
    /// neither works, an instruction is on its way or is taken.
    private func wait(_ cycles: Int, in causes: inout CycleCauses) {
        let storesNow = storeBusy.pointee != 0
        let waitsForStore: Bool
        if valid.pointee == 0 {
            waitsForStore = ended.pointee != 0 && storesNow
        } else if takesLoad.pointee != 0 && loadTokens.pointee == 0 {
            if loadBusy.pointee != 0 {
                causes.load &+= cycles
                return
            }
            waitsForStore = storesNow
        } else {
            waitsForStore = self.waitsForStore.pointee != 0
        }
        if waitsForStore { causes.store &+= cycles } else { causes.instruction &+= cycles }
    }
}
