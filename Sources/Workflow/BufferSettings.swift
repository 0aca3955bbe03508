// Section `buffers`: on-chip memory.

import Networks

/// Sizes of the on-chip buffers, in KiB.
public struct BufferSettings: Sendable, Hashable {
    public var ifmapKiB: Int
    public var weightKiB: Int
    public var ofmapKiB: Int

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(
            node, path: "buffers", keys: ["ifmap_kib", "weight_kib", "ofmap_kib"], file: file)
        ifmapKiB = try section.integer("ifmap_kib", in: 1...8192) ?? 256
        weightKiB = try section.integer("weight_kib", in: 1...8192) ?? 256
        ofmapKiB = try section.integer("ofmap_kib", in: 1...8192) ?? 256
    }
}
