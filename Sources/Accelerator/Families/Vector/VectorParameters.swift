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

    /// What one DSP48E2 multiplies in a cycle.
    public enum Packing: String, Sendable, Hashable, Codable, CaseIterable {
        /// One weight and one activation.
        case none
        /// The weights of two neighbouring outputs, of 8 bits, and one activation of 8 bits.
        case int8
    }

    /// The columns of a kernel may stand apart (dilation). The family `convolver` dilates by zeros in its kernels.
    public var dilates: Bool
    /// DSP48E2 of a chain along which products are summed, a divisor of the inputs; nil: no chains, a tree in LUTs.
    public var cascade: Int?
    /// Products of a DSP48E2.
    public var packing: Packing

    /// Without dilation, products summed in LUTs and one in a DSP48E2, unless asked for.
    public init(dilates: Bool = false, cascade: Int? = nil, packing: Packing = .none) {
        self.dilates = dilates
        self.cascade = cascade
        self.packing = packing
    }

    /// Where products are summed.
    public var sum: Sum { cascade == nil ? .tree : .cascade }
}
