// The numbers of the FST container: block types, record tags and header offsets.
//
// Follows GTKWave's reference implementation (libfst) and the unofficial description by Tim Hutt,
// blog.timhutt.co.uk/fst_spec. Fixed-size integers are big-endian; a block is `u8 type, u64 length, body`, where
// the length counts itself and the body.

/// Constants of the FST format.
enum FSTLayout {
    /// The block types this module reads or writes.
    enum Block: UInt8 {
        case header = 0
        case valueChanges = 1
        case blackout = 2
        case geometry = 3
        case hierarchyGzip = 4
        case valueChangesAlias = 5
        case hierarchyLZ4 = 6
        case hierarchyLZ4Twice = 7
        case valueChangesAlias2 = 8
        case wrapper = 254
        case skip = 255
    }

    /// Bytes of the type and the length.
    static let blockHead = 9
    /// Bytes of a header block with its head.
    static let headerSize = 330
    static let headerLength: UInt64 = 329
    static let startTimeOffset: UInt64 = 9
    static let sectionCountOffset: UInt64 = 65
    /// The value whose bytes tell the byte order of doubles.
    static let byteOrderProbe = 2.718281828459045

    static let versionBytes = 128
    static let dateBytes = 119

    /// Tags of the hierarchy stream; smaller values are variable types.
    enum HierarchyTag {
        static let attribute: UInt8 = 252
        static let attributeEnd: UInt8 = 253
        static let scope: UInt8 = 254
        static let upscope: UInt8 = 255
        static let lastVariableType: UInt8 = 29
    }

    /// The width in the geometry of a variable of any length, such as a string.
    static let variableWidth: UInt64 = 0xFFFF_FFFF

    static let moduleScope: UInt8 = 0
    static let eventVariable: UInt8 = 0
    static let integerVariable: UInt8 = 1
    static let parameterVariable: UInt8 = 2
    static let realVariable: UInt8 = 3
    static let stringVariable: UInt8 = 21
    static let wireVariable: UInt8 = 16
    static let registerVariable: UInt8 = 5

    /// How chains are compressed.
    enum Pack {
        static let zlib = UInt8(ascii: "Z")
        static let lz4 = UInt8(ascii: "4")
        static let fastLZ = UInt8(ascii: "F")
    }
}
