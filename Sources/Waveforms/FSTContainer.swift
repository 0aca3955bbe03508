// Walks the blocks of an FST (see FSTLayout.swift) and reads its hierarchy.
//
// Read: header, geometry, hierarchy (gzip, LZ4, doubly packed LZ4), value changes of types 1, 5 and 8. Blackouts
// are skipped. A file whose writer was stopped ends in a skip block of length zero, one that was cut later in a block
// that passes the end or before its last section; everything before is read.

/// The parts of an FST that stay in memory.
struct FSTContainer: Sendable {
    /// How a handle's values are stored.
    enum Shape: Sendable, Equatable {
        case bits(Int)
        case real
        case string

        /// Characters of the handle in a section's frame.
        var frameLength: Int {
            switch self {
            case .bits(let width): width
            case .real: 8
            case .string: 0
            }
        }
    }

    /// A value-change block without its head.
    struct Section: Sendable {
        let type: FSTLayout.Block
        let offset: Int
        let count: Int
    }

    var startTime: UInt64 = 0
    var endTime: UInt64 = 0
    var timescaleExponent: Int8 = 0
    var timeZero = TimeZero()
    var doublesAreLittleEndian = true
    /// The shape of each handle, from 0.
    var shapes: [Shape] = []
    /// The first signal of each handle, nil for a handle nobody declares.
    var firstSignal: [Int?] = []
    var sections: [Section] = []
    /// The writer was stopped, or the end of the file is missing.
    var isCut = false

    /// Reads everything but the value changes; `unpacked` is the content of a file that is wrapped.
    static func open(_ input: InputFile, unpacked: InputFile? = nil) throws -> TraceFile {
        var walker = Walker(input: unpacked ?? input)
        try walker.walk()
        let (container, collector) = try walker.finish()
        return TraceFile(
            path: input.path, format: .fst, timescaleExponent: container.timescaleExponent,
            scopes: collector.scopes, signals: collector.signals, byteCount: input.count, others: collector.others,
            body: .fst(container, unpacked: unpacked))
    }

    private struct Walker {
        let input: InputFile
        var container = FSTContainer()
        var geometry: [Shape]?
        var hierarchy: ByteStore?
        /// The sections that the header counts; 0 where its writer was stopped.
        var statedSections: UInt64 = 0
        private let inflater = Inflater()

        init(input: InputFile) { self.input = input }

        mutating func walk() throws {
            var offset = 0
            while offset < input.count {
                guard input.count - offset >= FSTLayout.blockHead else { return try cut(at: offset) }
                let (code, length) = try input.read(at: offset, count: FSTLayout.blockHead).withReader { head in
                    (try head.byte(), try head.bigEndian64())
                }
                guard let type = FSTLayout.Block(rawValue: code), (type == .header) == (offset == 0) else {
                    throw Malformed(reason: "byte \(offset) starts a block of the unknown type \(code)")
                }
                if type == .skip && length == 0 {
                    container.isCut = true
                    return
                }
                guard length >= 8 else { throw Malformed(reason: "the block at byte \(offset) has no length") }
                guard length <= UInt64(input.count - offset - 1) else { return try cut(at: offset) }
                try add(type, offset: offset + FSTLayout.blockHead, count: Int(length) - 8)
                offset += 1 + Int(length)
            }
        }

        /// The end of the file is missing from the block at `offset` on.
        private mutating func cut(at offset: Int) throws(Malformed) {
            guard hierarchy != nil else {
                throw Malformed(
                    reason: "it is cut: the block at byte \(offset) passes its end, and it has no hierarchy yet")
            }
            container.isCut = true
        }

        private mutating func add(_ type: FSTLayout.Block, offset: Int, count: Int) throws {
            switch type {
            case .header: try input.read(at: offset, count: count).withReader { try readHeader(&$0) }
            case .geometry: try input.read(at: offset, count: count).withReader { try readGeometry(&$0) }
            case .hierarchyGzip, .hierarchyLZ4, .hierarchyLZ4Twice:
                guard hierarchy == nil else { throw Malformed(reason: "it has two hierarchies") }
                hierarchy = try input.read(at: offset, count: count).withReader { try unpackHierarchy(type, &$0) }
            case .valueChanges, .valueChangesAlias, .valueChangesAlias2:
                container.sections.append(Section(type: type, offset: offset, count: count))
            case .blackout, .skip: break
            case .wrapper: throw Malformed(reason: "it has a wrapper block inside")
            }
        }

        private mutating func readHeader(_ reader: inout ByteReader) throws {
            guard reader.remaining == FSTLayout.headerSize - FSTLayout.blockHead else {
                throw Malformed(reason: "its header is \(reader.remaining + FSTLayout.blockHead) bytes, not 330")
            }
            container.startTime = try reader.bigEndian64()
            container.endTime = try reader.bigEndian64()
            let probe = try reader.bigEndian64()
            container.doublesAreLittleEndian = probe.byteSwapped == FSTLayout.byteOrderProbe.bitPattern
            guard container.doublesAreLittleEndian || probe == FSTLayout.byteOrderProbe.bitPattern else {
                throw Malformed(reason: "its header lacks the byte order mark of an FST")
            }
            _ = try reader.take(32)
            statedSections = try reader.bigEndian64()
            container.timescaleExponent = Int8(bitPattern: try reader.byte())
            guard (-15...2).contains(container.timescaleExponent) else {
                throw Malformed(reason: "its timescale is 10^\(container.timescaleExponent) s", isUnsupported: true)
            }
            _ = try reader.take(FSTLayout.versionBytes + FSTLayout.dateBytes + 1)
            container.timeZero = TimeZero(offset: Int64(bitPattern: try reader.bigEndian64()))
        }

        private mutating func readGeometry(_ reader: inout ByteReader) throws {
            let most = min(Inflater.limit(reader.remaining), TraceLimits.signals * 10)
            let length = try reader.length(upTo: most, "the geometry length")
            let handles = try reader.length(upTo: min(length, TraceLimits.signals), "the number of handles")
            let packed = try reader.take(reader.remaining)
            let widths = try ByteStore(count: length)
            if packed.count == length {
                _ = widths.target.initialize(from: packed)
            } else {
                try inflater.decompress(packed, into: widths.target)
            }
            let shapes = try widths.withReader { list in try (0..<handles).map { _ in try Self.shape(list.varint()) } }
            guard shapes.reduce(0, { $0 + $1.frameLength }) <= TraceLimits.bits else {
                throw TraceLimits.passed("its signals have too many bits together", TraceLimits.bits)
            }
            geometry = shapes
        }

        private static func shape(_ width: UInt64) throws(Malformed) -> Shape {
            if width == 0 { return .real }
            if width == FSTLayout.variableWidth { return .string }
            guard width <= TraceLimits.width else {
                throw TraceLimits.passed("it has a signal of \(width) bits", TraceLimits.width)
            }
            return .bits(Int(width))
        }

        private func unpackHierarchy(_ type: FSTLayout.Block, _ reader: inout ByteReader) throws -> ByteStore {
            let limit = min(LZ4Block.limit(reader.remaining), TraceLimits.unpackedBytes)
            let length = try reader.length(
                upTo: min(Inflater.limit(limit), TraceLimits.unpackedBytes), "the hierarchy length")
            switch type {
            case .hierarchyGzip:
                let packed = try reader.take(reader.remaining)
                guard length <= Inflater.limit(packed.count) else { throw LZ4Block.wrong }
                let result = try ByteStore(count: length)
                try inflater.decompress(packed, into: result.target, container: .gzip)
                return result
            case .hierarchyLZ4Twice:
                let inner = try reader.varint(upTo: limit, "the hierarchy length")
                let once = try unpackLZ4(reader.take(reader.remaining), count: inner)
                return try once.withReader { try unpackLZ4($0.take($0.remaining), count: length) }
            default:
                return try unpackLZ4(reader.take(reader.remaining), count: length)
            }
        }

        private func unpackLZ4(_ packed: UnsafeBufferPointer<UInt8>, count: Int) throws -> ByteStore {
            guard count <= LZ4Block.limit(packed.count) else { throw LZ4Block.wrong }
            let result = try ByteStore(count: count)
            try LZ4Block.decompress(packed, into: result.target)
            return result
        }

        /// Reads the hierarchy, now that the geometry is known wherever it stood.
        mutating func finish() throws -> (FSTContainer, HierarchyCollector) {
            guard let hierarchy else { throw Malformed(reason: "it has no hierarchy block") }
            var parser = FSTHierarchyParser(geometry: geometry)
            try hierarchy.withReader { try parser.parse(&$0) }
            container.shapes = parser.shapes
            container.firstSignal = parser.firstSignal
            if statedSections > UInt64(container.sections.count) { container.isCut = true }
            return (container, parser.collector)
        }
    }
}
