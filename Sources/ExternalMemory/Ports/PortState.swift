// State of one AXI port's hardware, in the two clocks. Counters never wrap here; the hardware's are Gray codes as wide as
// their FIFO needs, which say the same, since nothing lags behind by more than a FIFO's depth.

/// A counter that one clock counts and the other sees through two flip-flops.
struct CrossingCounter {
    var value = 0
    /// The value before the last edge of the clock that counts.
    private(set) var before = 0
    private var stage = 0
    /// What the other clock sees.
    private(set) var seen = 0

    /// An edge of the clock that counts begins.
    @inline(__always) mutating func begin() { before = value }

    /// An edge of the clock that looks, at which the counter has `value`; whether a flip-flop changes.
    @inline(__always) mutating func look(at value: Int) -> Bool {
        let moves = seen != stage || stage != value
        seen = stage
        stage = value
        return moves
    }
}

/// Who asked for a burst.
enum ReadStream: Int {
    case instructions, data
}

/// A read burst on its way from the accelerator's clock to the port.
struct ReadCommand {
    var address = 0
    var beats = 0
    var stream = ReadStream.data
}

/// A write burst on its way.
struct WriteCommand {
    var address = 0
    var beats = 0
}

/// Registers and FIFOs of one port.
struct PortState {
    // MARK: read

    /// Commands: written by the core, read by the port.
    var commands = FixedQueue<ReadCommand>(PortSettings.commandDepth)
    var commandsPushed = CrossingCounter()
    var commandsPopped = CrossingCounter()
    /// Beats of AXI that have come, by stream, written by the port.
    var dataArrived = CrossingCounter()
    var fetchArrived = CrossingCounter()
    /// Beats that the core has taken out of the FIFO into its latch.
    var dataLoaded = 0
    /// Beats that may be asked for: room in the FIFO that no burst has claimed.
    var dataCredit = PortSettings.dataDepth
    /// The latch behind the FIFO holds a line.
    var hasLine = false
    /// Streams of the bursts that the port has asked for, oldest first, with beats to come.
    var open = FixedQueue<ReadCommand>(256)

    // MARK: write

    var writeCommands = FixedQueue<WriteCommand>(PortSettings.commandDepth)
    var writesPushed = CrossingCounter()
    var writesPopped = CrossingCounter()
    /// Lines of data, pushed by the core, popped by the port.
    var linesPushed = CrossingCounter()
    var linesPopped = CrossingCounter()
    /// The latch behind the write FIFO holds a line; beats of it that have moved.
    var hasWriteLine = false
    var beatOfLine = 0
    /// The burst whose address the slave has taken and whose data follow those of the burst before.
    var hasNextBurst = false
    var nextBurst = WriteCommand()
    /// Beats to come of the burst whose data move; none of them has.
    var beatsLeft = 0
    var burst = WriteCommand()
    var burstIsNew = false
    /// Bursts that have been written, counted by the port, and how many of them the core has noted.
    var responses = CrossingCounter()
    var responsesNoted = 0

    /// An edge of the port's clock begins.
    @inline(__always) mutating func beginPortEdge() {
        commandsPopped.begin()
        dataArrived.begin()
        fetchArrived.begin()
        writesPopped.begin()
        linesPopped.begin()
        responses.begin()
    }

    /// The port's clock looks at the core's counters; whether a flip-flop changes.
    @inline(__always) mutating func lookFromPort() -> Bool {
        let reads = commandsPushed.look(at: commandsPushed.value)
        let writes = writesPushed.look(at: writesPushed.value)
        let lines = linesPushed.look(at: linesPushed.value)
        return reads || writes || lines
    }

    /// The core's clock looks at the port's counters, at an edge of its own or at a common one.
    @inline(__always) mutating func lookFromCore(_ isCommon: Bool) -> Bool {
        func look(_ counter: inout CrossingCounter) -> Bool {
            counter.look(at: isCommon ? counter.before : counter.value)
        }
        let reads = look(&commandsPopped)
        let data = look(&dataArrived)
        let fetches = look(&fetchArrived)
        let writes = look(&writesPopped)
        let lines = look(&linesPopped)
        let responses = look(&self.responses)
        return reads || data || fetches || writes || lines || responses
    }
}

/// A queue in a fixed place.
struct FixedQueue<Element> {
    private let places: UnsafeMutablePointer<Element>
    private let capacity: Int
    private var first = 0
    private(set) var count = 0

    init(_ capacity: Int) {
        places = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    func deallocate() { places.deallocate() }

    /// The oldest.
    @inline(__always) var head: Element {
        get { places[first] }
        nonmutating set { places[first] = newValue }
    }

    @inline(__always) mutating func push(_ element: Element) {
        precondition(count < capacity)
        (places + (first + count) % capacity).initialize(to: element)
        count += 1
    }

    @inline(__always) mutating func pop() {
        first = first + 1 == capacity ? 0 : first + 1
        count -= 1
    }
}
