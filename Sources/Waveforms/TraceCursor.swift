// The pull interface behind every pass over a trace: forEachChange, dump, conversion and comparison.

/// Steps through the changes of a trace in time order; within one time by signal index in an FST, in file order
/// in a VCD.
protocol TraceCursor: AnyObject {
    /// Moves to the next change; false at the end.
    func next() throws -> Bool
    /// The time of the present change.
    var time: UInt64 { get }
    /// The signal of the present change, an index in `TraceFile.signals` that is its own source.
    var signal: Int { get }
    /// The value and unknown bits of the present change; valid until `next`.
    var value: TraceValue { get }
    /// Times and counts; final once `next` gave false.
    var extent: TraceExtent { get }
}

/// Room for one value and its unknown bits.
///
/// Unsafe memory: both pointers have room for the words of the widest signal of the trace.
struct TraceValue {
    let words: UnsafeMutablePointer<UInt64>
    let unknown: UnsafeMutablePointer<UInt64>
    var hasUnknown = false

    init(width: Int) {
        let count = max(1, (width + 63) / 64)
        words = .allocate(capacity: count)
        unknown = .allocate(capacity: count)
        words.initialize(repeating: 0, count: count)
        unknown.initialize(repeating: 0, count: count)
    }

    func deallocate() {
        words.deallocate()
        unknown.deallocate()
    }

    /// Reads digits, most significant first, into `width` bits. Missing digits repeat a leading unknown and are
    /// zero otherwise; surplus leading digits are dropped.
    mutating func set(digits: UnsafeBufferPointer<UInt8>, width: Int) {
        let count = (width + 63) / 64
        hasUnknown = false
        var next = digits.count
        for index in 0..<count {
            let wanted = min(64, width - index * 64)
            let available = min(wanted, next)
            var known: UInt64 = 0
            var doubtful: UInt64 = 0
            for position in (next - available)..<next {
                let digit = digits[position]
                known <<= 1
                doubtful <<= 1
                if digit & 0xFE == 0x30 { known |= UInt64(digit & 1) } else { Self.add(digit, &known, &doubtful) }
            }
            next -= available
            if available < wanted, let first = digits.first, Self.isUnknown(first) {
                doubtful |= bitMask(wanted) & ~(available == 0 ? 0 : bitMask(available))
            }
            words[index] = known
            unknown[index] = doubtful
            if doubtful != 0 { hasUnknown = true }
        }
    }

    /// A weak high counts as 1 and a weak low as 0; everything else that is not a digit is unknown.
    private static func add(_ digit: UInt8, _ known: inout UInt64, _ doubtful: inout UInt64) {
        if isUnknown(digit) { doubtful |= 1 } else if digit | 0x20 == UInt8(ascii: "h") { known |= 1 }
    }

    private static func isUnknown(_ digit: UInt8) -> Bool {
        digit & 0xFE != 0x30 && digit | 0x20 != UInt8(ascii: "h") && digit | 0x20 != UInt8(ascii: "l")
    }

    /// Reads bytes, most significant first and left aligned, into `width` bits; there must be (width + 7) / 8.
    mutating func set(packed bytes: UnsafePointer<UInt8>, width: Int) {
        let length = (width + 7) / 8
        let pad = UInt64(length * 8 - width)
        var place = length
        var index = 0
        hasUnknown = false
        while place > 0 {
            let take = min(8, place)
            var word: UInt64 = 0
            for position in (place - take)..<place { word = word << 8 | UInt64(bytes[position]) }
            // The lowest bits of the next higher word are in the byte before this group.
            let carry = place > 8 && pad > 0 ? UInt64(bytes[place - 9]) << (64 - pad) : 0
            words[index] = word >> pad | carry
            place -= take
            index += 1
        }
    }

    mutating func set(word: UInt64, unknown doubtful: UInt64 = 0) {
        words[0] = word
        unknown[0] = doubtful
        hasUnknown = doubtful != 0
    }
}
