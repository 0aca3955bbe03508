// What the signals of a converted trace have besides the two-state values of a run.

/// Unknown bits, texts and which signals have a value at all, by slot of `SignalValues`.
final class ConvertedValues {
    private let kinds: [SignalKind]
    /// The unknown bits, at the places of the words; of these z has the value bit 1, x has 0.
    private(set) var unknown: [UInt64]
    private(set) var texts: [[UInt8]]
    private(set) var isDefined: [Bool]

    init(_ kinds: [SignalKind], words: Int) {
        self.kinds = kinds
        unknown = Array(repeating: 0, count: words)
        texts = Array(repeating: [], count: kinds.count)
        isDefined = Array(repeating: false, count: kinds.count)
    }

    /// What a slot is.
    func kind(of slot: Int) -> SignalKind { kinds[slot] }

    /// Stores a change; true when it says something new, as every occurrence of an event does.
    func update(_ slot: Int, _ change: TraceChange, _ values: SignalValues) -> Bool {
        let entry = values.slots[slot]
        var isNew = !isDefined[slot] || kinds[slot] == .event
        isDefined[slot] = true
        if kinds[slot] == .string {
            if texts[slot] != change.text { isNew = true }
            texts[slot] = change.text
            return isNew
        }
        for index in 0..<entry.wordCount {
            let place = entry.offset + index
            let doubt = change.unknown?[index] ?? 0
            if values.words[place] != change.words[index] || unknown[place] != doubt { isNew = true }
            values.words[place] = change.words[index]
            unknown[place] = doubt
        }
        return isNew
    }

    /// Whether a slot shows unknown bits.
    func hasUnknown(_ slot: Int, _ values: SignalValues) -> Bool {
        let entry = values.slots[slot]
        return unknown[entry.offset..<entry.offset + entry.wordCount].contains { $0 != 0 }
    }

    /// The digits of a slot's bits, most significant first: 0, 1, x, z.
    func digits(_ slot: Int, _ values: SignalValues) -> [UInt8] {
        let entry = values.slots[slot]
        guard isDefined[slot] else { return Array(repeating: UInt8(ascii: "x"), count: entry.width) }
        return (0..<entry.width).reversed().map { bit in
            let (place, shift) = (entry.offset + bit >> 6, UInt64(bit & 63))
            let isSet = values.words[place] >> shift & 1 == 1
            if unknown[place] >> shift & 1 == 1 { return UInt8(ascii: isSet ? "z" : "x") }
            return UInt8(ascii: isSet ? "1" : "0")
        }
    }
}
