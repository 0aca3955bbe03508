// One value-change section (block type 8) and the order of writes that keeps the file readable at any moment.

extension FSTWriter {
    /// Writes everything collected as one section and starts the next one.
    func writeSection() throws {
        var body = ByteBuffer(capacity: pendingBytes / 2 + times.count + frame.count + 4096)
        body.append(bigEndian: sectionBegin)
        body.append(bigEndian: lastTime)
        let memoryPosition = body.count
        body.append(bigEndian: 0)
        body.append(varint: UInt64(frameLength))
        body.append(varint: UInt64(frame.count))
        body.append(varint: UInt64(values.slots.count))
        body.append(frame.bytes)
        body.append(varint: UInt64(values.slots.count))
        let memory = appendChains(to: &body)
        body.replace(bigEndian: memory, at: memoryPosition)
        appendTimes(to: &body)
        try publish(&body)
        startSection()
    }

    /// Appends the pack byte, the chains and their index; gives the bytes a reader needs to unpack them all.
    private func appendChains(to body: inout ByteBuffer) -> UInt64 {
        var index = ByteBuffer(capacity: 4096)
        var packed = ByteBuffer(capacity: 4096)
        var position = SectionIndex()
        var known: [UInt64: Int] = [:]
        var memory: UInt64 = 0
        let packByte = body.count
        body.append(FSTLayout.Pack.zlib)
        for slot in chains.indices {
            guard chains[slot].bytes.count > 0 else {
                position.addEmpty()
                continue
            }
            memory += UInt64(chains[slot].bytes.count)
            if let twin = twin(of: slot, known: &known) {
                position.addAlias(of: twin, to: &index)
                continue
            }
            position.addChain(at: body.count - packByte, to: &index)
            appendChain(slot, packed: &packed, to: &body)
        }
        position.finish(&index)
        body.append(index.bytes)
        body.append(bigEndian: UInt64(index.count))
        return memory
    }

    /// An earlier slot whose chain in this section has the same bytes.
    private func twin(of slot: Int, known: inout [UInt64: Int]) -> Int? {
        let hash = chains[slot].bytes.hash
        guard let other = known[hash] else {
            known[hash] = slot
            return nil
        }
        return chains[other].bytes.equals(chains[slot].bytes) ? other : nil
    }

    /// A chain is its unpacked length, or 0 when stored, and its bytes.
    private func appendChain(_ slot: Int, packed: inout ByteBuffer, to body: inout ByteBuffer) {
        let raw = chains[slot].bytes.bytes
        if options.compressionLevel > 0 && raw.count > 32 {
            packed.removeAll()
            if deflater.compress(raw, into: &packed) < raw.count {
                body.append(varint: UInt64(raw.count))
                body.append(packed.bytes)
                return
            }
        }
        body.append(0)
        body.append(raw)
    }

    private func appendTimes(to body: inout ByteBuffer) {
        let length = appendSmaller(of: times.bytes, to: &body)
        body.append(bigEndian: UInt64(times.count))
        body.append(bigEndian: UInt64(length))
        body.append(bigEndian: timeCount)
    }

    /// Puts the section behind the spare head that ends the file, together with the next spare head; then
    /// patches the length and last the type. Readers see the section only after the last one-byte write.
    private func publish(_ body: inout ByteBuffer) throws {
        let head = file.position - UInt64(FSTLayout.blockHead)
        let length = UInt64(body.count) + 8
        Self.spareHead.withUnsafeBufferPointer { body.append($0) }
        try file.append(body.bytes)
        var patch = ByteBuffer()
        patch.append(bigEndian: length)
        try file.write(patch.bytes, at: head + 1)
        patch.removeAll()
        patch.append(FSTLayout.Block.valueChangesAlias2.rawValue)
        try file.write(patch.bytes, at: head)
        sectionCount += 1
    }

    private func startSection() {
        for slot in chains.indices {
            chains[slot].bytes.removeAll()
            chains[slot].lastTimeIndex = 0
        }
        times.removeAll()
        timeCount = 0
        pendingBytes = 0
        sectionBegin = lastTime
        buildFrame()
    }

    /// The present state, one character per bit, most significant bit first, as the next section's frame.
    func buildFrame() {
        var bits = ByteBuffer(capacity: values.words.count * 64)
        if let conversion = values.conversion { appendConvertedFrame(conversion, to: &bits) }
        for slot in values.slots.indices where values.conversion == nil {
            let width = values.slots[slot].width
            let value = values.value(of: slot)
            bits.reserve(width)
            for bit in 0..<width {
                let place = width - 1 - bit
                let digit = value[place >> 6] >> UInt64(place & 63) & 1
                bits.end[bit] = UInt8(ascii: "0") | UInt8(truncatingIfNeeded: digit)
            }
            bits.advance(width)
        }
        frameLength = bits.count
        frame.removeAll()
        _ = appendSmaller(of: bits.bytes, to: &frame)
    }
}

/// Builds the index of a section: for each signal in order an offset difference, an alias or a run of signals
/// without changes.
private struct SectionIndex {
    private var emptyRun: UInt64 = 0
    private var lastOffset = 0
    private var lastAlias = -1

    mutating func addEmpty() { emptyRun += 1 }

    mutating func addChain(at offset: Int, to index: inout ByteBuffer) {
        finish(&index)
        index.append(signedVarint: Int64(offset - lastOffset) << 1 | 1)
        lastOffset = offset
    }

    mutating func addAlias(of slot: Int, to index: inout ByteBuffer) {
        finish(&index)
        let value = slot == lastAlias ? 0 : -Int64(slot + 1)
        index.append(signedVarint: value << 1 | 1)
        lastAlias = slot
    }

    /// Writes an open run of signals without changes.
    mutating func finish(_ index: inout ByteBuffer) {
        guard emptyRun > 0 else { return }
        index.append(varint: emptyRun << 1)
        emptyRun = 0
    }
}

extension ByteBuffer {
    /// Replaces eight earlier bytes.
    fileprivate mutating func replace(bigEndian value: UInt64, at position: Int) {
        precondition(position + 8 <= count)
        UnsafeMutableRawPointer(base + position).storeBytes(of: value.bigEndian, as: UInt64.self)
    }

    /// A 64-bit mixing hash, eight bytes at a time.
    fileprivate var hash: UInt64 {
        var state = UInt64(count) &* 0x9E37_79B9_7F4A_7C15
        let raw = UnsafeRawPointer(base)
        var position = 0
        while position + 8 <= count {
            state = (state ^ raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)) &* 0xBF58_476D_1CE4_E5B9
            state ^= state >> 29
            position += 8
        }
        while position < count {
            state = (state ^ UInt64(base[position])) &* 0x94D0_49BB_1331_11EB
            position += 1
        }
        return state ^ state >> 32
    }

    fileprivate func equals(_ other: borrowing ByteBuffer) -> Bool {
        count == other.count && bytes.elementsEqual(other.bytes)
    }
}
