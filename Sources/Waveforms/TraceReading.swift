// A signal's value that outlives the pass it was read in.

/// What a signal shows at one time.
public enum TraceReading: Sendable, Equatable, Codable {
    /// A bit vector; before its first value all bits are x.
    case bits(TraceBits)
    /// A floating-point number.
    case real(Double)
    /// A string, with white space, quotes, backslashes and what is not ASCII written behind a backslash.
    case text(String)
    /// A real or string before its first value.
    case undefined

    /// The value as text; `radix` is for bits. An empty string is two quotes.
    public func text(_ radix: TraceRadix = .hexadecimal) -> String {
        switch self {
        case .bits(let bits): bits.text(radix)
        case .real(let number): "\(number)"
        case .text(let text): text.isEmpty ? "\"\"" : text
        case .undefined: "undefined"
        }
    }

    /// The value of a change.
    init(_ change: TraceChange, _ signal: TraceSignal) {
        switch signal.kind.form {
        case .bits: self = .bits(TraceBits(change, width: signal.width))
        case .real: self = .real(Double(bitPattern: change.words[0]))
        case .string: self = .text(bytes: change.text)
        }
    }

    /// The reading of a string's bytes.
    static func text(bytes: [UInt8]) -> TraceReading {
        .text(String(decoding: VCDText.escaped(bytes), as: UTF8.self))
    }
}
