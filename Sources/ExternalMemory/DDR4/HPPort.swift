// One HP port of the PS and its AXI FIFO interface. Times are DRAM clocks unless they are called edges: edges of the
// port's clock, of which edge e is at e / kHz ms and acts in DRAM clock ceil(e * dramKHz / kHz).
//
// A port accepts bursts while fewer than `acceptLimit` are not answered to the end. They wait in a queue; pieces of at
// most 16 beats leave it, one per controller clock, while fewer than `issueLimit` are under way and the data FIFO has
// room for what is read, or holds all of what is written. A piece gives up its place when its last beat, or its response,
// is in the AFI. Answers come in the order of requests.

/// The port's clock against the DRAM's.
struct PortClock {
    let kHz: Int
    let dramKHz: Int
    /// The current edge and its DRAM clock.
    private(set) var edge = 0
    private(set) var cycle = 0
    private var whole = 0
    private var rest = 0
    private let stepWhole: Int
    private let stepRest: Int

    init(kHz: Int, dramKHz: Int) {
        self.kHz = kHz
        self.dramKHz = dramKHz
        stepWhole = dramKHz / kHz
        stepRest = dramKHz % kHz
    }

    @inline(__always) mutating func advance(to edge: Int) {
        if edge == self.edge { return }
        if edge == self.edge &+ 1 {
            whole = whole &+ stepWhole
            rest = rest &+ stepRest
            if rest >= kHz {
                whole = whole &+ 1
                rest = rest &- kHz
            }
        } else {
            (whole, rest) = (edge &* dramKHz).quotientAndRemainder(dividingBy: kHz)
        }
        self.edge = edge
        cycle = rest > 0 ? whole &+ 1 : whole
    }

    /// The DRAM clock of an edge.
    @inline(__always) func cycle(of edge: Int) -> Int { (edge &* dramKHz &+ kHz &- 1) / kHz }
    /// The first edge at or after a DRAM clock's: whose own clock is not earlier.
    @inline(__always) func edge(from cycle: Int) -> Int { cycle <= 0 ? 0 : (cycle &- 1) &* kHz / dramKHz &+ 1 }
}

/// Queues of one direction of a port.
struct PortQueue {
    /// Places in each ring; more than the FIFO has beats.
    static let ring = 256
    static let mask = ring - 1

    /// A burst from its handshake to its answer.
    struct Burst {
        var address = 0
        var beats = 0
        /// The edge of the handshake.
        var edge = 0
        /// The edge from which its response can be seen; Int.max: not known. Writes only.
        var answered = Int.max
    }

    /// An access of 64 bytes, part of a piece.
    struct Access {
        var address = 0
        var beats = 0
        /// When it is at the arbiter.
        var arrives = 0
        /// The piece that it ends, or -1.
        var piece = -1
        /// When its data were read; -1: they were not. Reads only.
        var end = -1
        /// The edge from which its first beat can be seen. Reads only.
        var edge = 0
    }

    /// A piece of a burst.
    struct Piece {
        /// When it gives up its place; Int.max: not known.
        var done = Int.max
        /// The burst that it ends, or -1.
        var burst = -1
        /// When its beats have left the FIFO. Writes only.
        var drained = Int.max
        var beats = 0
    }

    let bursts: UnsafeMutablePointer<Burst>
    let accesses: UnsafeMutablePointer<Access>
    let pieces: UnsafeMutablePointer<Piece>
    /// Numbers of bursts: accepted, begun to leave, and answered to the end.
    var accepted = 0
    var leaving = 0
    var answered = 0
    /// Beats of the burst that leaves which have left.
    var beatsLeft = 0
    /// Numbers of pieces: issued, and drained from the FIFO.
    var issued = 0
    var drained = 0
    /// Numbers of accesses: made, in the controller, returned, and taken.
    var made = 0
    var entered = 0
    var returned = 0
    var taken = 0
    /// Beats taken of the access that is at the port.
    var beatsTaken = 0
    var lastIssue = 0
    var fifoFree: Int
    /// When there was room in the FIFO after it had been full.
    var fifoSince = 0
    init(fifo: Int) {
        fifoFree = fifo
        bursts = .allocate(capacity: PortQueue.ring)
        bursts.initialize(repeating: Burst(), count: PortQueue.ring)
        accesses = .allocate(capacity: PortQueue.ring)
        accesses.initialize(repeating: Access(), count: PortQueue.ring)
        pieces = .allocate(capacity: PortQueue.ring)
        pieces.initialize(repeating: Piece(), count: PortQueue.ring)
    }

    func deallocate() {
        bursts.deallocate()
        accesses.deallocate()
        pieces.deallocate()
    }

    /// Takes a burst into the queue.
    mutating func accept(address: Int, beats: Int, edge: Int) {
        bursts[accepted & PortQueue.mask] = Burst(address: address, beats: beats, edge: edge)
        accepted += 1
    }

    /// Whether another burst is accepted.
    @inline(__always) func accepts(_ limit: Int) -> Bool { accepted &- answered < limit }

    /// When the next piece has a place under way; nil: not known yet.
    @inline(__always) func place(_ limit: Int) -> Int? {
        guard issued >= limit else { return 0 }
        let done = pieces[(issued &- limit) & PortQueue.mask].done
        return done == Int.max ? nil : done
    }

    /// Lets a piece of the first burst leave at `cycle`; its accesses arrive `delay` later, each `perBeat` per beat after
    /// the one before, the first not before `free`. Gives when its last beat has passed.
    mutating func issue(beats: Int, at cycle: Int, delay: Int, perBeat: Int, free: Int) -> Int {
        let place = leaving & PortQueue.mask
        var address = bursts[place].address + 16 * beatsLeft
        let end = address + 16 * beats
        beatsLeft += beats
        let isLast = beatsLeft == bursts[place].beats
        pieces[issued & PortQueue.mask] = Piece(burst: isLast ? leaving : -1, beats: beats)
        var arrives = max(cycle + delay, free)
        while address < end {
            let next = min(end, (address | 63) + 1)
            let count = (next - address) / 16
            arrives += perBeat * count
            accesses[made & PortQueue.mask] = Access(
                address: address & ~63, beats: count, arrives: arrives, piece: next == end ? issued : -1)
            made += 1
            address = next
        }
        issued += 1
        lastIssue = cycle
        if isLast {
            leaving += 1
            beatsLeft = 0
        }
        return arrives
    }
}

/// A port: its clock and its place.
struct HPPort {
    var clock: PortClock
    let interface: Int
    /// The edge of the last beat of the last written burst.
    var writeEnd = -1

    init(kHz: Int, place: Int, _ settings: PSMemorySettings) {
        clock = PortClock(kHz: kHz, dramKHz: settings.timing.clockKHz)
        interface = PSMemorySettings.portInterface(place)
    }
}
