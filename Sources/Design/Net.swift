// Nets: named values of a Design. A net is a scalar, or a vector of lanes of one instance array.

/// Index of a net in `Design.nets`.
public struct NetID: Sendable, Hashable, Codable, Comparable {
    public var index: Int
    public init(_ index: Int) { self.index = index }
    public static func < (a: NetID, b: NetID) -> Bool { a.index < b.index }
}

/// A named value, `lanes` times `width` bits.
public struct Net: Sendable, Hashable, Codable {
    public enum Role: String, Sendable, Codable {
        case input, wire
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
    public var lanes: Int
    /// 1...62 bits per lane.
    public var width: Int
    public var signed: Bool
    public var role: Role
    /// Bits that suffice for every value this net takes (<= width); the rest are copies of the sign.
    public var significantBits: Int

    public var isRegister: Bool { role == .register || role == .primitiveRegister || role == .hiddenRegister }
}

/// A module instance of the hierarchy. Scope 0 is `top`.
public struct Scope: Sendable, Hashable, Codable {
    public var name: String
    public var parent: Int?
}
