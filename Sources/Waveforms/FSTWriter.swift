// Writes FST (see FSTLayout.swift) straight from value changes.
//
// Each signal keeps one growing chain of records in its final form: a variable-length head with the distance
// in time items to its last record, then the value, most significant byte first and left aligned. A section is
// the chains since the last one. The file is readable after every single write, so a killed run still opens:
// header, geometry and hierarchy stand first; a section is written behind a spare block head that readers skip,
// and becomes visible by patching that head (FSTWriter+Section.swift).
//
// Unknown bits, reals and strings come from converted traces only (FSTWriter+Conversion.swift).

/// A trace writer for `.fst` files.
///
/// Cost: a change is a compare, and when the value differs an append of 2 to width/8 + 3 bytes. Memory is about
/// twice `sectionBytes`.
public final class FSTWriter: TraceWriter {
    /// The open chain of one distinct signal.
    struct Chain: ~Copyable {
        var bytes = ByteBuffer(capacity: 16)
        /// The index, in this section's times, of the last record.
        var lastTimeIndex: UInt64 = 0
    }

    let hierarchy: SignalHierarchy
    let options: TraceWriterOptions
    let file: OutputFile
    let values: SignalValues
    let chains: UnsafeMutableBufferPointer<Chain>
    let deflater: Deflater
    /// Times of this section as variable-length differences.
    var times = ByteBuffer(capacity: 4096)
    var timeCount: UInt64 = 0
    /// The state at the start of the section as it goes into the file.
    var frame = ByteBuffer()
    var frameLength = 0
    /// Bytes in all chains, so that a section is closed in time.
    var pendingBytes = 0
    var sectionCount: UInt64 = 0
    var firstTime: UInt64 = 0
    /// The last time that stands in the file or in `times`.
    var lastTime: UInt64 = 0
    /// The last time of the previous section.
    var sectionBegin: UInt64 = 0

    private var phase = Phase.beforeFirstTime
    private var time: UInt64 = 0
    /// The current time already has an item in `times`.
    private var timeIsOpen = false
    private var flushDeadline: Int
    private var callsUntilClock = 0

    private enum Phase { case beforeFirstTime, atFirstTime, running, closed }

    /// Creates the file and writes everything that precedes the values.
    /// - Throws: `WaveformError.file` when the file cannot be created or written (no file is left then),
    ///   `WaveformError.invalid` for options out of range.
    public init(
        path: String, hierarchy: SignalHierarchy, options: TraceWriterOptions = TraceWriterOptions()
    ) throws {
        try options.check()
        self.hierarchy = hierarchy
        self.options = options
        values = SignalValues(hierarchy)
        deflater = Deflater(level: options.compressionLevel)
        chains = .allocate(capacity: values.slots.count)
        for index in chains.indices { chains.initializeElement(at: index, to: Chain()) }
        flushDeadline = monotonicSeconds() + options.flushSeconds
        do {
            file = try OutputFile(path: path)
        } catch {
            // A class whose init throws before all properties are set does not run deinit.
            chains.deinitialize()
            chains.deallocate()
            throw error
        }
        do {
            try writePreamble()
        } catch {
            file.discard()
            throw error
        }
    }

    deinit {
        chains.deinitialize()
        chains.deallocate()
    }

    /// Moves to a time; see `TraceWriter`. Full sections are written here.
    public func setTime(_ time: UInt64) throws {
        switch phase {
        case .running:
            if time == self.time { return }
            try checkOrder(time)
            try flushIfDue()
            timeIsOpen = false
        case .beforeFirstTime:
            firstTime = time
            phase = .atFirstTime
        case .atFirstTime:
            if time == self.time { return }
            try checkOrder(time)
            try writeInitialSection()
            phase = .running
            timeIsOpen = false
        case .closed:
            throw WaveformError.invalid("the trace '\(file.path)' is closed")
        }
        self.time = time
    }

    /// Changes a signal of at most 64 bits; see `TraceWriter`.
    @inline(__always)
    public func change(_ handle: Int, value: UInt64) {
        let slot = values.slot(of: handle)
        if values.update(slot, value: value) && phase == .running { record(slot) }
    }

    /// Changes a signal of any width; see `TraceWriter`.
    public func change(_ handle: Int, _ words: UnsafePointer<UInt64>) {
        let slot = values.slot(of: handle)
        if values.update(slot, words: words) && phase == .running { record(slot) }
    }

    /// Whether changes are records: after the first time, whose values are in the frame. `phase` itself stays private,
    /// which keeps the checks of exclusive access out of `change`.
    var isRunning: Bool { phase == .running }

    /// Writes a section of what was collected; see `TraceWriter`.
    public func flush() throws {
        guard phase == .running, timeCount > 0 else { return }
        try writeSection()
        timeIsOpen = false
        flushDeadline = monotonicSeconds() + options.flushSeconds
    }

    /// Completes the file; see `TraceWriter`.
    public func close() throws {
        if phase == .closed { return }
        try writeRest()
        try finishHeader()
        try file.finish()
    }

    /// Leaves the mark of a file whose writer was stopped; see `TraceWriter`.
    public func closeUnfinished() throws {
        if phase == .closed { return }
        try writeRest()
        try file.finish()
    }

    private func writeRest() throws {
        switch phase {
        case .closed: break
        case .beforeFirstTime, .atFirstTime:
            phase = .closed
            lastTime = firstTime
            try writeInitialSection()
        case .running:
            phase = .closed
            if time > lastTime { openTimeItem() }
            if timeCount > 0 { try writeSection() }
        }
    }

    private func checkOrder(_ next: UInt64) throws {
        if next < time {
            throw WaveformError.invalid(
                "the trace '\(file.path)' was asked to go back in time from \(time) to \(next)")
        }
    }

    // MARK: Records

    /// Appends the present value of a slot to its chain.
    @inline(__always)
    func record(_ slot: Int) {
        let entry = values.slots[slot]
        let distance = startRecord(slot)
        let value = values.value(of: slot)
        let before = chains[slot].bytes.count
        if entry.width == 1 {
            chains[slot].bytes.appendBit(value.pointee, distance: distance)
        } else if entry.wordCount == 1 {
            chains[slot].bytes.appendWord(value.pointee, width: entry.width, distance: distance)
        } else {
            chains[slot].bytes.appendWords(value, slot: entry, distance: distance)
        }
        pendingBytes &+= chains[slot].bytes.count &- before
    }

    /// Opens the present time where that was not done; gives the distance to the slot's last record in time items.
    @inline(__always)
    func startRecord(_ slot: Int) -> UInt64 {
        if !timeIsOpen { openTimeItem() }
        let index = timeCount &- 1
        let distance = index &- chains[slot].lastTimeIndex
        chains[slot].lastTimeIndex = index
        return distance
    }

    private func openTimeItem() {
        // The first item of a section is a time of its own, later ones are differences.
        times.append(varint: timeCount == 0 ? time : time - lastTime)
        timeCount += 1
        lastTime = time
        timeIsOpen = true
    }

    // MARK: Sections

    /// Records every signal's value at the first time and writes them as a section of their own.
    private func writeInitialSection() throws {
        time = firstTime
        sectionBegin = firstTime
        buildFrame()
        openTimeItem()
        if let conversion = values.conversion {
            for slot in values.slots.indices where conversion.isDefined[slot] { recordConverted(slot, conversion) }
        } else {
            for slot in values.slots.indices { record(slot) }
        }
        try writeSection()
    }

    private func flushIfDue() throws {
        // A section's time indices must stay below 2^28 and its chains below 2 GiB.
        if pendingBytes >= min(options.sectionBytes, 1 << 30) || timeCount >= 1 << 26 {
            try writeSection()
            flushDeadline = monotonicSeconds() + options.flushSeconds
            return
        }
        callsUntilClock -= 1
        guard callsUntilClock < 0 else { return }
        callsUntilClock = 255
        let now = monotonicSeconds()
        guard now >= flushDeadline else { return }
        if timeCount > 0 { try writeSection() }
        flushDeadline = now + options.flushSeconds
    }
}

extension ByteBuffer {
    /// One bit: head = distance << 2 | value << 1.
    @inline(__always)
    fileprivate mutating func appendBit(_ value: UInt64, distance: UInt64) {
        reserve(10)
        advance(putVarint(distance << 2 | (value & 1) << 1, at: end))
    }

    /// 2 to 64 bits: head = distance << 1, then the left-aligned value; eight bytes are stored, the used ones
    /// counted.
    @inline(__always)
    fileprivate mutating func appendWord(_ value: UInt64, width: Int, distance: UInt64) {
        reserve(18)
        let head = putVarint(distance << 1, at: end)
        let aligned = value << UInt64(64 - width)
        UnsafeMutableRawPointer(end + head).storeBytes(of: aligned.bigEndian, as: UInt64.self)
        advance(head + (width + 7) / 8)
    }

    /// More than 64 bits: the words from the least significant one, each at its place from the end.
    fileprivate mutating func appendWords(
        _ words: UnsafePointer<UInt64>, slot: SignalValues.Slot, distance: UInt64
    ) {
        let length = (slot.width + 7) / 8
        reserve(10 + length)
        let head = putVarint(distance << 1, at: end)
        let target = UnsafeMutableRawPointer(end + head)
        let pad = UInt64(length * 8 - slot.width)
        var carry: UInt64 = 0
        var place = length
        for index in 0..<slot.wordCount {
            var aligned = words[index] << pad | carry
            carry = pad == 0 ? 0 : words[index] >> (64 - pad)
            if place >= 8 {
                place -= 8
                target.storeBytes(of: aligned.bigEndian, toByteOffset: place, as: UInt64.self)
                continue
            }
            while place > 0 {
                place -= 1
                target.storeBytes(of: UInt8(truncatingIfNeeded: aligned), toByteOffset: place, as: UInt8.self)
                aligned >>= 8
            }
        }
        advance(head + length)
    }
}
