// Walks the changes of a VCD (IEEE 1800-2017 clause 21.7.3) in file order, which is time order.

/// A cursor over a VCD.
final class VCDCursor: TraceCursor {
    private let input: VCDInput
    private let codes: VCDCodeTable
    private let signals: [TraceSignal]
    private let wanted: [Bool]
    private var sawTime = false

    private(set) var time: UInt64 = 0
    private(set) var signal = 0
    private(set) var value: TraceValue
    private(set) var extent = TraceExtent(start: 0, end: 0, changes: 0, isComplete: true)
    /// Digits kept while the code behind them is read.
    private var digits = ByteBuffer(capacity: 256)

    init(_ file: TraceFile, _ body: VCDBody, wanted: [Bool]) throws {
        input = try VCDInput(path: file.path, offset: body.offset)
        codes = body.codes
        signals = file.signals
        self.wanted = wanted
        value = TraceValue(width: file.signals.map(\.width).max() ?? 1)
    }

    deinit { value.deallocate() }

    func next() throws -> Bool {
        while let word = try input.word() {
            guard try take(word) else { continue }
            extent.changes += 1
            return true
        }
        if input.isCut { extent.isComplete = false }
        return false
    }

    /// Works off one word, and the code behind it where there is one; true when it was a wanted change.
    private func take(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        switch word[0] {
        case UInt8(ascii: "#"):
            try setTime(word)
            return false
        case UInt8(ascii: "b"), UInt8(ascii: "B"):
            return try takeVector(word)
        case UInt8(ascii: "r"), UInt8(ascii: "R"):
            return try takeReal(word)
        case UInt8(ascii: "s"), UInt8(ascii: "S"):
            _ = try input.word()
            return false
        case UInt8(ascii: "$"):
            try skipCommand(word)
            return false
        default:
            return try takeScalar(word)
        }
    }

    private func setTime(_ word: UnsafeBufferPointer<UInt8>) throws {
        var next: UInt64 = 0
        for digit in word.dropFirst() {
            let (shifted, overflow) = next.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit &- 0x30))
            guard digit >= 0x30, digit <= 0x39, !overflow, !carry else { throw unexpected(word) }
            next = sum
        }
        guard word.count > 1 else { throw unexpected(word) }
        guard !sawTime || next >= time else {
            throw Malformed(reason: "its time goes back from \(time) to \(next) near byte \(input.offset)")
        }
        if !sawTime { extent.start = next }
        sawTime = true
        time = next
        extent.end = next
    }

    private func takeScalar(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        guard word.count > 1, Self.isDigit(word[0]) else { throw unexpected(word) }
        let code = UnsafeBufferPointer(rebasing: word.dropFirst())
        guard try select(code) else { return false }
        value.set(digits: UnsafeBufferPointer(rebasing: word.prefix(1)), width: signals[signal].width)
        return true
    }

    private func takeVector(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        guard word.count > 1, word.dropFirst().allSatisfy(Self.isDigit) else { throw unexpected(word) }
        digits.removeAll()
        digits.append(UnsafeBufferPointer(rebasing: word.dropFirst()))
        guard let code = try input.word(), try select(code) else { return false }
        value.set(digits: digits.bytes, width: signals[signal].width)
        return true
    }

    private func takeReal(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        guard let number = Double(String(decoding: word.dropFirst(), as: UTF8.self)) else { throw unexpected(word) }
        guard let code = try input.word(), try select(code) else { return false }
        guard signals[signal].kind == .real else { throw unexpected(code) }
        value.set(word: number.bitPattern)
        return true
    }

    /// Finds the signal of a code; false when it is not wanted or is a string.
    private func select(_ code: UnsafeBufferPointer<UInt8>) throws -> Bool {
        guard let found = codes.signal(code) else {
            let text = String(decoding: code.prefix(40), as: UTF8.self)
            throw Malformed(reason: "the code '\(text)' near byte \(input.offset) is not declared")
        }
        signal = found
        return wanted[found] && signals[found].width > 0
    }

    /// Dump commands only frame value changes; a comment is skipped to its end.
    private func skipCommand(_ word: UnsafeBufferPointer<UInt8>) throws {
        switch String(decoding: word, as: UTF8.self) {
        case "$dumpvars", "$dumpall", "$dumpon", "$dumpoff", "$end": return
        case "$comment", "$vcdclose":
            while let next = try input.word(), !next.elementsEqual("$end".utf8) {}
        default: throw unexpected(word)
        }
    }

    /// Digits of the value set, their VHDL companions included.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0"), UInt8(ascii: "1"), UInt8(ascii: "-"): true
        default: "xzuwhl".utf8.contains(byte | 0x20)
        }
    }

    private func unexpected(_ word: UnsafeBufferPointer<UInt8>) -> Malformed {
        let text = String(decoding: word.prefix(40), as: UTF8.self)
        return Malformed(reason: "'\(text)' near byte \(input.offset) is neither a value, a time nor a command")
    }
}
