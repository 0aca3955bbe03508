// The memory of a ZCU102 as its programmable logic sees it: HP ports with AXI bursts in front, a bank-level DDR4 behind.
// Pure timing: no bytes. Event-driven: nothing is done for clocks in which nothing happens. At an edge of a port all
// commands up to that time have been sent, and none after it, so that what is asked for later still counts.
//
// Modelled between the ports and the controller: clock crossing, queues and FIFOs (HPPort), one piece per controller
// clock and AFI, one beat per controller clock and direction in each XPI (HP1 and HP2 share one), one access per
// controller clock and direction through the arbiter, round robin between the XPIs and within one. Not modelled: other
// masters of the PS, quality of service, the SMMU, early write responses. UG1085 chapters 17 and 35.

/// The PS side of a ZCU102's memory; calls come in the order of time, those of one time in the order of ports.
public final class PSMemory {
    /// What it is made of.
    public let settings: PSMemorySettings
    private let ports: UnsafeMutablePointer<HPPort>
    private let count: Int
    private var controller: DDRController
    private let path: PSPath
    private let forward: Int
    private let back: Int
    /// When the data bus of an XPI is free: of reads, then of writes.
    private let busFree: UnsafeMutablePointer<Int>
    /// Queues of the ports: reads and writes of the first, then of the next.
    private let queues: UnsafeMutablePointer<PortQueue>
    /// The arbiters of reads and of writes.
    private let arbiters: UnsafeMutablePointer<Arbiter>
    private let map: AddressMap
    private let banksPerGroup: Int
    /// The next event: an arrival in the controller or a command.
    private var nextEvent = Int.max
    /// DRAM clocks per controller clock.
    private static let ratio = 2

    /// Lets accesses into the controller, one per controller clock.
    private struct Arbiter {
        /// When it is free, and when it has work; Int.max: none, or the controller has no room.
        var free = 0
        var next = Int.max
        /// Whom it served last: which XPI, and which port of each XPI.
        var lastInterface = 0
        let lastPort: UnsafeMutablePointer<Int>

        init() {
            lastPort = .allocate(capacity: PSMemorySettings.portInterfaces)
            lastPort.initialize(repeating: -1, count: PSMemorySettings.portInterfaces)
        }
    }

    /// An idle memory with all banks closed; all ports at edge 0.
    public init(_ settings: PSMemorySettings) {
        self.settings = settings
        path = settings.path
        count = settings.ports.count
        forward = PSMemory.ratio * settings.path.forwardClocks
        back = PSMemory.ratio * settings.path.returnClocks
        // A piece of 16 beats touches at most five accesses.
        precondition(path.fifoBeats < PortQueue.ring && path.acceptLimit < PortQueue.ring)
        precondition((path.sliceBeats / 4 + 1) * path.issueLimit <= PortQueue.ring)
        ports = .allocate(capacity: count)
        for (index, kHz) in settings.ports.enumerated() {
            (ports + index).initialize(to: HPPort(kHz: kHz, place: settings.places[index], settings))
        }
        queues = .allocate(capacity: 2 * count)
        for index in 0..<2 * count { (queues + index).initialize(to: PortQueue(fifo: path.fifoBeats)) }
        arbiters = .allocate(capacity: 2)
        for index in 0..<2 { (arbiters + index).initialize(to: Arbiter()) }
        map = AddressMap(settings.geometry)
        banksPerGroup = settings.geometry.banksPerGroup
        busFree = .allocate(capacity: 2 * PSMemorySettings.portInterfaces)
        busFree.initialize(repeating: 0, count: 2 * PSMemorySettings.portInterfaces)
        controller = DDRController(settings)
    }

    deinit {
        for index in 0..<2 * count { queues[index].deallocate() }
        for index in 0..<2 { arbiters[index].lastPort.deallocate() }
        queues.deallocate()
        arbiters.deallocate()
        ports.deallocate()
        busFree.deallocate()
        controller.deallocate()
    }

    /// Counts of the DRAM up to the last `advance`.
    public var statistics: DRAMStatistics {
        controller.statistics(at: (0..<count).reduce(0) { max($0, ports[$1].clock.cycle) })
    }

    /// Whether commands are kept in `log`; off at first.
    public var keepsLog: Bool {
        get { controller.log != nil }
        set { controller.log = newValue ? controller.log ?? [] : nil }
    }

    /// The DRAM's commands in order, while `keepsLog`.
    public var log: [DRAMCommand] { controller.log ?? [] }

    // MARK: time

    /// Moves a port to its edge, not before its current one: all that has happened in the DRAM up to then counts.
    public func advance(port: Int, to edge: Int) {
        ports[port].clock.advance(to: edge)
        let now = ports[port].clock.cycle
        while nextEvent <= now { step() }
    }

    /// The earliest edge after the current one at which `readValid` or `responseValid` may become true without another
    /// request: a lower bound; Int.max when nothing is under way.
    public func nextEvent(_ port: Int) -> Int {
        var edge = Int.max
        let reads = queue(port, 0)
        if reads.pointee.answered < reads.pointee.accepted {
            edge =
                reads.pointee.taken < reads.pointee.returned
                ? reads.pointee.accesses[reads.pointee.taken & PortQueue.mask].edge + reads.pointee.beatsTaken
                : bound(port, settings.timing.cl + settings.timing.burst)
        }
        let writes = queue(port, 1)
        if writes.pointee.answered < writes.pointee.accepted {
            let answered = writes.pointee.bursts[writes.pointee.answered & PortQueue.mask].answered
            edge = min(edge, answered < Int.max ? answered : bound(port, 0))
        }
        return edge == Int.max ? edge : max(edge, ports[port].clock.edge + 1)
    }

    /// The earliest edge after the current one at which `readReady` or `writeReady` may become true where it is not,
    /// without an answer being taken: a lower bound; Int.max where only that helps. Reads always wait for an answer to
    /// be taken; writes may wait for room in the data FIFO.
    public func nextReady(_ port: Int) -> Int {
        let writes = queue(port, 1)
        // However long the next burst is: it may wait until the FIFO is empty.
        guard writes.pointee.accepts(path.acceptLimit), !writeReady(port, beats: path.fifoBeats) else { return Int.max }
        return ports[port].clock.edge + 1
    }

    /// The earliest edge at which what is done by the next event can be seen at a port, `latency` after it in the DRAM.
    private func bound(_ port: Int, _ latency: Int) -> Int {
        let clock = ports[port].clock
        guard nextEvent < Int.max else { return clock.edge + 1 }
        return clock.edge(from: nextEvent + latency + back) + path.crossingEdges
    }

    // MARK: reads

    /// Whether a read is accepted at the current edge (ARREADY): not too many are under way.
    public func readReady(_ port: Int) -> Bool { queue(port, 0).pointee.accepts(path.acceptLimit) }

    /// Asks for a burst of beats of 16 bytes at the current edge: 1 to 256, within 4 KiB. Only where `readReady`.
    public func read(_ port: Int, address: Int, beats: Int) {
        PSMemory.check(address, beats)
        queue(port, 0).pointee.accept(address: address, beats: beats, edge: ports[port].clock.edge)
        issueReads(port)
    }

    /// Whether the next beat of the oldest burst is at the port (RVALID).
    public func readValid(_ port: Int) -> Bool {
        let reads = queue(port, 0)
        return reads.pointee.taken < reads.pointee.returned
            && reads.pointee.accesses[reads.pointee.taken & PortQueue.mask].edge &+ reads.pointee.beatsTaken
                <= ports[port].clock.edge
    }

    /// Takes that beat at the current edge. Only where `readValid`.
    public func takeRead(_ port: Int) {
        let reads = queue(port, 0)
        let place = reads.pointee.taken & PortQueue.mask
        reads.pointee.beatsTaken += 1
        reads.pointee.fifoFree += 1
        if reads.pointee.beatsTaken == reads.pointee.accesses[place].beats {
            let piece = reads.pointee.accesses[place].piece
            if piece >= 0 && reads.pointee.pieces[piece & PortQueue.mask].burst >= 0 { reads.pointee.answered += 1 }
            reads.pointee.taken += 1
            reads.pointee.beatsTaken = 0
        }
        if reads.pointee.leaving < reads.pointee.accepted {
            let beats = nextPiece(reads)
            if reads.pointee.fifoFree == beats { reads.pointee.fifoSince = ports[port].clock.cycle }
            if reads.pointee.fifoFree >= beats { issueReads(port) }
        }
    }

    private func nextPiece(_ queue: UnsafeMutablePointer<PortQueue>) -> Int {
        min(
            path.sliceBeats,
            queue.pointee.bursts[queue.pointee.leaving & PortQueue.mask].beats - queue.pointee.beatsLeft)
    }

    /// Lets pieces of reads leave the queue as far as is known when they may.
    private func issueReads(_ port: Int) {
        let reads = queue(port, 0)
        while reads.pointee.leaving < reads.pointee.accepted {
            let beats = nextPiece(reads)
            guard reads.pointee.fifoFree >= beats,
                let place = reads.pointee.place(path.issueLimit)
            else { return }
            let edge = reads.pointee.bursts[reads.pointee.leaving & PortQueue.mask].edge
            let crossed = ports[port].clock.cycle(of: edge + path.crossingEdges)
            let cycle = max(
                crossed, place, reads.pointee.lastIssue + PSMemory.ratio, reads.pointee.fifoSince)
            reads.pointee.fifoFree -= beats
            let first = reads.pointee.made
            _ = reads.pointee.issue(beats: beats, at: cycle, delay: forward, perBeat: 0, free: 0)
            if first == reads.pointee.entered { arbiterWakes(0) }
        }
    }

    // MARK: writes

    /// Whether a write of so many beats is accepted at the current edge (AWREADY): not too many are under way, and
    /// the data FIFO has room for its data. A longer burst than the FIFO is accepted when the FIFO is empty.
    public func writeReady(_ port: Int, beats: Int = 16) -> Bool {
        let writes = queue(port, 1)
        let cycle = ports[port].clock.cycle
        while writes.pointee.drained < writes.pointee.issued {
            let piece = writes.pointee.pieces[writes.pointee.drained & PortQueue.mask]
            guard piece.drained <= cycle else { break }
            writes.pointee.fifoFree += piece.beats
            writes.pointee.drained += 1
        }
        return writes.pointee.accepts(path.acceptLimit)
            && writes.pointee.fifoFree >= min(beats, path.fifoBeats)
    }

    /// Writes a burst of beats of 16 bytes, 1 to 256 within 4 KiB: the address at the current edge, the last beat
    /// `beats - 1` edges later, and the next write not before the edge after that. Only where `writeReady`.
    public func write(_ port: Int, address: Int, beats: Int) {
        PSMemory.check(address, beats)
        let edge = ports[port].clock.edge
        precondition(edge > ports[port].writeEnd, "the last write's data are still moving")
        ports[port].writeEnd = edge + beats - 1
        queue(port, 1).pointee.accept(address: address, beats: beats, edge: edge)
        queue(port, 1).pointee.fifoFree -= beats
        issueWrites(port)
    }

    /// Whether the response of the oldest write is at the port (BVALID).
    public func responseValid(_ port: Int) -> Bool {
        let writes = queue(port, 1)
        return writes.pointee.answered < writes.pointee.accepted
            && writes.pointee.bursts[writes.pointee.answered & PortQueue.mask].answered <= ports[port].clock.edge
    }

    /// Takes that response at the current edge. Only where `responseValid`.
    public func takeResponse(_ port: Int) {
        queue(port, 1).pointee.answered += 1
    }

    /// Lets pieces of writes leave the queue, as far as is known when they may.
    private func issueWrites(_ port: Int) {
        let writes = queue(port, 1)
        while writes.pointee.leaving < writes.pointee.accepted {
            guard let place = writes.pointee.place(path.issueLimit) else { return }
            let beats = nextPiece(writes)
            let burst = writes.pointee.bursts[writes.pointee.leaving & PortQueue.mask]
            let last = burst.edge + writes.pointee.beatsLeft + beats - 1
            let crossed = ports[port].clock.cycle(of: last + path.crossingEdges)
            let cycle = max(crossed, place, writes.pointee.lastIssue + PSMemory.ratio)
            let bus = PSMemorySettings.portInterfaces + ports[port].interface
            let number = writes.pointee.issued
            let first = writes.pointee.made
            let end = writes.pointee.issue(
                beats: beats, at: cycle, delay: forward, perBeat: PSMemory.ratio, free: busFree[bus])
            busFree[bus] = end
            writes.pointee.pieces[number & PortQueue.mask].drained = end - forward
            if first == writes.pointee.entered { arbiterWakes(1) }
        }
    }

    private static func check(_ address: Int, _ beats: Int) {
        precondition(address >= 0 && address % 16 == 0 && (1...256).contains(beats))
        precondition(address >> 12 == (address + 16 * beats - 1) >> 12, "a burst lies within 4 KiB")
    }

    // MARK: events

    private func step() {
        let arrival = min(arbiters[0].next, arbiters[1].next)
        if arrival <= controller.next { enter(arbiters[0].next <= arbiters[1].next ? 0 : 1) } else { command() }
        nextEvent = min(min(arbiters[0].next, arbiters[1].next), controller.next)
    }

    private func command() {
        guard let served = controller.command() else { return }
        if served.direction == 0 { returnData(served.port, served.index, served.end) }
        if arbiters[served.direction].next == Int.max { arbiterWakes(served.direction) }
    }

    /// Data of a read have come from the DRAM: those whose turn it is go to their port.
    private func returnData(_ port: Int, _ index: Int, _ end: Int) {
        let reads = queue(port, 0)
        let interface = ports[port].interface
        reads.pointee.accesses[index & PortQueue.mask].end = end
        var isPlaceFree = false
        while reads.pointee.returned < reads.pointee.entered {
            let place = reads.pointee.returned & PortQueue.mask
            let access = reads.pointee.accesses[place]
            guard access.end >= 0 else { break }
            let start = max(access.end, busFree[interface])
            busFree[interface] = start + PSMemory.ratio * access.beats
            let edge = ports[port].clock.edge(from: start + back) + path.crossingEdges
            reads.pointee.accesses[place].edge = edge
            if access.piece >= 0 {
                reads.pointee.pieces[access.piece & PortQueue.mask].done =
                    start + back + PSMemory.ratio * (access.beats - 1)
                isPlaceFree = true
            }
            reads.pointee.returned += 1
        }
        if isPlaceFree { issueReads(port) }
    }

    // MARK: the arbiter

    /// Queue of a direction of a port.
    @inline(__always) private func queue(_ port: Int, _ direction: Int) -> UnsafeMutablePointer<PortQueue> {
        queues + (2 &* port &+ direction)
    }

    /// When the arbiter can let the next access of a direction in.
    private func arbiterWakes(_ direction: Int) {
        var next = Int.max
        if controller.hasRoom(direction) {
            for port in 0..<count {
                let queue = queue(port, direction)
                if queue.pointee.entered < queue.pointee.made {
                    next = min(next, queue.pointee.accesses[queue.pointee.entered & PortQueue.mask].arrives)
                }
            }
        }
        if next < Int.max { next = max(next, arbiters[direction].free) }
        arbiters[direction].next = next
        nextEvent = min(nextEvent, next)
    }

    /// Lets an access of the port whose turn it is into the controller.
    private func enter(_ direction: Int) {
        let cycle = arbiters[direction].next
        let port = turn(direction, at: cycle)
        let queue = queue(port, direction)
        let index = queue.pointee.entered
        let access = queue.pointee.accesses[index & PortQueue.mask]
        queue.pointee.entered += 1
        controller.insert(
            DDRController.Entry(
                address: access.address, port: Int32(port), index: Int32(index & PortQueue.mask),
                row: Int32(map.row(access.address)),
                bank: Int16(map.group(access.address) * banksPerGroup + map.bank(access.address))),
            direction, at: cycle)
        if direction == 1 && access.piece >= 0 { accepted(port, access.piece, cycle) }
        arbiters[direction].free = cycle + PSMemory.ratio
        arbiterWakes(direction)
    }

    /// The port whose turn it is among those that have something for the arbiter: XPIs in turn, and in turn the ports of
    /// an XPI.
    @inline(__always) private func turn(_ direction: Int, at cycle: Int) -> Int {
        let arbiter = arbiters + direction
        for offset in 1...PSMemorySettings.portInterfaces {
            let interface = (arbiter.pointee.lastInterface + offset) % PSMemorySettings.portInterfaces
            var found = -1
            for port in 0..<count where ports[port].interface == interface {
                let queue = queue(port, direction)
                guard queue.pointee.entered < queue.pointee.made,
                    queue.pointee.accesses[queue.pointee.entered & PortQueue.mask].arrives <= cycle
                else { continue }
                // Of two, the one that was not served last.
                if found < 0 || arbiter.pointee.lastPort[interface] == found { found = port }
            }
            if found >= 0 {
                arbiter.pointee.lastInterface = interface
                arbiter.pointee.lastPort[interface] = found
                return found
            }
        }
        preconditionFailure("nothing has arrived")
    }

    /// The controller has all of a written piece: its response goes back.
    private func accepted(_ port: Int, _ piece: Int, _ cycle: Int) {
        let place = piece & PortQueue.mask
        queue(port, 1).pointee.pieces[place].done = cycle + back
        let burst = queue(port, 1).pointee.pieces[place].burst
        if burst >= 0 {
            queue(port, 1).pointee.bursts[burst & PortQueue.mask].answered =
                ports[port].clock.edge(from: cycle + back) + path.crossingEdges
        }
        issueWrites(port)
    }
}
