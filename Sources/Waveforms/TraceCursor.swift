// The pull interface behind every pass over a trace: forEachChange, dump, conversion and comparison.

/// Steps through the changes of a trace in time order; within one time by stored value in an FST, in file order in a
/// VCD.
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
    /// The last time whose changes are surely all there, nil where there is none; final once `next` gave false. The
    /// last step of a VCD that was cut may lack some.
    var lastWholeTime: UInt64? { get }
}

/// Room for one value and its unknown bits; of these z has the value bit 1 and every other one 0.
///
/// Unsafe memory: both pointers have room for the words of the widest signal of the trace.
struct TraceValue {
    let words: UnsafeMutablePointer<UInt64>
    let unknown: UnsafeMutablePointer<UInt64>
    var hasUnknown = false
    /// The digits had one of VHDL's further values, which became x, 0 or 1.
    private(set) var isSimplified = false
    /// The bytes of a string.
    private(set) var text: [UInt8] = []

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
        isSimplified = false
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
                if digit & 0xFE == 0x30 { known |= UInt64(digit & 1) } else { add(digit, &known, &doubtful) }
            }
            next -= available
            if available < wanted, let first = digits.first, Self.isUnknown(first) {
                let missing = bitMask(wanted) & ~(available == 0 ? 0 : bitMask(available))
                doubtful |= missing
                if Self.isHighImpedance(first) { known |= missing }
            }
            words[index] = known
            unknown[index] = doubtful
            if doubtful != 0 { hasUnknown = true }
        }
    }

    /// A weak high counts as 1 and a weak low as 0; everything else that is not a digit is unknown.
    private mutating func add(_ digit: UInt8, _ known: inout UInt64, _ doubtful: inout UInt64) {
        if Self.isHighImpedance(digit) {
            known |= 1
            doubtful |= 1
        } else if Self.isUnknown(digit) {
            doubtful |= 1
            if digit | 0x20 != UInt8(ascii: "x") { isSimplified = true }
        } else {
            if digit | 0x20 == UInt8(ascii: "h") { known |= 1 }
            isSimplified = true
        }
    }

    private static func isHighImpedance(_ digit: UInt8) -> Bool { digit | 0x20 == UInt8(ascii: "z") }

    static func isUnknown(_ digit: UInt8) -> Bool {
        digit & 0xFE != 0x30 && digit | 0x20 != UInt8(ascii: "h") && digit | 0x20 != UInt8(ascii: "l")
    }

    /// Reads bytes, most significant first and left aligned, into `width` bits; there must be (width + 7) / 8.
    mutating func set(packed bytes: UnsafePointer<UInt8>, width: Int) {
        let length = (width + 7) / 8
        let pad = UInt64(length * 8 - width)
        var place = length
        var index = 0
        hasUnknown = false
        isSimplified = false
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

    mutating func set(word: UInt64, unknown doubtful: UInt64 = 0, isSimplified: Bool = false) {
        words[0] = word
        unknown[0] = doubtful
        hasUnknown = doubtful != 0
        self.isSimplified = isSimplified
    }

    mutating func set(text bytes: [UInt8]) {
        text = bytes
        hasUnknown = false
        isSimplified = false
    }

    /// Takes a value of another width: surplus bits are dropped, missing ones filled in as for missing digits.
    mutating func set(_ other: TraceValue, from width: Int, to wanted: Int) {
        let count = (wanted + 63) / 64
        let (top, bit) = (width - 1).quotientAndRemainder(dividingBy: 64)
        let repeats = other.hasUnknown && other.unknown[top] >> UInt64(bit) & 1 == 1
        let fill = repeats && other.words[top] >> UInt64(bit) & 1 == 1
        hasUnknown = false
        isSimplified = other.isSimplified
        for index in 0..<count {
            let mask = bitMask(min(64, wanted - index * 64))
            let there = index > top ? 0 : index == top ? bitMask(bit + 1) : ~0
            words[index] = ((index <= top ? other.words[index] : 0) | (fill ? ~there : 0)) & mask
            unknown[index] =
                ((other.hasUnknown && index <= top ? other.unknown[index] : 0) | (repeats ? ~there : 0)) & mask
            if unknown[index] != 0 { hasUnknown = true }
        }
    }
}
