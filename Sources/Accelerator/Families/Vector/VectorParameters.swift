// Parameters of the `vector` family.

/// What only the `vector` family has.
public struct VectorParameters: Sendable, Hashable, Codable {
    /// Where the products of a dot product are summed.
    public enum Sum: String, Sendable, Hashable, Codable, CaseIterable {
        /// In a pipelined tree of LUTs and CARRY8.
        case tree
        /// Along the DSP48E2 that multiply, PCOUT to PCIN.
        case cascade
    }

    /// The columns of a kernel may stand apart (dilation). The family `convolver` dilates by zeros in its kernels.
    public var dilates: Bool
    /// DSP48E2 of a chain along which products are summed, a divisor of the inputs; nil: no chains, a tree in LUTs.
    public var cascade: Int?

    /// Without dilation, products summed in LUTs, unless asked for.
    public init(dilates: Bool = false, cascade: Int? = nil) {
        self.dilates = dilates
        self.cascade = cascade
    }

    /// Where products are summed.
    public var sum: Sum { cascade == nil ? .tree : .cascade }
}
