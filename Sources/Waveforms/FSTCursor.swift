// Walks the changes of an FST in time order.
//
// One section is unpacked at a time. Every handle stands in the list of the time item of its next record; the
// lists are worked off one time after the other, and a handle moves on to the list of its following record.
//
// Unsafe memory: `places`, `nextPlace` and `firstPlace` are made anew for each section. Place numbers come from
// 0..<places.count only, and time indices are checked against firstPlace.count before they are stored.

/// A cursor over an FST.
final class FSTCursor: TraceCursor {
    /// A handle's place in its chain. `head` is the head of the next record.
    private struct Place {
        let shape: FSTContainer.Shape
        let signal: Int
        var reader: ByteReader
        var head: UInt64 = 0
        var timeIndex = 0
    }

    private let container: FSTContainer
    private let input: InputFile
    private let wantedHandles: [Bool]
    private let inflater = Inflater()
    private var sectionIndex = 0
    private var section: FSTSection?
    private var places = UnsafeMutableBufferPointer<Place>(start: nil, count: 0)
    /// For each time item the first place whose next record is there, and for each place the next in its list.
    private var firstPlace = UnsafeMutableBufferPointer<Int32>(start: nil, count: 0)
    private var nextPlace = UnsafeMutableBufferPointer<Int32>(start: nil, count: 0)
    private var timeIndex = 0
    /// The places with a record at the present time, in signal order.
    private var batch: [Int32] = []
    private var batchPosition = 0
    /// Frame values still to be given, as handles in order.
    private var frameHandle: Int
    private var frameOffset = 0
    /// Handles whose frame value is replaced by a change at the frame's own time.
    private var isReplaced: [Bool] = []
    private let signals: [TraceSignal]
    private let wanted: [Bool]
    private let others: [Int: [Int]]
    /// Further signals that show the present value, and the value for them.
    private var queue: [Int] = []
    private var base: TraceValue
    private var baseWidth = 0

    private(set) var time: UInt64 = 0
    private(set) var signal = 0
    private(set) var value: TraceValue
    private(set) var extent: TraceExtent

    init(_ file: TraceFile, _ container: FSTContainer, _ unpacked: InputFile?, wanted: [Bool]) throws {
        self.container = container
        self.wanted = wanted
        signals = file.signals
        others = file.others
        input = try unpacked ?? InputFile(path: file.path)
        if unpacked == nil && input.count < file.byteCount {
            throw Malformed(reason: "it became shorter since it was opened")
        }
        wantedHandles = container.shapes.indices.map { handle in
            guard let first = container.firstSignal[handle], !file.signals[first].hasNoBits else { return false }
            return wanted[first] || file.others[first]?.contains { wanted[$0] } ?? false
        }
        frameHandle = container.shapes.count
        // A handle's own width is that of its first signal.
        let widest = file.signals.map(\.width).max() ?? 1
        value = TraceValue(width: widest)
        base = TraceValue(width: file.others.isEmpty ? 1 : widest)
        let unfinished = container.startTime == 0 && container.endTime == 0
        extent = TraceExtent(
            start: container.startTime, end: container.endTime, changes: 0, isComplete: !container.isCut)
        if unfinished || container.isCut { try takeTimesFromSections(unfinished) }
        extent.start = try container.timeZero.shift(extent.start)
        extent.end = try container.timeZero.shift(extent.end)
    }

    deinit {
        value.deallocate()
        base.deallocate()
        freePlaces()
    }

    /// Sections are written whole, so that a cut file ends with a whole step where it has a section.
    var lastWholeTime: UInt64? { container.isCut && container.sections.isEmpty ? nil : extent.end }

    private func freePlaces() {
        places.deallocate()
        nextPlace.deallocate()
        firstPlace.deallocate()
    }

    /// An unfinished header has no times, and that of a file which was cut has an end which is no longer there; those
    /// of the first and last section are taken.
    private func takeTimesFromSections(_ unfinished: Bool) throws {
        guard let first = container.sections.first, let last = container.sections.last else {
            extent.end = extent.start
            return
        }
        if unfinished {
            let start = try input.read(at: first.offset, count: min(first.count, 8))
            extent.start = try start.withReader { try $0.bigEndian64() }
        }
        let end = try input.read(at: last.offset, count: min(last.count, 16))
        extent.end = try end.withReader { reader in
            _ = try reader.bigEndian64()
            return try reader.bigEndian64()
        }
        if extent.end > 0 && container.endTime == 0 { extent.isComplete = false }
        extent.end = max(extent.start, extent.end)
    }

    func next() throws -> Bool {
        while true {
            if let other = queue.popLast() {
                signal = other
                value.set(base, from: baseWidth, to: signals[other].width)
                break
            }
            if frameHandle < container.shapes.count {
                if try deliverFrameValue(), share() { break }
                continue
            }
            if batchPosition < batch.count {
                try deliver(Int(batch[batchPosition]))
                batchPosition += 1
                if share() { break }
                continue
            }
            if fillBatch() { continue }
            guard try openSection() else { return false }
        }
        extent.changes += 1
        return true
    }

    /// Puts the other signals of the present value into the queue; false when its first one is not wanted.
    private func share() -> Bool {
        if others.isEmpty { return true }
        if let more = others[signal] {
            queue = more.reversed().filter { wanted[$0] && !signals[$0].hasNoBits }
            baseWidth = signals[signal].width
            if !queue.isEmpty { base.set(value, from: baseWidth, to: baseWidth) }
        }
        return wanted[signal]
    }

    // MARK: Sections

    private func openSection() throws -> Bool {
        guard sectionIndex < container.sections.count else { return false }
        section = nil
        let next = try FSTSection(
            container.sections[sectionIndex], of: input, container: container, wanted: wantedHandles,
            withFrame: sectionIndex == 0, inflater: inflater)
        if let first = next.times.first, first < time {
            throw Malformed(reason: "section \(sectionIndex) goes back in time to \(first)")
        }
        let isFirst = sectionIndex == 0
        sectionIndex += 1
        section = next
        try startChains(next)
        if isFirst { startFrame(next) }
        return true
    }

    /// Only the first section's frame says something new, and only for handles without a change at its time.
    private func startFrame(_ section: FSTSection) {
        time = min(section.beginTime, section.times.first ?? section.beginTime)
        frameHandle = 0
        frameOffset = 0
        isReplaced = Array(repeating: false, count: container.shapes.count)
        guard section.times.first == time, firstPlace.count > 0 else { return }
        var place = firstPlace[0]
        while place >= 0 {
            isReplaced[section.chains[Int(place)].handle] = true
            place = nextPlace[Int(place)]
        }
    }

    private func startChains(_ section: FSTSection) throws {
        freePlaces()
        firstPlace = .allocate(capacity: section.times.count)
        firstPlace.initialize(repeating: -1)
        nextPlace = .allocate(capacity: section.chains.count)
        nextPlace.initialize(repeating: -1)
        places = .allocate(capacity: section.chains.count)
        for (number, chain) in section.chains.enumerated() {
            // Only handles with a signal are wanted, so each chain has one.
            let signal = container.firstSignal[chain.handle] ?? 0
            let reader = ByteReader(base: chain.records.baseAddress.unsafelyUnwrapped, count: chain.records.count)
            places.initializeElement(
                at: number, to: Place(shape: container.shapes[chain.handle], signal: signal, reader: reader))
        }
        batch.removeAll(keepingCapacity: true)
        batchPosition = 0
        timeIndex = 0
        for place in places.indices { try enqueue(place) }
    }

    /// Reads the head of a place's next record and puts the place into the list of that record's time.
    private func enqueue(_ place: Int) throws {
        if places[place].reader.isAtEnd { return }
        let head = try places[place].reader.varint()
        places[place].head = head
        let distance: UInt64
        if case .bits(1) = places[place].shape {
            distance = head & 1 == 0 ? head >> 2 : head >> 4
        } else {
            distance = head >> 1
        }
        guard distance < UInt64(firstPlace.count - places[place].timeIndex) else {
            throw Malformed(reason: "a change stands at a time that its section does not have")
        }
        let index = places[place].timeIndex + Int(distance)
        places[place].timeIndex = index
        nextPlace[place] = firstPlace[index]
        firstPlace[index] = Int32(place)
    }

    /// Takes the places of the next time that has any; false at the end of the section.
    private func fillBatch() -> Bool {
        guard let section else { return false }
        while timeIndex < firstPlace.count && firstPlace[timeIndex] < 0 { timeIndex += 1 }
        guard timeIndex < firstPlace.count else { return false }
        batch.removeAll(keepingCapacity: true)
        batchPosition = 0
        var place = firstPlace[timeIndex]
        firstPlace[timeIndex] = -1
        while place >= 0 {
            batch.append(place)
            place = nextPlace[Int(place)]
        }
        batch.sort()
        time = section.times[timeIndex]
        return true
    }

    // MARK: Values

    private func deliver(_ place: Int) throws {
        signal = places[place].signal
        let head = places[place].head
        switch places[place].shape {
        case .bits(1):
            setBit(head)
        case .bits(let width):
            if head & 1 == 1 {
                value.set(digits: try places[place].reader.take(width), width: width)
            } else {
                let bytes = try places[place].reader.take((width + 7) / 8)
                value.set(packed: bytes.baseAddress.unsafelyUnwrapped, width: width)
            }
        case .real:
            try setReal(place, isRaw: head & 1 == 1)
        case .string:
            let length = try places[place].reader.varint(
                upTo: places[place].reader.remaining, "the length of a string")
            value.set(text: Array(try places[place].reader.take(length)))
        }
        try enqueue(place)
    }

    private func setBit(_ head: UInt64) {
        if head & 1 == 0 { return value.set(word: head >> 1 & 1) }
        // Codes of x z h u w l - and one reserved; weak high and low count as known.
        let code = head >> 1 & 7
        switch code {
        case 1: value.set(word: 1, unknown: 1)
        case 2: value.set(word: 1, isSimplified: true)
        case 5: value.set(word: 0, isSimplified: true)
        default: value.set(word: 0, unknown: 1, isSimplified: code != 0)
        }
    }

    /// Eight bytes, or one byte of eight digits where libfst packed them.
    private func setReal(_ place: Int, isRaw: Bool) throws {
        if isRaw {
            setReal(try places[place].reader.take(8))
        } else {
            let packed = try places[place].reader.byte()
            let digits = (0..<8).map { UInt8(ascii: "0") + (packed >> UInt8(7 - $0) & 1) }
            digits.withUnsafeBufferPointer(setReal)
        }
    }

    private func setReal(_ bytes: UnsafeBufferPointer<UInt8>) {
        let word = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped).loadUnaligned(as: UInt64.self)
        value.set(word: container.doublesAreLittleEndian ? UInt64(littleEndian: word) : UInt64(bigEndian: word))
    }

    /// Gives the value of one handle of the frame; false when the handle is not wanted, not in it or has no value yet.
    private func deliverFrameValue() throws -> Bool {
        let handle = frameHandle
        let shape = container.shapes[handle]
        let start = frameOffset
        frameHandle += 1
        frameOffset += shape.frameLength
        guard let frame = section?.frame, frameOffset <= frame.count, wantedHandles[handle], !isReplaced[handle],
            let first = container.firstSignal[handle]
        else { return false }
        signal = first
        let characters = UnsafeBufferPointer(start: frame.base + start, count: shape.frameLength)
        switch shape {
        case .bits(let width):
            // All x is what libfst writes for a signal without a value.
            if characters.allSatisfy({ $0 | 0x20 == UInt8(ascii: "x") }) { return false }
            value.set(digits: characters, width: width)
        case .real:
            setReal(characters)
            if Double(bitPattern: value.words[0]).isNaN { return false }
        case .string: return false
        }
        return true
    }
}
