import Design

/// A data port of the emitted module `top`; `clk` is not in the list.
public struct RTLPort: Sendable, Hashable {
    /// Port name in the SystemVerilog text.
    public var name: String
    /// The Design's net at the port.
    public var net: NetID
    /// Lanes of the net; 1 for a scalar.
    public var lanes: Int
    /// Bits per lane.
    public var width: Int
    /// Whether lanes are two's complement.
    public var signed: Bool
    /// Whether the outside drives the port.
    public var isInput: Bool

    /// Bits of the whole port; lane 0 lowest.
    public var bits: Int { lanes * width }
    /// Bytes that the port takes in a record of a stimulus or response file.
    public var bytes: Int { (bits + 7) / 8 }
}
