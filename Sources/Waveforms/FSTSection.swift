// Unpacks one FST value-change section (block types 1, 5 and 8): frame, times, index and chains.
//
// Layout: begin, end, memory | frame | chains | index, its length | times, three lengths. The index stands behind
// the chains and is found from the end of the block.

/// The records of one handle in one section.
struct FSTChain {
    let handle: Int
    let records: UnsafeBufferPointer<UInt8>
}

/// An unpacked section.
///
/// Unsafe memory: chain records point into `block` or `unpacked`, which live as long as the section.
final class FSTSection {
    let beginTime: UInt64
    let endTime: UInt64
    private(set) var times: [UInt64] = []
    private(set) var chains: [FSTChain] = []
    /// The characters of the state at `beginTime`, nil unless asked for.
    private(set) var frame: ByteStore?

    private let block: ByteStore
    private var unpacked: [ByteStore] = []
    private var unpackedBytes = 0
    private let inflater: Inflater

    /// Reads and unpacks a section.
    /// - Parameters:
    ///   - wanted: the handles whose chains are unpacked.
    ///   - withFrame: whether the frame is unpacked.
    init(
        _ section: FSTContainer.Section, of input: InputFile, container: FSTContainer, wanted: [Bool],
        withFrame: Bool, inflater: Inflater
    ) throws {
        self.inflater = inflater
        block = try input.read(at: section.offset, count: section.count)
        // The block is a property: it outlives every reader into it.
        var reader = ByteReader(base: block.base, count: block.count)
        beginTime = try container.timeZero.shift(reader.bigEndian64())
        endTime = try container.timeZero.shift(reader.bigEndian64())
        _ = try reader.bigEndian64()
        try readFrame(&reader, container, unpack: withFrame)
        let handles = try reader.varint(upTo: container.shapes.count, "a section's number of signals")
        // Chain offsets count from the pack byte, where the reader now stands.
        var head = reader
        let index = try readTail(reader)
        if container.timeZero.isSet { times = try times.map { try container.timeZero.shift($0) } }
        let places = try FSTChainIndex(type: section.type, bytes: index, handles: handles)
        let area = index.baseAddress.unsafelyUnwrapped - reader.position
        try unpack(places, area: try reader.take(area), pack: try head.byte(), wanted: wanted)
    }

    private func readFrame(_ reader: inout ByteReader, _ container: FSTContainer, unpack: Bool) throws {
        let length = try reader.varint(upTo: TraceLimits.bits, "a frame length")
        let packedLength = try reader.varint(upTo: reader.remaining, "a packed frame length")
        let handles = try reader.varint(upTo: container.shapes.count, "a frame's number of signals")
        let packed = try reader.take(packedLength)
        let expected = container.shapes[..<handles].reduce(0) { $0 + $1.frameLength }
        guard length == expected else {
            throw Malformed(reason: "a frame has \(length) characters, its signals need \(expected)")
        }
        if unpack { frame = try self.unpack(packed, count: length) }
    }

    /// A zlib stream, or stored bytes when the lengths are equal.
    private func unpack(_ packed: UnsafeBufferPointer<UInt8>, count: Int) throws -> ByteStore {
        guard count <= Inflater.limit(packed.count) else { throw LZ4Block.wrong }
        let result = try ByteStore(count: count)
        if packed.count == count {
            _ = result.target.initialize(from: packed)
        } else {
            try inflater.decompress(packed, into: result.target)
        }
        return result
    }

    /// Reads the times from the end of the block and gives the bytes of the index before them.
    private func readTail(_ reader: ByteReader) throws -> UnsafeBufferPointer<UInt8> {
        var tail = ByteReader(base: reader.end - 24, count: 24)
        guard reader.remaining >= 33 else { throw ByteReader.truncated }
        let most = min(Inflater.limit(reader.remaining), TraceLimits.unpackedBytes)
        let length = try tail.length(upTo: most, "the length of a section's times")
        let packedLength = try tail.length(upTo: reader.remaining - 33, "the packed length of a section's times")
        let count = try tail.length(upTo: min(length, TraceLimits.sectionTimes), "a section's number of times")
        let packed = UnsafeBufferPointer(start: reader.end - 24 - packedLength, count: packedLength)
        try readTimes(unpack(packed, count: length), count: count)
        let indexEnd = reader.end - 24 - packedLength - 8
        var lengthField = ByteReader(base: indexEnd, count: 8)
        let indexLength = try lengthField.length(
            upTo: indexEnd - reader.position - 1, "the length of a section's index")
        return UnsafeBufferPointer(start: indexEnd - indexLength, count: indexLength)
    }

    private func readTimes(_ store: ByteStore, count: Int) throws {
        times.reserveCapacity(min(count, 1 << 20))
        try store.withReader { reader in
            var time: UInt64 = 0
            for _ in 0..<count {
                let (next, overflow) = time.addingReportingOverflow(try reader.varint())
                guard !overflow else { throw Malformed(reason: "its times pass 64 bits") }
                time = next
                times.append(time)
            }
        }
    }

    // MARK: Chains

    private func unpack(
        _ places: FSTChainIndex, area: UnsafeBufferPointer<UInt8>, pack: UInt8, wanted: [Bool]
    ) throws {
        // A chain is unpacked when its own handle or one that shares it is wanted.
        var needed = [Bool](repeating: false, count: places.owner.count)
        for (handle, owner) in places.owner.enumerated() where owner >= 0 && wanted[handle] { needed[owner] = true }
        var records = [UnsafeBufferPointer<UInt8>?](repeating: nil, count: places.owner.count)
        for (handle, start, end) in try places.extents(areaCount: area.count) where needed[handle] {
            records[handle] = try unpackChain(area[start..<end], pack: pack)
        }
        for (handle, owner) in places.owner.enumerated() where owner >= 0 && wanted[handle] {
            if let bytes = records[owner], bytes.count > 0 { chains.append(FSTChain(handle: handle, records: bytes)) }
        }
    }

    private func unpackChain(
        _ slice: Slice<UnsafeBufferPointer<UInt8>>, pack: UInt8
    ) throws -> UnsafeBufferPointer<UInt8> {
        let packed = UnsafeBufferPointer(rebasing: slice)
        var reader = ByteReader(base: packed.baseAddress.unsafelyUnwrapped, count: packed.count)
        let length = try reader.varint(upTo: TraceLimits.unpackedBytes - unpackedBytes, "the length of a chain")
        let data = try reader.take(reader.remaining)
        if length == 0 { return data }
        guard length <= Inflater.limit(data.count) else { throw LZ4Block.wrong }
        let store = try ByteStore(count: length)
        switch pack {
        case FSTLayout.Pack.lz4: try LZ4Block.decompress(data, into: store.target)
        case FSTLayout.Pack.fastLZ: try FastLZBlock.decompress(data, into: store.target)
        default: try inflater.decompress(data, into: store.target)
        }
        unpacked.append(store)
        unpackedBytes += length
        return UnsafeBufferPointer(store.target)
    }
}
