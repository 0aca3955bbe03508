// The blocks in front of the value changes: header, geometry, hierarchy and the first spare block head.

extension FSTWriter {
    /// A block head readers take as the end of an unfinished file: type skip, length zero.
    static let spareHead: [UInt8] = [FSTLayout.Block.skip.rawValue, 0, 0, 0, 0, 0, 0, 0, 0]

    /// Writes header, geometry, hierarchy and a spare head in one go.
    func writePreamble() throws {
        var out = ByteBuffer(capacity: 1 << 16)
        appendHeader(to: &out)
        appendGeometry(to: &out)
        appendHierarchy(to: &out)
        Self.spareHead.withUnsafeBufferPointer { out.append($0) }
        try file.append(out.bytes)
    }

    /// Start and end stay zero, the mark of an unfinished file, until `finishHeader`.
    private func appendHeader(to out: inout ByteBuffer) {
        out.append(FSTLayout.Block.header.rawValue)
        out.append(bigEndian: FSTLayout.headerLength)
        out.append(bigEndian: 0)
        out.append(bigEndian: 0)
        // Native byte order: the probe tells readers how doubles are stored.
        out.append(bigEndian: FSTLayout.byteOrderProbe.bitPattern.byteSwapped)
        out.append(bigEndian: 0)
        out.append(bigEndian: UInt64(hierarchy.scopeCount))
        out.append(bigEndian: UInt64(hierarchy.signalCount))
        out.append(bigEndian: UInt64(values.slots.count))
        out.append(bigEndian: 0)
        out.append(UInt8(bitPattern: hierarchy.timescaleExponent))
        out.append(asciiPrefix(options.program, FSTLayout.versionBytes - 1), paddedTo: FSTLayout.versionBytes)
        out.append(asciiPrefix(options.date, FSTLayout.dateBytes - 1), paddedTo: FSTLayout.dateBytes)
        out.append(0)
        out.append(bigEndian: 0)
    }

    private func asciiPrefix(_ text: String, _ length: Int) -> String {
        let ascii = text.utf8.prefix(length).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: ascii, as: UTF8.self)
    }

    /// The width of every distinct signal, compressed when that is smaller.
    private func appendGeometry(to out: inout ByteBuffer) {
        var widths = ByteBuffer()
        for slot in values.slots.indices { widths.append(varint: geometry(of: slot)) }
        var body = ByteBuffer()
        _ = appendSmaller(of: widths.bytes, to: &body)
        out.append(FSTLayout.Block.geometry.rawValue)
        out.append(bigEndian: UInt64(24 + body.count))
        out.append(bigEndian: UInt64(widths.count))
        out.append(bigEndian: UInt64(values.slots.count))
        out.append(body.bytes)
    }

    /// Appends the zlib form of `source`, or `source` itself where that is not longer; gives the length.
    func appendSmaller(of source: UnsafeBufferPointer<UInt8>, to out: inout ByteBuffer) -> Int {
        if options.compressionLevel > 0 && source.count > 16 {
            var packed = ByteBuffer(capacity: source.count + 64)
            if deflater.compress(source, into: &packed) < source.count {
                out.append(packed.bytes)
                return packed.count
            }
        }
        out.append(source)
        return source.count
    }

    private func appendHierarchy(to out: inout ByteBuffer) {
        var records = ByteBuffer(capacity: 1 << 16)
        var handle = 0
        for scope in hierarchy.root { appendScope(scope, &handle, to: &records) }
        var packed = ByteBuffer(capacity: 1 << 16)
        // Hierarchies are small and repetitive: level 6 costs nothing here.
        let length = Deflater(level: 6, container: .gzip).compress(records.bytes, into: &packed)
        out.append(FSTLayout.Block.hierarchyGzip.rawValue)
        out.append(bigEndian: UInt64(16 + length))
        out.append(bigEndian: UInt64(records.count))
        out.append(packed.bytes)
    }

    private func appendScope(_ scope: SignalScope, _ handle: inout Int, to out: inout ByteBuffer) {
        if !scope.name.isEmpty {
            out.append(FSTLayout.HierarchyTag.scope)
            out.append(FSTLayout.moduleScope)
            out.append(scope.name)
            out.append(0)
            out.append(0)
        }
        for signal in scope.signals {
            appendVariable(signal, handle: handle, to: &out)
            handle += 1
        }
        for child in scope.scopes { appendScope(child, &handle, to: &out) }
        if !scope.name.isEmpty { out.append(FSTLayout.HierarchyTag.upscope) }
    }

    private func appendVariable(_ signal: SignalDeclaration, handle: Int, to out: inout ByteBuffer) {
        switch signal.kind {
        case .wire: out.append(FSTLayout.wireVariable)
        case .register: out.append(FSTLayout.registerVariable)
        case .integer: out.append(FSTLayout.integerVariable)
        case .parameter: out.append(FSTLayout.parameterVariable)
        case .event: out.append(FSTLayout.eventVariable)
        case .real: out.append(FSTLayout.realVariable)
        case .string: out.append(FSTLayout.stringVariable)
        }
        out.append(0)
        out.append(signal.name)
        out.append(signal.rangeText)
        out.append(0)
        // libfst counts a real's bytes here.
        out.append(varint: signal.kind == .real ? 8 : UInt64(signal.width))
        // Handles count from 1 in the file; 0 declares a signal of its own.
        out.append(varint: hierarchy.owners[handle] == handle ? 0 : UInt64(values.slot(of: handle)) + 1)
    }

    /// Removes the spare head and fills in the times and the section count.
    func finishHeader() throws {
        try file.truncate(to: file.position - UInt64(FSTLayout.blockHead))
        var count = ByteBuffer()
        count.append(bigEndian: sectionCount)
        try file.write(count.bytes, at: FSTLayout.sectionCountOffset)
        var range = ByteBuffer()
        range.append(bigEndian: firstTime)
        range.append(bigEndian: lastTime)
        try file.write(range.bytes, at: FSTLayout.startTimeOffset)
    }
}
