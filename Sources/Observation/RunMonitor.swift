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
}

/// Counts causes layer by layer. A layer ends when its last store has finished.
public final class RunMonitor: Observer {
    /// Every cycle counts.
    public let window = 0..<Int.max
    private let probes: RunProbes
    /// Store instructions of each layer.
    private let stores: [Int]
    /// Called at the end of each layer with its index.
    private let layerEnded: (Int) -> Void
    private var storesLeft: Int
    /// Index of the layer that runs, among those that the array computes.
    public private(set) var layer = 0
    /// Cycles of each layer; those after the last layer's end are the last layer's.
    public private(set) var causes: [CycleCauses]
    /// First cycle after each finished layer.
    public private(set) var ends: [Int] = []

    /// `stores` are the store instructions of each layer, in order.
    public init(probes: RunProbes, stores: [Int], layerEnded: @escaping (Int) -> Void = { _ in }) {
        self.probes = probes
        self.stores = stores
        self.layerEnded = layerEnded
        storesLeft = stores.first ?? 0
        causes = [CycleCauses](repeating: CycleCauses(), count: max(1, stores.count))
    }

    /// What the idle compute engine waits for: the engine that works. A compute that needs operands waits for the load
    /// engine, or, where that one itself waits for the maps of the layer before, for the store engine; one that
    /// overwrites results, and a program that has ended but for its last results, wait for the store engine. Where
    /// neither works, an instruction is on its way or is taken.
    private func awaited(_ state: StateView) -> WritableKeyPath<CycleCauses, Int> {
        func isHigh(_ net: NetID) -> Bool { state.value(net) != 0 }
        let stream = probes.compute.stream
        if isHigh(stream.valid) {
            if isHigh(stream.takesLoad) && !isHigh(stream.loadTokens) {
                if isHigh(probes.loadBusy) { return \.load }
                return isHigh(probes.storeBusy) ? \.store : \.instruction
            }
            return isHigh(probes.compute.waitsForStore) ? \.store : \.instruction
        }
        return isHigh(stream.ended) && isHigh(probes.storeBusy) ? \.store : \.instruction
    }

    /// Gives the cycle to a cause and a layer.
    public func observe(cycle: Int, _ state: StateView) {
        count(1, state)
        guard layer < stores.count, state.value(probes.storeFinish) != 0 else { return }
        finishStore(cycle)
    }

    /// Gives all the cycles to the cause that they have in common.
    public func observe(cycle: Int, count: Int, _ state: StateView) {
        guard state.value(probes.storeFinish) == 0 else {
            for each in cycle..<cycle + count { observe(cycle: each, state) }
            return
        }
        self.count(count, state)
    }

    private func count(_ cycles: Int, _ state: StateView) {
        let index = min(layer, causes.count - 1)
        if state.value(probes.compute.issue) != 0 {
            causes[index].issue += cycles
        } else if state.value(probes.compute.busy) != 0 {
            causes[index].fillDrain += cycles
        } else {
            causes[index][keyPath: awaited(state)] += cycles
        }
    }

    private func finishStore(_ cycle: Int) {
        let index = min(layer, causes.count - 1)
        storesLeft -= 1
        if storesLeft == 0 {
            #if MUTANTS
                if isPlanted("stall-store") {
                    causes[index].load += causes[index].store
                    causes[index].store = 0
                }
            #endif
            ends.append(cycle + 1)
            layerEnded(layer)
            layer += 1
            storesLeft = layer < stores.count ? stores[layer] : 0
        }
    }
}
