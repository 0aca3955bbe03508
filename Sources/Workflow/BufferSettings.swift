// Section `buffers`: on-chip memory.

import Networks

/// Sizes of the on-chip buffers, in KiB.
public struct BufferSettings: Sendable, Hashable {
    public var ifmapKiB: Int
    public var weightKiB: Int
    public var ofmapKiB: Int
    /// Family `convolver` only; nil takes the default.
    public var psumKiB: Int?

    static let defaultPsumKiB = 128

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(
            node, path: "buffers", keys: ["ifmap_kib", "weight_kib", "ofmap_kib", "psum_kib"], file: file)
        ifmapKiB = try section.integer("ifmap_kib", in: 1...8192) ?? 256
        weightKiB = try section.integer("weight_kib", in: 1...8192) ?? 256
        ofmapKiB = try section.integer("ofmap_kib", in: 1...8192) ?? 256
        psumKiB = try section.integer("psum_kib", in: 1...8192)
    }
}
