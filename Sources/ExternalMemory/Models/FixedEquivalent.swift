// Memory ports and what is behind them as one latency and one bandwidth, for predictions: an isolated request's way
// there and back (docs/internals/MemoryPorts.md, "What a request costs"), and what ports, or the DRAM's pins, can move.
// Not in it: bank conflicts, refresh, turns of the bus, requests that meet in the ports, beats shorter than one of AXI,
// and that a port reads and writes at the same time.

extension MemoryModel {
    /// Edges of the core's clock on a load's way: splitter and command FIFO, and back two flip-flops and the latch.
    private static let coreEdges = 5
    /// Edges of the ports' clock before the slave: two flip-flops, AR.
    private static let portEdges = 3

    /// Latency and bandwidth that come nearest to this memory, for an accelerator whose widest beat has so many bytes; of
    /// the simple models their own. Random stalls are left out.
    public func fixedEquivalent(beatBytes: Int) -> MemoryTiming {
        switch self {
        case .simple(let timing):
            return MemoryTiming(
                latency: timing.latency, bytesPerCycle65536: timing.bytesPerCycle65536, stallSeed: nil)
        case .ports(let settings, let slave):
            // Cycles of the core's clock that one edge of the ports' clock is.
            let edge = Double(settings.coreKHz) / Double(settings.portKHz)
            let beats = settings.lineBytes(beatBytes) / PortSettings.beatBytes
            let cycles =
                Double(MemoryModel.coreEdges) + edge * Double(MemoryModel.portEdges + beats - 1)
                + slave.isolatedLatency(edge: edge, coreKHz: settings.coreKHz)
            let ports = Double(settings.ports * PortSettings.beatBytes) / edge
            let bytes = min(ports, slave.pinBytesPerSecond.map { $0 / (Double(settings.coreKHz) * 1000) } ?? ports)
            return .fixed(latency: max(1, Int(cycles.rounded())), bytesPerCycle: bytes)
        }
    }
}

extension SlaveModel {
    /// Cycles of the core's clock from an address to its first beat where nothing else is under way: across the AFI there
    /// and back, through the system, and a closed row's activation and read.
    fileprivate func isolatedLatency(edge: Double, coreKHz: Int) -> Double {
        switch self {
        case .fixed(let latency, _): return edge * Double(latency)
        case .processingSystem(let settings):
            let (path, rules) = (settings.path, settings.timing)
            let dramClocks = 2 * (path.forwardClocks + path.returnClocks) + rules.tRCD + rules.cl + rules.burst
            return edge * Double(2 * path.crossingEdges) + Double(dramClocks) * Double(coreKHz) / Double(rules.clockKHz)
        }
    }

    fileprivate var pinBytesPerSecond: Double? {
        switch self {
        case .fixed: nil
        case .processingSystem(let settings): Double(settings.timing.pinBytesPerSecond)
        }
    }
}
