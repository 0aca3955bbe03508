// An AXI slave without a memory behind it: every burst is answered a fixed number of edges later, or, with a seed, whenever
// it pleases. It shows that ports wait as AXI demands.

/// A slave with a latency and random stalls.
final class FixedSlave: AXISlave {
    private struct Burst {
        var beats: Int
        var due: Int
    }
    private struct Port {
        var edge = -1
        var reads: [Burst] = []
        var responses: [Int] = []
        var stalls: UInt64 = 0
    }
    private var ports: [Port]
    private let latency: Int
    private let stallSeed: UInt64?
    /// Bursts that a port and direction may have open.
    private static let openBursts = 16

    init(ports: Int, latency: Int, stallSeed: UInt64?) {
        self.ports = .init(repeating: Port(), count: ports)
        self.latency = latency
        self.stallSeed = stallSeed
    }

    func advance(port: Int, to edge: Int) {
        ports[port].edge = edge
        guard let stallSeed else { return }
        // Four bits, each set in a quarter of the edges (SplitMix64).
        var z = stallSeed &+ UInt64(bitPattern: Int64(edge * 4 + port + 1)) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        ports[port].stalls = z & (z >> 8)
    }

    func readReady(_ port: Int) -> Bool {
        ports[port].stalls & 1 == 0 && ports[port].reads.count < FixedSlave.openBursts
    }

    func read(_ port: Int, address: Int, beats: Int) {
        precondition((1...256).contains(beats) && address & 4095 + beats * PortSettings.beatBytes <= 4096)
        ports[port].reads.append(Burst(beats: beats, due: ports[port].edge + latency))
    }

    func readValid(_ port: Int) -> Bool {
        guard ports[port].stalls & 2 == 0, let burst = ports[port].reads.first else { return false }
        return burst.due <= ports[port].edge
    }

    func takeRead(_ port: Int) {
        ports[port].reads[0].beats -= 1
        if ports[port].reads[0].beats == 0 { ports[port].reads.removeFirst() }
    }

    func writeReady(_ port: Int, beats: Int) -> Bool {
        ports[port].stalls & 4 == 0 && ports[port].responses.count < FixedSlave.openBursts
    }

    func write(_ port: Int, address: Int, beats: Int) {
        precondition((1...256).contains(beats) && address & 4095 + beats * PortSettings.beatBytes <= 4096)
        ports[port].responses.append(ports[port].edge + beats - 1 + latency)
    }

    func responseValid(_ port: Int) -> Bool {
        guard ports[port].stalls & 8 == 0, let due = ports[port].responses.first else { return false }
        return due <= ports[port].edge
    }

    func takeResponse(_ port: Int) { ports[port].responses.removeFirst() }

    func nextEvent(_ port: Int) -> Int {
        // A stall may end at the next edge.
        guard stallSeed == nil else { return ports[port].edge + 1 }
        let next = min(ports[port].reads.first?.due ?? Int.max, ports[port].responses.first ?? Int.max)
        return next == Int.max ? next : max(next, ports[port].edge + 1)
    }
}
