// The processing system of a Zynq UltraScale+ behind the accelerator's AXI ports.

/// A processing system with its DRAM as the other side of AXI ports.
final class ProcessingSystem: AXISlave {
    let memory: PSMemory

    init(_ settings: PSMemorySettings) { memory = PSMemory(settings) }

    func advance(port: Int, to edge: Int) { memory.advance(port: port, to: edge) }
    func readReady(_ port: Int) -> Bool { memory.readReady(port) }
    func read(_ port: Int, address: Int, beats: Int) { memory.read(port, address: address, beats: beats) }
    func readValid(_ port: Int) -> Bool { memory.readValid(port) }
    func takeRead(_ port: Int) { memory.takeRead(port) }
    func writeReady(_ port: Int, beats: Int) -> Bool { memory.writeReady(port, beats: beats) }
    func write(_ port: Int, address: Int, beats: Int) { memory.write(port, address: address, beats: beats) }
    func responseValid(_ port: Int) -> Bool { memory.responseValid(port) }
    func takeResponse(_ port: Int) { memory.takeResponse(port) }
    func nextEvent(_ port: Int) -> Int { min(memory.nextEvent(port), memory.nextReady(port)) }
    var statistics: DRAMStatistics? { memory.statistics }
}
