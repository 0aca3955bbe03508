// What external memory is for a run: one number for everything outside, or ports and what they are connected to.

import Design
import Kernel

/// A model of external memory, as a value.
public enum MemoryModel: Sendable, Hashable {
    /// the memories `ideal` and `fixed`: latency and bandwidth at the accelerator's interface
    case simple(MemoryTiming)
    /// AXI ports with a clock of their own, and what they are connected to
    case ports(PortSettings, SlaveModel)

    /// A memory of that kind for one run, with those contents, to be attached to a simulation of the accelerator.
    public func device(_ contents: any MemoryBeats, interface: MemoryInterface) -> any MemoryDevice {
        switch self {
        case .simple(let timing): SimpleMemory(contents, interface: interface, timing: timing)
        case .ports(let settings, let slave):
            MemoryPorts(contents, interface: interface, settings: settings, slave: slave.make(settings))
        }
    }
}

/// External memory at an accelerator's interface.
public protocol MemoryDevice: ExternalDevice {
    /// What the DRAM has done up to the beginning of a cycle, not before the last one that it was clocked in; nil where
    /// there is none.
    func dram(before cycle: Int) -> DRAMStatistics?
}

/// What AXI ports are connected to, as a value.
public enum SlaveModel: Sendable, Hashable {
    /// a latency in edges of the ports' clock and, with a seed, random stalls: for tests and co-simulation
    case fixed(latency: Int, stallSeed: UInt64?)
    /// the processing system of a Zynq UltraScale+ and its DRAM
    case processingSystem(PSMemorySettings)

    /// Edges of the ports' clock that an answer takes at most, when nothing else is asked for.
    public var longestLatency: Int {
        switch self {
        case .fixed(let latency, let seed): seed == nil ? latency : 8 * latency + 64
        // Through the system, a refresh and a row conflict, in clocks of the DRAM, which are shorter.
        case .processingSystem(let settings):
            2 * (settings.path.forwardClocks + settings.path.returnClocks) + settings.timing.tRFC + settings.timing.tRC
        }
    }

    /// One for a run.
    package func make(_ settings: PortSettings) -> any AXISlave {
        switch self {
        case .fixed(let latency, let seed): FixedSlave(ports: settings.ports, latency: latency, stallSeed: seed)
        case .processingSystem(let system): ProcessingSystem(system)
        }
    }
}
