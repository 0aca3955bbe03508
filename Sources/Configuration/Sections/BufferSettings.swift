// Section `buffers`: on-chip memory.

/// Sizes of the on-chip buffers, in KiB.
package struct BufferSettings: Sendable, Hashable {
    /// Of activations that are read.
    package var ifmapKiB = 256
    /// Of weights.
    package var weightKiB = 256
    /// Of results.
    package var ofmapKiB = 256
    /// Of partial sums, on family `convolver` only.
    package var psumKiB = 128

    private static let sizes = 1...8192

    static let keys = [
        ConfigKey.integer("buffers.ifmap_kib", \.buffers.ifmapKiB, in: sizes, "activations; at most 32,768 words"),
        ConfigKey.integer("buffers.weight_kib", \.buffers.weightKiB, in: sizes, "weights; at most 32,768 words"),
        ConfigKey.integer("buffers.ofmap_kib", \.buffers.ofmapKiB, in: sizes, "results; at most 32,768 words"),
        ConfigKey.integer(
            "buffers.psum_kib", \.buffers.psumKiB, in: sizes,
            "`convolver` only: partial sums of one output group; bounds the results of a tile"
        ).written { $0.array.familyName == .convolver },
    ]
}
