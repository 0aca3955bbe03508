// Walks the changes of a VCD (IEEE 1800-2017 clause 21.7.3) in file order, which is time order.
//
// The end of the file: a last word without white space behind it may be the beginning of a longer one. It is taken
// where it cannot be (a change whose code is no other code's beginning, `$end`), and otherwise the file was cut.

/// A cursor over a VCD.
final class VCDCursor: TraceCursor {
    private let input: VCDInput
    private let codes: VCDCodeTable
    private let signals: [TraceSignal]
    private let others: [Int: [Int]]
    private let wanted: [Bool]
    private let timeZero: TimeZero
    private var sawTime = false
    private var sawChange = false
    private var previousTime: UInt64?
    /// Inside `$dumpvars` and the like, which `$end` closes.
    private var isDumping = false

    private(set) var time: UInt64 = 0
    private(set) var signal = 0
    private(set) var value: TraceValue
    private(set) var extent = TraceExtent(start: 0, end: 0, changes: 0, isComplete: true)
    /// Digits or text, kept while the code behind them is read.
    private var digits = ByteBuffer(capacity: 256)
    /// Further signals that show the present value.
    private var queue: [Int] = []
    private var raw = Raw.digits

    /// What the file has for the present change; digits and text are in `digits`.
    private enum Raw {
        case digits, text
        case real(Double)
    }

    init(_ file: TraceFile, _ body: VCDBody, wanted: [Bool]) throws {
        input = try VCDInput(path: file.path, offset: body.offset)
        codes = body.codes
        timeZero = body.timeZero
        signals = file.signals
        others = file.others
        self.wanted = wanted
        value = TraceValue(width: file.signals.map(\.width).max() ?? 1)
    }

    deinit { value.deallocate() }

    var lastWholeTime: UInt64? { extent.isComplete ? extent.end : previousTime }

    func next() throws -> Bool {
        while let other = queue.popLast() {
            if wanted[other] && show(other) {
                extent.changes += 1
                return true
            }
        }
        while let word = try input.word() {
            guard try take(word) else { continue }
            extent.changes += 1
            return true
        }
        if input.isCut || isDumping { extent.isComplete = false }
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
            return try takeText(word)
        case UInt8(ascii: "$"):
            try skipCommand(word)
            return false
        default:
            return try takeScalar(word)
        }
    }

    private func setTime(_ word: UnsafeBufferPointer<UInt8>) throws {
        if input.isWordOpen { return cut() }
        var next: UInt64 = 0
        for digit in word.dropFirst() {
            let (shifted, overflow) = next.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(UInt64(digit &- 0x30))
            guard digit >= 0x30, digit <= 0x39, !overflow, !carry else { throw unexpected(word) }
            next = sum
        }
        guard word.count > 1 else { throw unexpected(word) }
        next = try timeZero.shift(next)
        guard !sawTime || next >= time else {
            throw Malformed(reason: "its time goes back from \(time) to \(next) near byte \(input.offset)")
        }
        if !sawTime { extent.start = next }
        if next != time && (sawTime || sawChange) { previousTime = time }
        isDumping = false
        sawTime = true
        time = next
        extent.end = next
    }

    private func takeScalar(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        guard Self.isDigit(word[0]) else { throw unexpected(word) }
        let code = UnsafeBufferPointer(rebasing: word.dropFirst())
        if try !isWhole(code) { return false }
        guard word.count > 1 else { throw unexpected(word) }
        return try select(code) {
            digits.removeAll()
            digits.append(word[0])
            return .digits
        }
    }

    private func takeVector(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        guard word.dropFirst().allSatisfy(Self.isDigit) else { throw unexpected(word) }
        keep(word)
        guard let code = try code() else { return false }
        if let found = codes.signal(code) { try checkDigits(of: found) }
        return try select(code) { .digits }
    }

    /// A value has a digit, and not more that matter than the widest signal that shows it: bits are not dropped.
    private func checkDigits(of found: Int) throws {
        let count = digits.bytes.count
        // A variable without bits has a value without digits.
        if count == 0 && !signals[found].hasNoBits {
            throw Malformed(reason: "the value near byte \(input.offset) has no digits")
        }
        if count <= signals[found].width { return }
        let shown = ([found] + others[found, default: []]).filter { signals[$0].kind.form == .bits }
        guard let widest = shown.max(by: { signals[$0].width < signals[$1].width }), signals[widest].width > 0,
            Self.needed(digits.bytes) > signals[widest].width
        else { return }
        throw Malformed(
            reason: "the value near byte \(input.offset) has \(Self.needed(digits.bytes)) digits, its signal "
                + "'\(signals[widest].path)' is declared with \(signals[widest].width) bits")
    }

    /// The digits without leading zeros, and without leading unknowns that the digit behind them repeats.
    private static func needed(_ digits: UnsafeBufferPointer<UInt8>) -> Int {
        let rest = digits.drop { $0 == UInt8(ascii: "0") }
        guard let first = rest.first, TraceValue.isUnknown(first) else { return max(1, rest.count) }
        return rest.count - rest.prefix { $0 | 0x20 == first | 0x20 }.count + 1
    }

    private func takeReal(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        if input.isWordOpen {
            cut()
            return false
        }
        guard let number = Double(String(decoding: word.dropFirst(), as: UTF8.self)) else {
            throw unexpected(word)
        }
        guard let code = try code() else { return false }
        return try select(code) { .real(number) }
    }

    private func takeText(_ word: UnsafeBufferPointer<UInt8>) throws -> Bool {
        keep(word)
        guard let code = try code() else { return false }
        return try select(code) { .text }
    }

    private func keep(_ word: UnsafeBufferPointer<UInt8>) {
        digits.removeAll()
        digits.append(UnsafeBufferPointer(rebasing: word.dropFirst()))
    }

    // MARK: The end of the file

    /// The file ends in the middle of something.
    private func cut() { extent.isComplete = false }

    /// The code behind a value; nil at the end of a file that was cut there.
    private func code() throws -> UnsafeBufferPointer<UInt8>? {
        if !input.isWordOpen, let code = try input.word(), try isWhole(code) { return code }
        cut()
        return nil
    }

    /// Whether a code is all there; the file was cut if not.
    private func isWhole(_ code: UnsafeBufferPointer<UInt8>) throws -> Bool {
        if !input.isWordOpen || (!input.isCut && codes.isSurelyWhole(code)) { return true }
        cut()
        return false
    }

    // MARK: Signals

    /// Finds the signals of a code and shows the value as that of the first wanted one; false when there is none.
    private func select(_ code: UnsafeBufferPointer<UInt8>, _ read: () -> Raw) throws -> Bool {
        guard let found = codes.signal(code) else {
            let text = String(decoding: code.prefix(40), as: UTF8.self)
            throw Malformed(reason: "the code '\(text)' near byte \(input.offset) is not declared")
        }
        if !sawTime && !sawChange && timeZero.isSet { try startAtZero() }
        sawChange = true
        if others.isEmpty {
            if !wanted[found] { return false }
            raw = read()
            if show(found) { return true }
            if !signals[found].hasNoBits { extent.misfits += 1 }
            return false
        }
        raw = read()
        let shown = [found] + others[found, default: []]
        if shown.contains(where: { wanted[$0] }) && !shown.contains(where: { fits($0) || signals[$0].hasNoBits }) {
            extent.misfits += 1
        }
        queue = shown.reversed().filter { wanted[$0] }
        while let next = queue.popLast() {
            if show(next) { return true }
        }
        return false
    }

    private func fits(_ index: Int) -> Bool {
        switch (raw, signals[index].kind.form) {
        case (.digits, .bits): signals[index].width > 0
        case (.real, .real), (.text, .string): true
        case (.digits, _), (.real, _), (.text, _): false
        }
    }

    /// Values before the first time stand at the file's time 0.
    private func startAtZero() throws {
        time = try timeZero.shift(0)
        extent.start = time
        extent.end = time
    }

    /// Makes the value that of a signal; false when the signal cannot take it.
    private func show(_ index: Int) -> Bool {
        guard fits(index) else { return false }
        signal = index
        switch raw {
        case .digits: value.set(digits: digits.bytes, width: signals[index].width)
        case .real(let number): value.set(word: number.bitPattern)
        case .text: value.set(text: VCDText.unescaped(digits.bytes))
        }
        return true
    }

    /// Dump commands frame value changes; a comment is skipped to its end.
    private func skipCommand(_ word: UnsafeBufferPointer<UInt8>) throws {
        let isOpen = input.isWordOpen
        switch String(decoding: word.prefix(40), as: UTF8.self) {
        case "$dumpvars", "$dumpall", "$dumpon", "$dumpoff":
            if isOpen { cut() }
            isDumping = true
        case "$end": isDumping = false
        case "$comment", "$vcdclose":
            var last: UnsafeBufferPointer<UInt8>?
            repeat { last = try input.word() } while last.map { !$0.elementsEqual("$end".utf8) } ?? false
            if last == nil { cut() }
        default:
            guard isOpen else { throw unexpected(word) }
            cut()
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
