// A signal of a trace that was read.

/// A signal declaration of a trace file.
public struct TraceSignal: Sendable, Equatable, Codable {
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
        /// Text; such a signal is listed with width 0 and its changes are not delivered.
        case string
        /// A named event; its changes are the times at which it happens.
        case event
        /// Any other variable type; its value is a bit vector.
        case other
    }

    /// The name without scopes and without its bit range.
    public let name: String
    /// Scopes and name joined by dots: `top.array.pe[3].product`.
    public let path: String
    /// The width in bits; 64 for a real, 0 for a string.
    public let width: Int
    /// The variable type.
    public let kind: Kind
    /// The index of the enclosing scope in `TraceFile.scopes`, nil outside all scopes.
    public let scope: Int?
    /// The index of the first signal with the same stored value: its own index, unless this is an alias.
    /// Changes are delivered under that index only.
    public let source: Int

    /// True for a second name of an earlier signal's value.
    func isAlias(at index: Int) -> Bool { source != index }
}

extension TraceSignal {
    /// Splits the declared bit range off a name: `psum [31:0]` and `psum[31:0]` become `psum`, while the element
    /// names `mem[3]`, `mem [3]` and `mem[3] [7:0]` keep (or get) `mem[3]`.
    static func nameWithoutRange(_ declared: String) -> String {
        let trimmed = String(declared.reversed().drop { $0 == " " }.reversed())
        guard trimmed.hasSuffix("]"), let open = trimmed.lastIndex(of: "[") else { return trimmed }
        let before = trimmed[..<open]
        let base = String(before.reversed().drop { $0 == " " }.reversed())
        let inside = trimmed[trimmed.index(after: open)...].dropLast()
        let bounds = inside.split(separator: ":", omittingEmptySubsequences: false)
        let isRange = bounds.count == 2 && bounds.allSatisfy { Int($0) != nil }
        if base.isEmpty { return trimmed }
        return isRange ? base : base + trimmed[open...]
    }
}
