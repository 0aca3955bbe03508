// Section `buffers`: on-chip memory.

import Networks

/// Sizes of the on-chip buffers, in KiB.
package struct BufferSettings: Sendable, Hashable {
    package var ifmapKiB: Int
    package var weightKiB: Int
    package var ofmapKiB: Int
    /// Family `convolver` only; nil takes the default.
    package var psumKiB: Int?

    package static let defaultPsumKiB = 128

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(
            node, path: "buffers", keys: ["ifmap_kib", "weight_kib", "ofmap_kib", "psum_kib"], file: file)
        ifmapKiB = try section.integer("ifmap_kib", in: 1...8192) ?? 256
        weightKiB = try section.integer("weight_kib", in: 1...8192) ?? 256
        ofmapKiB = try section.integer("ofmap_kib", in: 1...8192) ?? 256
        psumKiB = try section.integer("psum_kib", in: 1...8192)
    }
}
