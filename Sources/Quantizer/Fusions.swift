import Networks

/// What becomes of layers that are no passes of the array, by name of the float layer.
public struct Fusions: Sendable, Equatable {
    /// Batch normalizations and other affine layers in the multiplier and bias of the pass before them.
    public var folded: [String]
    /// Clips that become affine layers and ReLUs.
    public var clips: [String]
    /// Layers between memory and the array: the last of each pre-activation.
    public var preActivations: [String]
    /// Passes that only copy: subsampling, permutations, and what can be no part of another pass.
    public var copies: [String]

    /// Throws `InputError` for a graph that is not one. Cost: that of a copy of the layers.
    public init(_ network: Network) throws {
        let lowered = try Lowering.lower(network.withoutClips)
        folded = lowered.folded
        clips = network.layers.filter { if case .clip = $0.kind { true } else { false } }.map(\.name)
        var seen = Set<String>()
        preActivations = lowered.layers.compactMap { $0.preActivation?.tensor }.filter { seen.insert($0).inserted }
        copies = lowered.layers.filter(\.copiesChannels).map(\.name)
    }
}
