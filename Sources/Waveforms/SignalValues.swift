// The last value of every signal of a trace that is being written.
//
// Signals of a run are two-state and start at zero. Those of a converted trace (`conversion`) also have unknown bits or
// text, and no value until they are given one.
//
// Unsafe memory: `words` holds the values of all distinct signals one after the other. `offsets` and `widths`
// are built once from the hierarchy, so offset + wordCount never passes the end of `words`; handles are checked
// against the hierarchy on each call.

#if MUTANTS
    import Mutants
#endif

/// Last values and the changed test, shared by the writers.
final class SignalValues {
    /// A distinct signal: where its words are, how many bits it has and which bits of the top word count.
    struct Slot {
        let offset: Int
        let width: Int
        let wordCount: Int
        let topMask: UInt64
    }

    /// Handle to slot; aliases share one.
    let slotOfHandle: UnsafeMutableBufferPointer<Int32>
    let slots: UnsafeMutableBufferPointer<Slot>
    let words: UnsafeMutableBufferPointer<UInt64>
    /// What a converted trace has besides; nil in a run.
    let conversion: ConvertedValues?

    init(_ hierarchy: SignalHierarchy) {
        let (owned, slotOf) = Self.number(hierarchy)
        slotOfHandle = .allocate(capacity: slotOf.count)
        _ = slotOfHandle.initialize(from: slotOf)
        slots = .allocate(capacity: owned.count)
        var offset = 0
        for (index, handle) in owned.enumerated() {
            let width = hierarchy.signals[handle].width
            let count = (width + 63) / 64
            slots.initializeElement(
                at: index,
                to: Slot(offset: offset, width: width, wordCount: count, topMask: bitMask(width - (count - 1) * 64)))
            offset += count
        }
        words = .allocate(capacity: offset)
        words.initialize(repeating: 0)
        conversion =
            hierarchy.isConverted ? ConvertedValues(owned.map { hierarchy.signals[$0].kind }, words: offset) : nil
    }

    deinit {
        slotOfHandle.deallocate()
        slots.deallocate()
        words.deallocate()
    }

    /// The handles that own a value, in order, and the slot number of every handle.
    private static func number(_ hierarchy: SignalHierarchy) -> (owned: [Int], slotOf: [Int32]) {
        var owned: [Int] = []
        var slotOf: [Int32] = []
        for (handle, owner) in hierarchy.owners.enumerated() {
            if owner == handle {
                slotOf.append(Int32(owned.count))
                owned.append(handle)
            } else {
                #if MUTANTS
                    slotOf.append(slotOf[isPlanted("trace-alias") ? 0 : owner])
                #else
                    slotOf.append(slotOf[owner])
                #endif
            }
        }
        return (owned, slotOf)
    }

    /// The slot of a handle; stops the program when the handle is not one of the hierarchy.
    @inline(__always)
    func slot(of handle: Int) -> Int {
        precondition(UInt(bitPattern: handle) < UInt(bitPattern: slotOfHandle.count), "no such signal handle")
        return Int(slotOfHandle[handle])
    }

    /// The words of a slot.
    @inline(__always)
    func value(of slot: Int) -> UnsafeMutablePointer<UInt64> {
        words.baseAddress.unsafelyUnwrapped + slots[slot].offset
    }

    /// Stores a value of at most 64 bits; true when it differs from the last one.
    @inline(__always)
    func update(_ slot: Int, value: UInt64) -> Bool {
        let entry = slots[slot]
        precondition(entry.wordCount == 1, "the signal is wider than 64 bits")
        let masked = value & entry.topMask
        let last = words.baseAddress.unsafelyUnwrapped + entry.offset
        if last.pointee == masked { return false }
        last.pointee = masked
        return true
    }

    /// Stores a value of any width; true when it differs from the last one.
    @inline(__always)
    func update(_ slot: Int, words source: UnsafePointer<UInt64>) -> Bool {
        let entry = slots[slot]
        let last = words.baseAddress.unsafelyUnwrapped + entry.offset
        let top = entry.wordCount - 1
        var difference: UInt64 = 0
        for index in 0..<top {
            difference |= last[index] ^ source[index]
            last[index] = source[index]
        }
        let masked = source[top] & entry.topMask
        difference |= last[top] ^ masked
        last[top] = masked
        return difference != 0
    }
}

/// A mask of the lowest `bits` bits, 1...64.
@inline(__always)
func bitMask(_ bits: Int) -> UInt64 { ~0 >> UInt64(64 - bits) }
