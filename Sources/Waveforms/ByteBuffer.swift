// A growing byte buffer on raw memory with the integer encodings of the trace formats.
//
// Unsafe memory: every append first makes room (`reserve`), so `count` never passes `capacity`.

/// Growing bytes owned by one class; not copied.
struct ByteBuffer: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private(set) var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = max(capacity, 16)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// The bytes appended so far; valid until the next append.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    mutating func removeAll() { count = 0 }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if count + extra > capacity { grow(count + extra) }
    }

    @inline(never)
    private mutating func grow(_ needed: Int) {
        let larger = max(needed, capacity * 2)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = larger
    }

    /// The first free byte, after `reserve`.
    @inline(__always)
    var end: UnsafeMutablePointer<UInt8> { base + count }

    /// Counts bytes that were written at `end`; they must have been reserved.
    @inline(__always)
    mutating func advance(_ written: Int) {
        assert(count + written <= capacity)
        count += written
    }

    mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    mutating func append(_ source: UnsafeBufferPointer<UInt8>) {
        guard let start = source.baseAddress else { return }
        reserve(source.count)
        end.update(from: start, count: source.count)
        count += source.count
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    /// Appends text and zero bytes up to `length`; longer text is cut.
    mutating func append(_ text: String, paddedTo length: Int) {
        let kept = Array(text.utf8.prefix(length))
        kept.withUnsafeBufferPointer { append($0) }
        for _ in kept.count..<length { append(0) }
    }

    /// Appends a 64-bit big-endian integer.
    mutating func append(bigEndian value: UInt64) {
        reserve(8)
        UnsafeMutableRawPointer(end).storeBytes(of: value.bigEndian, as: UInt64.self)
        count += 8
    }

    /// Appends an unsigned LEB128 integer.
    mutating func append(varint value: UInt64) {
        reserve(10)
        count += putVarint(value, at: end)
    }

    /// Appends a signed LEB128 integer.
    mutating func append(signedVarint value: Int64) {
        var rest = value
        while true {
            let group = UInt8(truncatingIfNeeded: rest) & 0x7F
            rest >>= 7
            let done = (rest == 0 && group & 0x40 == 0) || (rest == -1 && group & 0x40 != 0)
            append(done ? group : group | 0x80)
            if done { return }
        }
    }

    /// Appends a decimal number.
    mutating func append(decimal value: UInt64) {
        reserve(20)
        var digits = 1
        var limit: UInt64 = 10
        while digits < 20 && value >= limit {
            digits += 1
            if digits < 20 { limit *= 10 }
        }
        var rest = value
        for position in stride(from: digits - 1, through: 0, by: -1) {
            end[position] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        }
        count += digits
    }
}

/// Writes an unsigned LEB128 integer and gives its length; ten bytes must be free.
@inline(__always)
func putVarint(_ value: UInt64, at target: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = value
    var length = 0
    while rest >= 0x80 {
        target[length] = UInt8(truncatingIfNeeded: rest) | 0x80
        rest >>= 7
        length += 1
    }
    target[length] = UInt8(truncatingIfNeeded: rest)
    return length + 1
}
