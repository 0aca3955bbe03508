// Reads the index of an FST value-change section: for each handle the place of its chain, the earlier handle
// whose chain it shares, or nothing.

/// Where the chains of a section are.
struct FSTChainIndex {
    /// For each handle the handle that owns its chain (itself or an earlier one), -1 without changes.
    private(set) var owner: [Int] = []
    /// For each handle with a chain of its own the offset from the pack byte, else 0.
    private(set) var offset: [Int] = []

    private let handles: Int
    private var lastOffset = 0
    private var lastAlias = -1

    init(type: FSTLayout.Block, bytes: UnsafeBufferPointer<UInt8>, handles: Int) throws(Malformed) {
        self.handles = handles
        var reader = ByteReader(base: bytes.baseAddress.unsafelyUnwrapped, count: bytes.count)
        while !reader.isAtEnd {
            if type == .valueChangesAlias2 {
                try addSigned(&reader)
            } else {
                try addUnsigned(&reader, hasAliases: type == .valueChangesAlias)
            }
        }
        guard owner.count == handles else {
            throw Malformed(reason: "a section's index names \(owner.count) of \(handles) signals")
        }
    }

    /// Type 8: an odd first byte starts a signed number, an even one a run of handles without changes.
    private mutating func addSigned(_ reader: inout ByteReader) throws(Malformed) {
        guard reader.position.pointee & 1 == 1 else { return try addEmpty(reader.varint() >> 1) }
        let value = try reader.signedVarint() >> 1
        if value > 0 { return try addChain(UInt64(value)) }
        if value < 0 { lastAlias = value < -Int64(handles) ? -1 : Int(-value) - 1 }
        try addAlias(lastAlias)
    }

    /// Types 1 and 5: odd is an offset difference, even a run, 0 the start of an alias in type 5.
    private mutating func addUnsigned(_ reader: inout ByteReader, hasAliases: Bool) throws(Malformed) {
        let value = try reader.varint()
        if value == 0 && hasAliases { return try addAlias(reader.varint(upTo: handles, "an alias") - 1) }
        try value & 1 == 1 ? addChain(value >> 1) : addEmpty(value >> 1)
    }

    private mutating func addEmpty(_ run: UInt64) throws(Malformed) {
        guard run <= UInt64(handles - owner.count) else { throw Self.tooMany }
        owner.append(contentsOf: repeatElement(-1, count: Int(run)))
        offset.append(contentsOf: repeatElement(0, count: Int(run)))
    }

    private mutating func addChain(_ distance: UInt64) throws(Malformed) {
        guard owner.count < handles else { throw Self.tooMany }
        // A section is shorter than 2^48 bytes; so the sum does not overflow.
        guard distance > 0, distance < 1 << 48, lastOffset < 1 << 48 else {
            throw Malformed(reason: "a chain offset is wrong")
        }
        lastOffset += Int(distance)
        owner.append(owner.count)
        offset.append(lastOffset)
    }

    private mutating func addAlias(_ target: Int) throws(Malformed) {
        guard owner.count < handles else { throw Self.tooMany }
        guard target >= 0, target < owner.count, owner[target] == target else {
            throw Malformed(reason: "a signal shares the changes of a signal that has none of its own")
        }
        owner.append(target)
        offset.append(0)
    }

    private static let tooMany = Malformed(reason: "a section's index names too many signals")

    /// Handle, start and end of every chain; `areaCount` is the end of the last.
    func extents(areaCount: Int) throws(Malformed) -> [(handle: Int, start: Int, end: Int)] {
        let own = owner.indices.filter { owner[$0] == $0 }
        var result: [(Int, Int, Int)] = []
        for (place, handle) in own.enumerated() {
            let end = place + 1 < own.count ? offset[own[place + 1]] : areaCount
            guard offset[handle] < end, end <= areaCount else { throw Malformed(reason: "a chain passes its section") }
            result.append((handle, offset[handle], end))
        }
        return result
    }
}
