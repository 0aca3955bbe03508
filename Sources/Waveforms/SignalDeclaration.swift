// A traced signal as its writer declares it.

/// What a written signal stands for: the hardware of a run, or what a converted trace says.
public enum SignalKind: String, Codable, Sendable {
    /// A net driven by combinational logic (VCD `wire`, FST variable type 16).
    case wire
    /// A clocked register (VCD `reg`, FST variable type 5).
    case register = "reg"
    /// An integer variable (FST type 1).
    case integer
    /// A constant of the design (FST type 2).
    case parameter
    /// A named event: every change is an occurrence (FST type 0).
    case event
    /// A floating-point number of 64 bits (FST type 3).
    case real
    /// Text (FST type 21).
    case string

    /// Whether traces of a run have it. The others are for conversions.
    var isHardware: Bool { self == .wire || self == .register }
}

/// One signal of a hierarchy that is to be written.
public struct SignalDeclaration: Sendable, Equatable {
    /// The name within its scope. Brackets are ordinary characters; white space is not allowed.
    public var name: String
    /// The width in bits, at least 1; in a converted hierarchy 64 for a real, 0 for a string or a variable without bits.
    public var width: Int
    /// What it is.
    public var kind: SignalKind
    /// The handle of an earlier signal of the same width whose value this one shows, or nil for a signal of
    /// its own.
    public var alias: Int?
    /// The bit range in the file, empty for none; nil: `[width - 1:0]` for more than one bit.
    public var range: String?

    /// A declaration; it is checked when it becomes part of a `SignalHierarchy`.
    public init(name: String, width: Int, kind: SignalKind = .wire, alias: Int? = nil, range: String? = nil) {
        self.name = name
        self.width = width
        self.kind = kind
        self.alias = alias
        self.range = range
    }

    /// The range as it stands behind the name, with the space before it.
    var rangeText: String {
        if let range { return range.isEmpty ? "" : " " + range }
        return width > 1 ? " [\(width - 1):0]" : ""
    }
}
