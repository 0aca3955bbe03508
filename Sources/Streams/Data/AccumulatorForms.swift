// The additions among the branches of an accumulator, which run in C by whole vectors, a word of 64 cycles at a time. Control
// says by bits which branch is chosen, so that one look tells it for all of them.

import RowKernels

/// What an accumulator adds, by the bits of control that choose it.
final class AccumulatorForms {
    private struct Condition {
        var scalar: Int
        var isTrue: Bool
    }
    private let conditions: [[Condition]]
    private let addends: UnsafeMutablePointer<rk_addend>
    private let masks: UnsafeMutablePointer<UInt64>
    private let level: Int32
    private let count: Int
    /// The register's rows and what it holds.
    var kernel: rk_accumulator

    /// nil where nothing can be added by vectors.
    init?(
        _ terms: UnsafeMutableBufferPointer<AccumulatorTerm>, _ value: RowNet, unused: Int, zero: UnsafeRawPointer,
        level: Int32
    ) {
        guard value.element == .int32 || value.element == .int64 else { return nil }
        var (conditions, addends): ([[Condition]], [rk_addend]) = ([], [])
        AccumulatorForms.visit(0, terms, []) { root, chosen in
            guard root.kind == .add else { return }
            AccumulatorForms.visit(root.a, terms, chosen) { a, chosen in
                AccumulatorForms.visit(root.b, terms, chosen) { b, chosen in
                    guard b.kind == .row, b.element == value.element,
                        a.kind == .zero || a.kind == .held || a.kind == .shifted
                    else { return }
                    conditions.append(chosen)
                    addends.append(
                        rk_addend(
                            rows: UnsafePointer(b.pointers!), keeps: a.kind == .zero ? 0 : 1,
                            octaves: a.kind == .shifted ? Int32(a.octaves) : 0))
                }
            }
        }
        if addends.isEmpty { return nil }
        self.conditions = conditions
        self.level = level
        count = addends.count
        self.addends = .allocate(capacity: count)
        self.addends.initialize(from: addends, count: count)
        masks = .allocate(capacity: count)
        masks.initialize(repeating: 0, count: count)
        kernel = rk_accumulator()
        kernel.stride = value.stride
        kernel.zero = zero
        kernel.element = Int32(value.element.bytes)
        kernel.unused = Int32(unused)
    }

    deinit {
        addends.deallocate()
        masks.deallocate()
    }

    /// Calls `body` with the branches below a term and what chooses each.
    private static func visit(
        _ place: Int, _ terms: UnsafeMutableBufferPointer<AccumulatorTerm>, _ chosen: [Condition],
        _ body: (AccumulatorTerm, [Condition]) -> Void
    ) {
        let term = terms[place]
        guard term.kind == .choose else { return body(term, chosen) }
        visit(term.a, terms, chosen + [Condition(scalar: term.scalar, isTrue: true)], body)
        visit(term.b, terms, chosen + [Condition(scalar: term.scalar, isTrue: false)], body)
    }

    /// Runs the events of a word of 64 cycles from the kernel's state on; false where they are not all additions.
    @inline(__always) func run(_ events: UInt64, word: Int, _ block: ControlBlock) -> Bool {
        var left = events
        for index in 0..<count {
            var mask = events
            for condition in conditions[index] {
                let history = block.histories[condition.scalar]
                guard history.isBit else { return false }
                mask &= condition.isTrue ? history.bits[word] : ~history.bits[word]
            }
            masks[index] = mask
            left &= ~mask
        }
        guard left == 0 else { return false }
        rk_accumulate(&kernel, addends, masks, Int32(count), Int32(word << 6), level)
        return true
    }
}
