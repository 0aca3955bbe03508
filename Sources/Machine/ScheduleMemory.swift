// Memory as the scheduler counts with it.

import ExternalMemory
import Schedule

extension ScheduleOptions.Memory {
    /// That of a run: exact for `ideal` and `fixed`; of ports what they bring, and the time through the system.
    package init(_ memory: MemoryModel) {
        switch memory {
        case .simple(let timing):
            self.init(latency: timing.latency, bytesPerCycle65536: timing.bytesPerCycle65536)
        case .ports(let settings, let slave):
            let clocks = Double(settings.coreKHz) / Double(settings.portKHz)
            let beats = Double(settings.ports * PortSettings.beatBytes) / clocks
            let (latency, most) = slave.unloaded(coreKHz: settings.coreKHz, portKHz: settings.portKHz)
            self.init(
                latency: latency, bytesPerCycle65536: Int(min(beats, most) * 65536))
        }
    }
}

extension SlaveModel {
    /// Cycles of the core from a request to its first beat, nothing else being asked for, and bytes of a cycle at most.
    fileprivate func unloaded(coreKHz: Int, portKHz: Int) -> (latency: Int, bytes: Double) {
        func cycles(_ clocks: Int, of kHz: Int) -> Int { (clocks * coreKHz + kHz - 1) / kHz }
        switch self {
        case .fixed(let latency, _): return (max(1, cycles(latency, of: portKHz)), .infinity)
        case .processingSystem(let system):
            let (path, timing) = (system.path, system.timing)
            let clocks = 2 * (path.forwardClocks + path.returnClocks) + timing.tRCD + timing.cl
            let latency = cycles(2 * path.crossingEdges, of: portKHz) + cycles(clocks, of: timing.clockKHz)
            return (latency, Double(timing.pinBytesPerSecond) / Double(coreKHz * 1000))
        }
    }
}
