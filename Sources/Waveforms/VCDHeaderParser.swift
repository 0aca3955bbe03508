// Reads the declarations of a VCD (IEEE 1800-2017 clause 21.7.2) up to $enddefinitions.

/// What a pass over a VCD's changes needs besides the signals.
struct VCDBody: Sendable {
    /// The offset of the first byte behind the declarations, in unpacked bytes.
    let offset: Int
    /// The first signal of each identifier code.
    let codes: VCDCodeTable
    /// What `$timezero` says.
    let timeZero: TimeZero
}

/// Identifier codes and the first signal each of them names.
struct VCDCodeTable: Sendable {
    /// Direct entries for the codes small numbers give, -1 for none.
    private var dense: [Int32] = []
    private var sparse: [[UInt8]: Int] = [:]

    /// Codes above this number go into a dictionary.
    private static let denseLimit = 1 << 22

    /// The number a code stands for (see `VCDText.code`), nil when it is long or has other characters.
    @inline(__always)
    private static func number(_ code: UnsafeBufferPointer<UInt8>) -> Int? {
        guard code.count > 0, code.count <= 4 else { return nil }
        var number = 0
        for byte in code.reversed() {
            guard byte >= VCDText.firstCode, byte < 127 else { return nil }
            number = number * VCDText.codeCount + Int(byte - VCDText.firstCode) + 1
        }
        return number - 1 < denseLimit ? number - 1 : nil
    }

    /// The signal of a code, nil when it was not declared.
    @inline(__always)
    func signal(_ code: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let number = Self.number(code) else { return sparse[Array(code)] }
        guard number < dense.count, dense[number] >= 0 else { return nil }
        return Int(dense[number])
    }

    /// Whether a code that stands at the very end of a file is surely whole: it is declared, and no longer one
    /// begins with it.
    func isSurelyWhole(_ code: UnsafeBufferPointer<UInt8>) -> Bool {
        guard signal(code) != nil else { return false }
        let isBeginning = { (other: [UInt8]) in other.count > code.count && other.starts(with: code) }
        let isDenseBeginning = dense.indices.contains { dense[$0] >= 0 && isBeginning(VCDText.code($0)) }
        return !isDenseBeginning && !sparse.keys.contains(where: isBeginning)
    }

    /// Enters the first signal of a code.
    mutating func add(_ code: [UInt8], signal: Int) {
        guard let number = code.withUnsafeBufferPointer(Self.number) else {
            sparse[code] = signal
            return
        }
        if number >= dense.count {
            dense.append(contentsOf: repeatElement(-1, count: max(number + 1, dense.count * 2) - dense.count))
        }
        dense[number] = Int32(signal)
    }
}

/// Parses the declarations.
struct VCDHeaderParser {
    private var collector = HierarchyCollector()
    private var codes = VCDCodeTable()
    private var timescaleExponent: Int8 = -9
    private var timeZero = TimeZero()
    private let input: VCDInput

    static func open(_ file: InputFile, format: TraceFormat) throws -> TraceFile {
        var parser = VCDHeaderParser(input: try VCDInput(path: file.path))
        try parser.parse()
        let collector = parser.collector
        return TraceFile(
            path: file.path, format: format, timescaleExponent: parser.timescaleExponent,
            scopes: collector.scopes, signals: collector.signals, byteCount: file.count, others: collector.others,
            body: .vcd(VCDBody(offset: parser.input.offset, codes: parser.codes, timeZero: parser.timeZero)))
    }

    private init(input: VCDInput) { self.input = input }

    private mutating func parse() throws {
        while true {
            let keyword = try word()
            guard keyword.hasPrefix("$") else {
                throw Malformed(reason: "it starts neither like an FST nor like a VCD (found '\(keyword.prefix(40))')")
            }
            switch keyword {
            case "$enddefinitions":
                try skipDeclaration()
                return
            case "$timescale": try setTimescale(declaration())
            case "$timezero": try setTimeZero(declaration())
            case "$scope": try collector.enter(declaration().dropFirst().joined(separator: " "))
            case "$upscope":
                try skipDeclaration()
                try collector.leave()
            case "$var": try addVariable(declaration())
            default: try skipDeclaration()
            }
        }
    }

    private func word() throws -> String {
        guard let word = try input.word(), !input.isWordOpen || word.elementsEqual("$end".utf8) else {
            throw Malformed(reason: "it ends inside its declarations")
        }
        return String(decoding: word, as: UTF8.self)
    }

    /// The words up to `$end`.
    private func declaration() throws -> [String] {
        var words: [String] = []
        var bytes = 0
        while true {
            let next = try word()
            if next == "$end" { return words }
            bytes += next.utf8.count
            guard bytes <= TraceLimits.nameBytes else {
                throw TraceLimits.passed("the declaration near byte \(input.offset) is too long", TraceLimits.nameBytes)
            }
            words.append(next)
        }
    }

    /// Passes over a declaration of any length, such as a comment.
    private func skipDeclaration() throws {
        while try word() != "$end" {}
    }

    private mutating func setTimescale(_ words: [String]) throws(Malformed) {
        guard let exponent = VCDText.exponent(timescale: words.joined()) else {
            throw Malformed(reason: "its timescale '\(Self.shown(words))' is not 1, 10 or 100 of s to fs")
        }
        timescaleExponent = exponent
    }

    private mutating func setTimeZero(_ words: [String]) throws(Malformed) {
        guard words.count == 1, let offset = Int64(words[0]) else {
            throw Malformed(reason: "its time zero '\(Self.shown(words))' is not a whole number of 64 bits")
        }
        timeZero = TimeZero(offset: offset)
    }

    /// `type width code name [range]`
    private mutating func addVariable(_ words: [String]) throws(Malformed) {
        guard words.count >= 4, let width = Int(words[1]), width >= 0 else {
            throw Malformed(reason: "the variable '\(Self.shown(words))' is not declared as VCD asks")
        }
        guard width <= TraceLimits.width else {
            throw TraceLimits.passed("the variable '\(Self.shown(words))' is too wide", TraceLimits.width)
        }
        let kind = Self.kind(words[0])
        let code = Array(words[2].utf8)
        let first = code.withUnsafeBufferPointer(codes.signal)
        if first == nil { codes.add(code, signal: collector.signals.count) }
        let own =
            switch kind.form {
            case .real: 64
            case .string: 0
            case .bits: kind == .event ? max(1, width) : width
            }
        try collector.add(words[3...].joined(separator: " "), width: own, kind: kind, first: first)
    }

    private static func shown(_ words: [String]) -> String { String(words.joined(separator: " ").prefix(200)) }

    private static func kind(_ type: String) -> TraceSignal.Kind {
        switch type {
        case "wire": .wire
        case "reg": .register
        case "integer": .integer
        case "parameter": .parameter
        case "real", "realtime", "real_parameter", "shortreal": .real
        case "string": .string
        case "event": .event
        default: .other
        }
    }
}
