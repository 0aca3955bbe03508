// Parameters of the `vector` family.

/// What only the `vector` family has.
public struct VectorParameters: Sendable, Hashable, Codable {
    /// The columns of a kernel may stand apart (dilation). The family `convolver` dilates by zeros in its kernels.
    public var dilates: Bool

    /// Without dilation unless asked for.
    public init(dilates: Bool = false) { self.dilates = dilates }
}
