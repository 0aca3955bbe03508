// The times at which signals take a value.

/// Looks for a value in a trace.
public struct TraceSearch: Sendable {
    /// The value as a user writes it: a number in decimal, `0x` or `0b` (with x and z), a fraction, or a text.
    public let value: String
    /// The signals looked at, nil for all.
    public var filter: SignalFilter?
    /// The times looked at, in units of the file's timescale, both ends included.
    public var window: ClosedRange<UInt64>

    /// A search.
    public init(value: String, filter: SignalFilter? = nil, window: ClosedRange<UInt64> = 0...UInt64.max) {
        self.value = value
        self.filter = filter
        self.window = window
    }

    /// Gives every change of a chosen signal to the value as a line of a dump, in time order.
    /// - Returns: what was read.
    /// - Throws: as `TraceDump.run`; `WaveformError.invalid` for a value that none of the signals can have.
    @discardableResult
    public func run(_ file: TraceFile, line: (String) throws -> Void) throws -> TraceExtent {
        let chosen = try file.select(filter, SignalLabels(file))
        var wanted: [Int: TraceReading] = [:]
        for index in chosen {
            let signal = file.signals[index]
            wanted[signal.source] = reading(for: signal)
        }
        guard !wanted.isEmpty else {
            throw WaveformError.invalid(
                "no chosen signal of '\(file.path)' can have the value '\(value)'; accepted: a decimal, 0x or 0b number "
                    + "that fits its width, for a real a fraction, for a string its text")
        }
        return try TraceDump(filter: filter, window: window).run(file) { change, signal, text in
            if wanted[change.signal] == TraceReading(change, signal) { try line(text) }
        }
    }

    /// The value as a signal's, nil when it cannot have it.
    private func reading(for signal: TraceSignal) -> TraceReading? {
        switch signal.kind.form {
        case .string: return .text(value == "\"\"" ? "" : value)
        case .real: return Double(value).map { .real($0) }
        case .bits: return bits(width: signal.width).map { .bits($0) }
        }
    }

    private func bits(width: Int) -> TraceBits? {
        guard width > 0, let digits = binaryDigits(), let first = digits.first else { return nil }
        // What does not fit may only be leading zeros.
        guard digits.dropLast(width).allSatisfy({ $0 == UInt8(ascii: "0") || ($0 == first && first > 0x31) }) else {
            return nil
        }
        var value = TraceValue(width: width)
        defer { value.deallocate() }
        digits.withUnsafeBufferPointer { value.set(digits: $0, width: width) }
        let count = (width + 63) / 64
        return TraceBits(
            width: width, words: (0..<count).map { value.words[$0] }, unknown: (0..<count).map { value.unknown[$0] })
    }

    private func binaryDigits() -> [UInt8]? {
        let text = value.lowercased()
        if text.hasPrefix("0x") {
            let digits = text.dropFirst(2).map { $0.hexDigitValue }
            guard !digits.isEmpty, digits.allSatisfy({ $0 != nil }) else { return nil }
            return digits.flatMap { digit in
                (0..<4).reversed().map { UInt8(ascii: "0") + UInt8((digit ?? 0) >> $0 & 1) }
            }
        }
        if text.hasPrefix("0b") || text == "x" || text == "z" {
            let digits = text.hasPrefix("0b") ? text.dropFirst(2) : text[...]
            return digits.isEmpty || !digits.utf8.allSatisfy({ "01xz".utf8.contains($0) }) ? nil : Array(digits.utf8)
        }
        return UInt64(text).map { Array(String($0, radix: 2).utf8) }
    }
}
