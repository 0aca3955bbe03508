// Writes VCD (IEEE 1800-2017 clause 21.7), plain or compressed.
//
// Runs have two states only; unknown bits, reals and strings come from converted traces. Vectors drop leading zeros, which readers fill in again. A compressed file is a sequence of
// gzip members, one per written block, so that a killed run still unpacks up to its last block.

#if MUTANTS
    import Mutants
#endif

/// A trace writer for `.vcd` and `.vcd.gz` files.
///
/// Cost: a change is a compare, and when the value differs an append of its binary digits and its code.
public final class VCDWriter: TraceWriter {
    /// Text collected before it is written.
    private static let blockBytes = 1 << 20

    private let hierarchy: SignalHierarchy
    private let options: TraceWriterOptions
    private let file: OutputFile
    private let values: SignalValues
    /// The end of a value line for each slot: the code of up to 7 bytes and a line feed, packed from the lowest
    /// byte up, and its length.
    private let codes: UnsafeMutableBufferPointer<(text: UInt64, length: Int)>
    private var text = ByteBuffer(capacity: blockBytes + 4096)
    private var packed = ByteBuffer()
    /// Nil for plain text.
    private let deflater: Deflater?
    private var phase = Phase.beforeFirstTime
    private var time: UInt64 = 0
    private var writtenTime: UInt64 = 0
    private var timeIsOpen = false
    private var flushDeadline: Int
    private var callsUntilClock = 0

    private enum Phase { case beforeFirstTime, atFirstTime, running, closed }

    /// Creates the file and writes the header; the name's ending (`.vcd.gz` or anything else) decides about
    /// compression.
    /// - Throws: `WaveformError.file` when the file cannot be created or written (no file is left then),
    ///   `WaveformError.invalid` for options out of range.
    public init(
        path: String, hierarchy: SignalHierarchy, options: TraceWriterOptions = TraceWriterOptions()
    ) throws {
        try options.check()
        self.hierarchy = hierarchy
        self.options = options
        values = SignalValues(hierarchy)
        let compressed = path.lowercased().hasSuffix(TraceFormat.compressedVCD.fileExtension)
        deflater = compressed ? Deflater(level: options.compressionLevel, container: .gzip) : nil
        flushDeadline = monotonicSeconds() + options.flushSeconds
        file = try OutputFile(path: path)
        codes = .allocate(capacity: values.slots.count)
        for slot in codes.indices { codes.initializeElement(at: slot, to: Self.lineEnd(slot)) }
        do {
            appendHeader()
            try writeText()
        } catch {
            file.discard()
            throw error
        }
    }

    deinit { codes.deallocate() }

    /// Moves to a time; see `TraceWriter`. Full blocks are written here.
    public func setTime(_ time: UInt64) throws {
        switch phase {
        case .running:
            if time == self.time { return }
            try checkOrder(time)
            try flushIfDue()
        case .beforeFirstTime:
            phase = .atFirstTime
        case .atFirstTime:
            if time == self.time { return }
            try checkOrder(time)
            try appendInitialValues()
            phase = .running
        case .closed:
            throw WaveformError.invalid("the trace '\(file.path)' is closed")
        }
        timeIsOpen = false
        self.time = time
    }

    /// Changes a signal of at most 64 bits; see `TraceWriter`.
    public func change(_ handle: Int, value: UInt64) {
        let slot = values.slot(of: handle)
        if values.update(slot, value: value) && phase == .running { record(slot) }
    }

    /// Changes a signal of any width; see `TraceWriter`.
    public func change(_ handle: Int, _ words: UnsafePointer<UInt64>) {
        let slot = values.slot(of: handle)
        if values.update(slot, words: words) && phase == .running { record(slot) }
    }

    /// Writes the text that was collected; see `TraceWriter`.
    public func flush() throws {
        if phase == .running { try writeText() }
    }

    /// Changes a signal of a converted trace; see `TraceWriter`.
    public func change(_ handle: Int, _ change: TraceChange) {
        let slot = values.slot(of: handle)
        guard let conversion = values.conversion, conversion.update(slot, change, values), phase == .running else {
            return
        }
        recordConverted(slot, conversion)
    }

    /// A VCD has no mark of its end; see `TraceWriter`.
    public func closeUnfinished() throws { try close() }

    /// Completes the file; see `TraceWriter`.
    public func close() throws {
        switch phase {
        case .closed: return
        case .beforeFirstTime, .atFirstTime:
            phase = .closed
            try appendInitialValues()
        case .running:
            phase = .closed
            if time > writtenTime { appendTime() }
        }
        try writeText()
        try file.finish()
    }

    private func checkOrder(_ next: UInt64) throws {
        if next < time {
            throw WaveformError.invalid(
                "the trace '\(file.path)' was asked to go back in time from \(time) to \(next)")
        }
    }

    // MARK: Values

    private static func lineEnd(_ slot: Int) -> (text: UInt64, length: Int) {
        let bytes = VCDText.code(slot) + [UInt8(ascii: "\n")]
        precondition(bytes.count <= 8)
        return (bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }, bytes.count)
    }

    /// Appends the present value of a slot as a line.
    @inline(__always)
    private func record(_ slot: Int) {
        if !timeIsOpen { appendTime() }
        let entry = values.slots[slot]
        let value = values.value(of: slot)
        if entry.width == 1 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value.pointee))
        } else {
            text.append(UInt8(ascii: "b"))
            text.append(binary: value, wordCount: entry.wordCount)
            text.append(UInt8(ascii: " "))
        }
        appendCode(slot)
    }

    /// Appends the present value of a slot of a converted trace as a line.
    private func recordConverted(_ slot: Int, _ conversion: ConvertedValues) {
        switch conversion.kind(of: slot) {
        case .string:
            if !timeIsOpen { appendTime() }
            text.append(UInt8(ascii: "s"))
            VCDText.escaped(conversion.texts[slot]).withUnsafeBufferPointer { text.append($0) }
        case .real:
            if !timeIsOpen { appendTime() }
            text.append("r\(Double(bitPattern: values.value(of: slot).pointee))")
        case .wire, .register, .integer, .parameter, .event:
            guard conversion.hasUnknown(slot, values) else { return record(slot) }
            if !timeIsOpen { appendTime() }
            let digits = conversion.digits(slot, values)
            if digits.count > 1 { text.append(UInt8(ascii: "b")) }
            digits.withUnsafeBufferPointer { text.append($0) }
            if digits.count == 1 { return appendCode(slot) }
        }
        text.append(UInt8(ascii: " "))
        appendCode(slot)
    }

    @inline(__always)
    private func appendCode(_ slot: Int) {
        text.reserve(8)
        let end = codes[slot]
        UnsafeMutableRawPointer(text.end).storeBytes(of: end.text.littleEndian, as: UInt64.self)
        text.advance(end.length)
    }

    private func appendTime() {
        text.append(UInt8(ascii: "#"))
        #if MUTANTS
            text.append(decimal: isPlanted("trace-time") && time > 0 ? time + 1 : time)
        #else
            text.append(decimal: time)
        #endif
        text.append(UInt8(ascii: "\n"))
        writtenTime = time
        timeIsOpen = true
    }

    private func appendInitialValues() throws {
        appendTime()
        text.append("$dumpvars\n")
        if let conversion = values.conversion {
            for slot in values.slots.indices where conversion.isDefined[slot] { recordConverted(slot, conversion) }
        } else {
            for slot in values.slots.indices { record(slot) }
        }
        text.append("$end\n")
        try writeText()
    }

    private func flushIfDue() throws {
        if text.count >= Self.blockBytes { return try writeText() }
        callsUntilClock -= 1
        guard callsUntilClock < 0 else { return }
        callsUntilClock = 255
        if monotonicSeconds() >= flushDeadline { try writeText() }
    }

    private func writeText() throws {
        flushDeadline = monotonicSeconds() + options.flushSeconds
        guard text.count > 0 else { return }
        if let deflater {
            packed.removeAll()
            _ = deflater.compress(text.bytes, into: &packed)
            try file.append(packed.bytes)
        } else {
            try file.append(text.bytes)
        }
        text.removeAll()
    }

    // MARK: Header

    private func appendHeader() {
        if !options.date.isEmpty { text.append("$date \(options.date) $end\n") }
        text.append("$version \(options.program) $end\n")
        text.append("$timescale \(VCDText.timescale(exponent: hierarchy.timescaleExponent)) $end\n")
        var handle = 0
        for scope in hierarchy.root { appendScope(scope, &handle) }
        text.append("$enddefinitions $end\n")
    }

    private func appendScope(_ scope: SignalScope, _ handle: inout Int) {
        if !scope.name.isEmpty { text.append("$scope module \(scope.name) $end\n") }
        for signal in scope.signals {
            let code = String(decoding: VCDText.code(values.slot(of: handle)), as: UTF8.self)
            let range = signal.rangeText
            text.append("$var \(signal.kind.rawValue) \(signal.width) \(code) \(signal.name)\(range) $end\n")
            handle += 1
        }
        for child in scope.scopes { appendScope(child, &handle) }
        if !scope.name.isEmpty { text.append("$upscope $end\n") }
    }
}
