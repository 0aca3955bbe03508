// What a run of images yields.

import ExternalMemory
import Networks
import Observation

/// Cycles by cause: total = compute + stallLoad + stallStore + fillDrain + host.
package struct CycleCounts: Sendable, Codable, Equatable {
    /// The sum of the others.
    package var total: Int
    /// Cycles in which a step of the loop nest is issued.
    package var compute: Int
    /// Waiting for operands or instructions from memory.
    package var stallLoad: Int
    /// Of these: waiting for instructions.
    package var stallInstructions: Int
    /// Waiting for results to be written.
    package var stallStore: Int
    /// Pipeline filling and draining at tile borders.
    package var fillDrain: Int
    /// The host computes a layer, by its time model.
    package var host = 0

    init(_ causes: CycleCauses) {
        compute = causes.issue
        stallLoad = causes.load + causes.instruction
        stallInstructions = causes.instruction
        stallStore = causes.store
        fillDrain = causes.fillDrain
        total = causes.total
    }

    init(host: Int) {
        self.init(CycleCauses())
        self.host = host
        total = host
    }

    mutating func add(_ other: CycleCounts) {
        total += other.total
        compute += other.compute
        stallLoad += other.stallLoad
        stallInstructions += other.stallInstructions
        stallStore += other.stallStore
        fillDrain += other.fillDrain
        host += other.host
    }
}

/// One layer of one image.
package struct LayerRun: Sendable, Codable, Equatable {
    /// As in the network.
    package var name: String
    /// First cycle of the layer.
    package var startCycle: Int
    /// First cycle after the layer.
    package var endCycle: Int
    /// Cycles by cause.
    package var counts: CycleCounts
    /// Over the memory interface, between the ends of the layer before and of this one.
    package var readBytes: Int
    /// Over the memory interface, between the ends of the layer before and of this one.
    package var writtenBytes: Int
    /// What the DRAM did between those ends; nil where there is none, and for layers of the host.
    package var dram: DRAMStatistics?
}

/// What a run yields.
package struct MachineResult: Sendable {
    /// The network's output of every image.
    package var outputs: [IntegerTensor]
    /// Every feature map by name, of every image, if kept.
    package var tensors: [[String: IntegerTensor]]
    /// Cycles of one image; all images take the same.
    package var perImage: CycleCounts
    /// In the order of the program; of one image.
    package var layers: [LayerRun]
    /// Lanes times issued steps, all images.
    package var laneUpdates: Int
    /// External memory traffic of one image.
    package var readBytes: Int
    /// External memory traffic of one image.
    package var writtenBytes: Int
    /// What the DRAM did for one image; nil where there is none.
    package var dram: DRAMStatistics?
    /// Register toggles of all images by scope path, and in all.
    package var toggles: [String: UInt64]
    /// The sum over all scopes.
    package var togglesTotal: UInt64
    /// Of all images together.
    package var wallSeconds: Double
    /// Signals in the trace; 0 without one.
    package var tracedSignals: Int
    /// Images finished; fewer than asked for when interrupted.
    package var finishedImages: Int
    /// Why the plain kernel ran although streams were asked for; nil where it did not, or where a trace needs it.
    package var plainKernelReason: String?
    /// Events of each layer of the array, all images; empty unless counted.
    package var activity: [ActivityCount]
}
