// Bits of a register that change, from its rows.

import Design
import Fabric
import RowKernels

#if MUTANTS
    import Mutants
#endif

/// Bits that change from row to row.
enum RowToggles {
    /// Which bits of a lane count, and how often its sign does besides: stored lanes are narrower than the net.
    struct Counted: Equatable {
        var mask: UInt64
        var extra: Int

        /// The mask in every lane of 64 bits.
        func mask(everyLane element: RowElement) -> UInt64 {
            if element == .int64 { return mask }
            let bits = UInt64(8 * element.bytes)
            let one = mask & ((1 << bits) - 1)
            return stride(from: UInt64(0), to: 64, by: UInt64.Stride(bits)).reduce(0) { $0 | one << $1 }
        }
    }

    /// What counts of a net.
    static func counted(_ net: RowNet) -> Counted {
        #if MUTANTS
            let extra =
                net.shape.signed && !isPlanted("toggle-sign") ? net.shape.width - net.shape.significantBits : 0
        #else
            let extra = net.shape.signed ? net.shape.width - net.shape.significantBits : 0
        #endif
        let bits = net.shape.signed ? net.shape.significantBits : net.shape.width
        return Counted(mask: bits >= 64 ? ~0 : (1 << UInt64(bits)) - 1, extra: extra)
    }

    /// Of the events of a net.
    static func count(_ net: RowNet, _ events: Events, _ level: RowLevel) -> UInt64 {
        let counted = counted(net)
        if case .c(let number) = level {
            return rk_toggles(
                UnsafePointer(net.pointers), events.list, Int32(events.count), net.shape.lanes * net.element.bytes,
                Int32(net.element.bytes), counted.mask, Int32(counted.extra), net.pairs?.entries, number)
        }
        var total = 0
        for e in 0..<events.count {
            let i = Int(events.list[e])
            let (a, b) = (net.pointers[i]!, net.pointers[i + 1]!)
            if a == b { continue }
            for lane in 0..<net.shape.lanes {
                let difference = RowLane.load(a, net.element, lane) ^ RowLane.load(b, net.element, lane)
                let bits = (UInt64(bitPattern: difference) & counted.mask).nonzeroBitCount
                total += bits + (difference < 0 ? counted.extra : 0)
            }
        }
        return UInt64(total)
    }
}

/// Pairs of rows whose differences are known, for registers that hand the same rows on: a weight's latch, output and so on.
final class PairMemory {
    let entries: UnsafeMutablePointer<rk_pair>

    /// Rows from which looking a pair up costs less than counting it.
    static let leastBytes = 128

    init() {
        entries = .allocate(capacity: Int(RK_PAIRS))
        entries.initialize(repeating: rk_pair(), count: Int(RK_PAIRS))
    }

    deinit { entries.deallocate() }

    /// Rows have other values in another block.
    func forget() { entries.update(repeating: rk_pair(), count: Int(RK_PAIRS)) }
}
