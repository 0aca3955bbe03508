// The hardware between the accelerator's engines and its AXI ports, as a model of its registers: what docs/internals/
// MemoryPorts.md draws, edge by edge in both clocks. Reads are split into bursts that go to the ports in turn, their beats
// come back in order; written beats are collected into bursts. Time follows from addresses alone: bytes are those of the
// MemoryBeats, moved where the accelerator takes and gives them.

import Design
import Kernel

#if MUTANTS
    import Mutants
#endif

/// The accelerator's memory ports and what is behind them, at the accelerator's interface.
public final class MemoryPorts: MemoryDevice {
    let contents: any MemoryBeats
    let interface: MemoryInterface
    let settings: PortSettings
    let slave: any AXISlave
    /// Bytes of a line of reads, AXI beats of it, and the bytes to whose multiples bursts are rounded out.
    let line: Int
    let beatsOfLine: Int
    let rounding: Int
    /// Of a beat that is written, of a line of writes, and AXI beats of that.
    let beat: Int
    let writeLine: Int
    let beatsOfWriteLine: Int
    let chunk: Int
    let ports: UnsafeMutablePointer<PortState>
    var places: MemoryPlaces!
    var drives = MemoryOffer()

    // Registers of the core's clock.
    var fetch = Split()
    var fetchCredit = PortSettings.fetchDepth
    var fetchLoaded = 0
    var hasFetched = false
    var fetchAddress = 0
    var read = Split()
    var readPort = 0
    var requests = FixedQueue<Request>(PortSettings.requestDepth)
    /// The oldest request stands at the output of its FIFO.
    var hasRequest = false
    var requestsWaiting = 0
    var current = Request()
    var currentPort = 0
    var run = WriteRun()
    var writePort = 0
    var openWrites = 0

    // What the loop knows of time.
    var portEdge = -1
    /// Nothing has moved in the last edges of both clocks: nothing will, until the slave or the accelerator does something.
    var coreIsStill = false
    var portsAreStill = false

    /// A transfer that is split into bursts.
    struct Split {
        var isActive = false
        var address = 0
        /// Bytes to come.
        var left = 0
        /// Bursts are rounded out to its multiples.
        var rounding = PortSettings.beatBytes
    }

    /// A request of the load engine: what is left of it.
    struct Request {
        var address = 0
        var beats = 0
        /// Of a beat.
        var bytes = 0
    }

    /// Written beats that become one burst.
    struct WriteRun {
        var isOpen = false
        /// Where the burst begins, whole beats of AXI; lines so far; where the next beat must go to belong to it.
        var start = 0
        var lines = 0
        var next = 0
    }

    /// Ports of those settings before a slave.
    public init(
        _ contents: any MemoryBeats, interface: MemoryInterface, settings: PortSettings, slave: any AXISlave
    ) {
        self.contents = contents
        self.interface = interface
        self.settings = settings
        self.slave = slave
        beat = interface.beat.bytes
        let wide = interface.wideBeat.bytes
        line = settings.lineBytes(wide)
        beatsOfLine = line / PortSettings.beatBytes
        // Where all beats are alike a row of them begins and ends where lines do, or lines are beats of AXI.
        #if MUTANTS
            rounding = wide > beat && !isPlanted("port-line") ? line : PortSettings.beatBytes
        #else
            rounding = wide > beat ? line : PortSettings.beatBytes
        #endif
        writeLine = settings.lineBytes(beat)
        beatsOfWriteLine = writeLine / PortSettings.beatBytes
        chunk = settings.chunkBytes(wide)
        ports = .allocate(capacity: settings.ports)
        for port in 0..<settings.ports { (ports + port).initialize(to: PortState()) }
    }

    deinit {
        for port in 0..<settings.ports {
            ports[port].commands.deallocate()
            ports[port].open.deallocate()
            ports[port].writeCommands.deallocate()
        }
        ports.deallocate()
        requests.deallocate()
    }

    /// Requests wake ports that rest.
    public var wakeNets: [NetID] { interface.requests }

    /// Looks up where the accelerator's ports lie.
    public func attached(to state: StateView, _ inputs: InputPorts) {
        places = MemoryPlaces(interface, state, inputs)
    }

    /// What the DRAM has done up to the beginning of a cycle; while the ports rest it goes on alone.
    public func dram(before cycle: Int) -> DRAMStatistics? {
        let edge = cycle * settings.portKHz / settings.coreKHz
        if portsAreStill, edge > portEdge {
            for port in 0..<settings.ports { slave.advance(port: port, to: min(edge, firstEvent - 1)) }
        }
        return slave.statistics
    }

    // MARK: the accelerator's side

    /// Offers what the registers of the core's clock hold.
    public func drive(cycle: Int, _ inputs: InputPorts) {
        var next = MemoryOffer()
        next.fetchReady = !fetch.isActive
        next.fetchValid = hasFetched
        next.readReady = !read.isActive && requestsUsed < PortSettings.requestDepth
        next.readValid = hasRequest && ports[currentPort].hasLine
        next.writeReady = hasWriteRoom
        next.settled = !run.isOpen && openWrites == 0
        drives = next
        places.show(next)
        if next.fetchValid { contents.offerFetch(fetchAddress, to: interface.fetch, inputs) }
        if next.readValid { contents.offerRead(current.address, bytes: current.bytes, to: interface, inputs) }
    }

    /// Requests that the load engine waits for: those in the FIFO and the one at its output.
    var requestsUsed: Int { requests.count + (hasRequest ? 1 : 0) }

    /// Whatever port the next lines and bursts go to, there is room for two of each, and two more may be open.
    var hasWriteRoom: Bool {
        guard openWrites < PortDepth.openBursts - 1 else { return false }
        for port in 0..<settings.ports {
            let lines = ports[port].linesPushed.value - ports[port].linesPopped.seen
            let bursts = ports[port].writesPushed.value - ports[port].writesPopped.seen
            if (lines + 2) * beatsOfWriteLine > PortSettings.dataDepth || bursts + 2 > PortSettings.commandDepth {
                return false
            }
        }
        return true
    }

    /// Moves the ports' clock up to the end of this cycle, and the core's by one edge. At a common edge both see what was
    /// before it.
    public func clock(cycle: Int, _ state: StateView) -> Int {
        // Edge e of the ports' clock is at e / portKHz, the edge that ends this cycle at (cycle + 1) / coreKHz.
        let end = (cycle + 1) * settings.portKHz
        let last = end / settings.coreKHz
        #if MUTANTS
            let isCommon = last * settings.coreKHz == end && !isPlanted("port-common-edge")
        #else
            let isCommon = last * settings.coreKHz == end
        #endif
        if portsAreStill { portEdge = max(portEdge, min(last, firstEvent) - 1) }
        while portEdge < last { stepPorts() }
        coreIsStill = !stepCore(isCommon, state)
        if !coreIsStill { portsAreStill = false }
        return next(after: cycle)
    }

    /// The first edge of the ports' clock at which something may happen though the accelerator does nothing.
    var firstEvent: Int {
        var first = Int.max
        for port in 0..<settings.ports { first = min(first, slave.nextEvent(port)) }
        return first
    }

    private func next(after cycle: Int) -> Int {
        guard coreIsStill, portsAreStill, !drives.readValid, !drives.fetchValid else { return cycle + 1 }
        let event = firstEvent
        guard event < Int.max else { return Int.max }
        // The cycle whose end is the first at or after the event.
        return max(cycle + 1, (event * settings.coreKHz + settings.portKHz - 1) / settings.portKHz - 1)
    }

    // MARK: the ports' clock

    private func stepPorts() {
        portEdge += 1
        var moved = false
        for port in 0..<settings.ports where stepPort(port) { moved = true }
        portsAreStill = !moved
    }

    /// An edge of one port; whether a register changed.
    private func stepPort(_ index: Int) -> Bool {
        slave.advance(port: index, to: portEdge)
        let port = ports + index
        port.pointee.beginPortEdge()
        let reads = stepReads(index)
        let writes = stepWrites(index)
        let looks = port.pointee.lookFromPort()
        return reads || writes || looks
    }

    private func stepReads(_ index: Int) -> Bool {
        let port = ports + index
        var moved = false
        let isReady = slave.readReady(index)
        if slave.readValid(index) {
            slave.takeRead(index)
            switch port.pointee.open.head.stream {
            case .data: port.pointee.dataArrived.value += 1
            case .instructions: port.pointee.fetchArrived.value += 1
            }
            port.pointee.open.head.beats -= 1
            if port.pointee.open.head.beats == 0 { port.pointee.open.pop() }
            moved = true
        }
        if port.pointee.commandsPushed.seen > port.pointee.commandsPopped.value, isReady {
            let command = port.pointee.commands.head
            port.pointee.commands.pop()
            port.pointee.commandsPopped.value += 1
            port.pointee.open.push(command)
            slave.read(index, address: command.address, beats: command.beats)
            moved = true
        }
        return moved
    }

    private func stepWrites(_ index: Int) -> Bool {
        let port = ports + index
        let addressIsThere = port.pointee.writesPushed.seen > port.pointee.writesPopped.value
        let takesAddress =
            addressIsThere && !port.pointee.hasNextBurst && !port.pointee.burstIsNew
            && slave.writeReady(index, beats: port.pointee.writeCommands.head.beats)
        let lineIsThere = port.pointee.linesPushed.seen > port.pointee.linesPopped.value
        var moved = false
        var popsLine = false
        if port.pointee.beatsLeft > 0, port.pointee.hasWriteLine {
            if port.pointee.burstIsNew {
                slave.write(index, address: port.pointee.burst.address, beats: port.pointee.burst.beats)
                port.pointee.burstIsNew = false
            }
            port.pointee.beatsLeft -= 1
            port.pointee.beatOfLine += 1
            popsLine = port.pointee.beatOfLine == beatsOfWriteLine
            if popsLine { port.pointee.beatOfLine = 0 }
            moved = true
        }
        if port.pointee.beatsLeft == 0, port.pointee.hasNextBurst {
            port.pointee.burst = port.pointee.nextBurst
            port.pointee.beatsLeft = port.pointee.burst.beats
            port.pointee.burstIsNew = true
            port.pointee.hasNextBurst = false
            moved = true
        }
        if takesAddress {
            port.pointee.nextBurst = port.pointee.writeCommands.head
            port.pointee.hasNextBurst = true
            port.pointee.writeCommands.pop()
            port.pointee.writesPopped.value += 1
            moved = true
        }
        if lineIsThere && (!port.pointee.hasWriteLine || popsLine) {
            port.pointee.hasWriteLine = true
            port.pointee.linesPopped.value += 1
            moved = true
        } else if popsLine {
            port.pointee.hasWriteLine = false
        }
        if slave.responseValid(index) {
            slave.takeResponse(index)
            port.pointee.responses.value += 1
            moved = true
        }
        return moved
    }
}
