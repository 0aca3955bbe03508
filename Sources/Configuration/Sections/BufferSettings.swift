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

    private static let sizes = 1...mostKiB
    /// The largest size that the key takes, in KiB.
    static let mostKiB = 8192

    static let keys = [
        ConfigKey.integer("buffers.ifmap_kib", \.buffers.ifmapKiB, in: sizes, "activations, see below"),
        ConfigKey.integer("buffers.weight_kib", \.buffers.weightKiB, in: sizes, "weights, see below"),
        ConfigKey.integer("buffers.ofmap_kib", \.buffers.ofmapKiB, in: sizes, "results, see below"),
        ConfigKey.integer(
            "buffers.psum_kib", \.buffers.psumKiB, in: sizes,
            "`convolver` only: partial sums of one output group; bounds the results of a tile; see below"
        ).written { $0.array.familyName == .convolver },
    ].map {
        $0.documented(default: "`\($0.path.hasSuffix("psum_kib") ? 128 : 256)`, or the most that the array can have")
    }
}
