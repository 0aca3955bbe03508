import Design
import Kernel

// Cycle accounting: every cycle belongs to exactly one cause, every cycle to exactly one layer.

/// Nets that say what the engines do; see `AcceleratorProbes`.
public struct MonitorProbes: Sendable {
    /// A step of the compute loop nest is issued.
    public var issue: NetID
    /// The compute engine holds an instruction.
    public var computeBusy: NetID
    /// The compute engine waits for a free result buffer.
    public var waitsForStore: NetID
    /// A store instruction has finished.
    public var storeFinish: NetID

    public init(issue: NetID, computeBusy: NetID, waitsForStore: NetID, storeFinish: NetID) {
        self.issue = issue
        self.computeBusy = computeBusy
        self.waitsForStore = waitsForStore
        self.storeFinish = storeFinish
    }
}

/// Cycles by cause; they sum to the total.
public struct CycleCauses: Sendable, Equatable {
    public var issue = 0
    /// Waiting for loads (or instructions).
    public var load = 0
    public var store = 0
    /// The pipeline fills or drains.
    public var fillDrain = 0
    public init() {}
    public var total: Int { issue + load + store + fillDrain }
}

/// Counts causes layer by layer. A layer ends when its last store has finished.
public final class RunMonitor: Observer {
    public let window = 0..<Int.max
    private let probes: MonitorProbes
    /// Store instructions of each layer.
    private let stores: [Int]
    /// Called at the end of each layer with its index.
    private let layerEnded: (Int) -> Void
    private var storesLeft: Int
    public private(set) var layer = 0
    public private(set) var causes: [CycleCauses]
    /// First cycle after each finished layer.
    public private(set) var ends: [Int] = []

    public init(probes: MonitorProbes, stores: [Int], layerEnded: @escaping (Int) -> Void = { _ in }) {
        self.probes = probes
        self.stores = stores
        self.layerEnded = layerEnded
        storesLeft = stores.first ?? 0
        causes = [CycleCauses](repeating: CycleCauses(), count: max(1, stores.count))
    }

    public func observe(cycle: Int, _ state: StateView) {
        let index = min(layer, causes.count - 1)
        if state.value(probes.issue) != 0 {
            causes[index].issue += 1
        } else if state.value(probes.computeBusy) != 0 {
            causes[index].fillDrain += 1
        } else if state.value(probes.waitsForStore) != 0 {
            causes[index].store += 1
        } else {
            causes[index].load += 1
        }
        guard layer < stores.count, state.value(probes.storeFinish) != 0 else { return }
        storesLeft -= 1
        if storesLeft == 0 {
            ends.append(cycle + 1)
            layerEnded(layer)
            layer += 1
            storesLeft = layer < stores.count ? stores[layer] : 0
        }
    }
}
