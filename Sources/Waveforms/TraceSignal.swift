// A signal of a trace that was read.
//
// What a signal is: its scopes and its name, the bit range declared with it, and, where a file declares all of that
// twice, the order of the declarations.

/// A signal declaration of a trace file.
public struct TraceSignal: Sendable, Equatable {
    /// What the file says the signal is.
    public enum Kind: String, Sendable, Codable {
        /// A net.
        case wire
        /// A variable of type `reg`.
        case register = "reg"
        /// A variable of type `integer`.
        case integer
        /// A constant of the design.
        case parameter
        /// A floating-point number; its value is the 64-bit IEEE 754 pattern.
        case real
        /// Text of any length; such a signal has the width 0.
        case string
        /// A named event; its changes are the times at which it happens.
        case event
        /// Any other variable type; its value is a bit vector.
        case other

        /// What its values are.
        var form: Form {
            switch self {
            case .real: .real
            case .string: .string
            case .wire, .register, .integer, .parameter, .event, .other: .bits
            }
        }
    }

    /// What the values of a signal are.
    enum Form: Sendable { case bits, real, string }

    /// The name without scopes and without its bit range.
    public let name: String
    /// Scopes and name joined by dots: `top.array.pe[3].product`.
    public let path: String
    /// The declared bit range without white space, `[7:0]`; empty where the file gives none.
    public let range: String
    /// The width in bits; 64 for a real, 0 for a string and for a variable declared without bits, which never has a
    /// value.
    public let width: Int
    /// The variable type.
    public let kind: Kind
    /// The index of the enclosing scope in `TraceFile.scopes`, nil outside all scopes.
    public let scope: Int?
    /// The index of the first signal with the same stored value, width and form: its own index, unless this is an
    /// alias. Changes are delivered under that index only.
    public let source: Int
    /// The path with the dots inside of names replaced, so that the name `a.b` is not the name `b` in the scope `a`.
    let key: String

    /// True for a second name of an earlier signal's value.
    func isAlias(at index: Int) -> Bool { source != index }

    /// Whether the signal never has a value.
    var hasNoBits: Bool { width == 0 && kind != .string }
}

extension TraceSignal {
    /// Stands in keys for a dot inside of a name.
    static let dotInName = "\u{1F}"

    /// Splits the declared bit range off a name: `psum [31:0]` and `psum[31:0]` become `psum` and `[31:0]`, while the
    /// element names `mem[3]`, `mem [3]` and `mem[3] [7:0]` keep (or get) `mem[3]`. Brackets without a space before them
    /// are a range only if it has as many bits as the signal; `width` is nil where a signal has no bits.
    static func split(_ declared: String, width: Int?) -> (name: String, range: String) {
        let trimmed = String(declared.reversed().drop { $0 == " " }.reversed())
        guard trimmed.hasSuffix("]"), let open = trimmed.lastIndex(of: "[") else { return (trimmed, "") }
        let base = String(trimmed[..<open].reversed().drop { $0 == " " }.reversed())
        if base.isEmpty { return (trimmed, "") }
        let inside = trimmed[trimmed.index(after: open)...].dropLast().filter { $0 != " " }
        let bounds = inside.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard bounds.count == 2, let left = bounds[0], let right = bounds[1] else {
            return (base + trimmed[open...], "")
        }
        let isApart = base.utf8.count < trimmed.utf8[..<open].count
        if let width, !isApart, Int(clamping: left.subtracting(right).magnitude) != width - 1 {
            return (base + trimmed[open...], "")
        }
        return (base, "[\(inside)]")
    }
}

extension Int {
    /// The difference, the nearest number where it does not fit.
    fileprivate func subtracting(_ other: Int) -> Int {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (self < 0 ? .min : .max) : difference
    }
}
