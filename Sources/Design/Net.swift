// Nets: named values of a Design. A net is a scalar, or a vector of lanes of one instance array.

/// Index of a net in `Design.nets`.
public struct NetID: Sendable, Hashable, Codable, Comparable {
    /// Position in `Design.nets`.
    public var index: Int
    /// The net at a position.
    public init(_ index: Int) { self.index = index }
    /// In the order of `Design.nets`.
    public static func < (a: NetID, b: NetID) -> Bool { a.index < b.index }
}

/// A named value, `lanes` times `width` bits.
public struct Net: Sendable, Hashable, Codable {
    /// What a net is, as far as names and counts need it.
    public enum Role: String, Sendable, Codable {
        /// a port of `top` that the outside drives
        case input
        /// a named result of logic
        case wire
        /// an unnamed intermediate result
        case temporary
        /// output of a register
        case register
        /// register inside a primitive, named `instance.REGISTER` (DSP48E2 A_REG, B_REG, M_REG, C_REG, P) or the
        /// output of a block RAM
        case primitiveRegister
        /// register inside a primitive that no pin shows (block RAM latch behind an output register): counted, not
        /// traced
        case hiddenRegister
    }
    /// Local name; a `.` separates the name of a primitive instance from its register.
    public var name: String
    /// Index in `Design.scopes`.
    public var scope: Int
    /// Name of the instance array, nil for a scalar.
    public var array: String?
    /// 1 for a scalar.
    public var lanes: Int
    /// 1...62 bits per lane.
    public var width: Int
    /// Whether lanes are two's complement.
    public var signed: Bool
    /// What the net is.
    public var role: Role
    /// Bits that suffice for every value this net takes (<= width); the rest are copies of the sign. Fewer than the width
    /// only in registers of a DSP48E2, whose widths are fixed.
    public var significantBits: Int

    /// Whether the net holds state: it changes at clock edges only, and its toggles are counted.
    public var isRegister: Bool { role == .register || role == .primitiveRegister || role == .hiddenRegister }
}

/// A module instance of the hierarchy. Scope 0 is `top`.
public struct Scope: Sendable, Hashable, Codable {
    /// Name of the instance in its parent.
    public var name: String
    /// Index in `Design.scopes`, nil for `top`.
    public var parent: Int?
    /// What the module does, in a sentence or two; empty: nothing is said.
    public var about = ""
}
