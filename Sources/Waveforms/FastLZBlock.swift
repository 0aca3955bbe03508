// The FastLZ block format, levels 1 and 2 (FastLZ by Ariya Hidayat), decoding only. GTKWave's tools use it for
// chains with pack byte 'F'.

/// Unpacks FastLZ blocks.
enum FastLZBlock {
    /// Unpacks a block that must give exactly as many bytes as the target has.
    static func decompress(
        _ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws(Malformed) {
        guard let from = source.baseAddress, source.count > 0 else { throw LZ4Block.wrong }
        var reader = ByteReader(base: from, count: source.count)
        var output = CopyTarget(target)
        let first = try reader.byte()
        let isSecondLevel = first >> 5 == 1
        guard first >> 5 <= 1 else { throw LZ4Block.wrong }
        var control = Int(first & 31)
        while true {
            if control >= 32 {
                try copy(control, isSecondLevel, &reader, &output)
            } else {
                try output.append(reader.take(control + 1))
            }
            if reader.isAtEnd { break }
            control = Int(try reader.byte())
        }
        guard output.isFull else { throw LZ4Block.wrong }
    }

    private static func copy(
        _ control: Int, _ isSecondLevel: Bool, _ reader: inout ByteReader, _ output: inout CopyTarget
    ) throws(Malformed) {
        var length = control >> 5 - 1
        var more: UInt8 = 0
        if length == 6 {
            repeat {
                more = try reader.byte()
                length += Int(more)
            } while isSecondLevel && more == 255
        }
        let low = Int(try reader.byte())
        var distance = (control & 31) << 8 + low
        if isSecondLevel && low == 255 && control & 31 == 31 {
            distance = Int(try reader.byte()) << 8
            distance += Int(try reader.byte()) + 8191
        }
        try output.copy(length + 3, back: distance + 1)
    }
}
