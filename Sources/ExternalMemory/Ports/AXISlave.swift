// What the AXI ports of the accelerator are connected to: the processing system with its memory, or, for tests, something
// simpler. Channels as in AXI4; no data, which does not influence time.

/// The other side of the accelerator's AXI ports. Edges of a port's clock are numbered from 0 on; calls come in
/// nondecreasing time.
public protocol AXISlave: AnyObject {
    /// Moves a port to an edge of its clock; the other calls are about that edge then.
    func advance(port: Int, to edge: Int)
    /// ARREADY.
    func readReady(_ port: Int) -> Bool
    /// A handshake of AR: a burst of 16-byte beats, at most 256, within 4 KiB.
    func read(_ port: Int, address: Int, beats: Int)
    /// RVALID: the next beat of the oldest burst is at the port.
    func readValid(_ port: Int) -> Bool
    /// A handshake of R.
    func takeRead(_ port: Int)
    /// AWREADY: there is room for all data of a burst of so many beats.
    func writeReady(_ port: Int, beats: Int) -> Bool
    /// The first beat of W moves; the others follow, one an edge. AW was taken before, and no other since.
    func write(_ port: Int, address: Int, beats: Int)
    /// BVALID: the oldest burst that is open has been written.
    func responseValid(_ port: Int) -> Bool
    /// A handshake of B.
    func takeResponse(_ port: Int)
    /// The first edge after the port's own at which something may become valid or ready though nobody asks for anything: a
    /// lower bound; `Int.max` where nothing is on its way.
    func nextEvent(_ port: Int) -> Int
    /// What the DRAM has done up to the ports' edges; nil where there is none.
    var statistics: DRAMStatistics? { get }
}

extension AXISlave {
    /// There is no DRAM.
    public var statistics: DRAMStatistics? { nil }
}
