import Design
import Fabric

// DSP48E2 lanes: P, then M, then A, B and C, so that each stage reads the one before it as it was.

/// A bank of DSP48E2 of one cell.
struct DSPStep {
    /// A register bank that P adds, lane by lane.
    struct Addend {
        var pointer: UnsafeRawPointer
        var element: Element

        @inline(__always) func value(_ lane: Int) -> Int64 {
            element == .int32
                ? Int64(pointer.load(fromByteOffset: 4 &* lane, as: Int32.self))
                : pointer.load(fromByteOffset: 8 &* lane, as: Int64.self)
        }
    }
    /// Behind pointers, so that they are not copied to be run.
    var multiplier: UnsafePointer<Multiplier>?
    var c: UnsafePointer<BankCopy>?
    /// P = first + second + third: M, C and the cascade, those that the cell has.
    var first: Addend
    var second: Addend?
    var third: Addend?
    /// 0: P is added, too; nil: never.
    var starts: UnsafePointer<Int64>?
    var p: UnsafeMutableRawPointer
    var pElement: Element
    var pBits: Int
    var lanes: Int
    var enableC: UnsafePointer<Int64>?
    var enableP: UnsafePointer<Int64>
    var cActivity: Int
    var pActivity: Int

    /// Returns whether a register may have changed.
    @inline(__always) func commit(counting: Bool, activity: UnsafeMutablePointer<UInt64>) -> Bool {
        var changed = false
        if enableP.pointee != 0 {
            activity[pActivity] &+= UInt64(
                pElement == .int32
                    ? commitP(Int32.self, counting: counting) : commitP(Int64.self, counting: counting))
            changed = true
        }
        if let multiplier, multiplier.pointee.commit(counting: counting, activity: activity) { changed = true }
        if let c, let enableC, enableC.pointee != 0 {
            activity[cActivity] &+= UInt64(c.pointee.commit(counting: counting))
            changed = true
        }
        return changed
    }

    @inline(__always)
    private func commitP<P: CountedLane>(_: P.Type, counting: Bool) -> Int {
        if let starts, starts.pointee == 0 { return accumulate(P.self, counting) }
        guard let second else {
            return first.element == .int32
                ? pass(P.self, Int32.self, counting) : pass(P.self, Int64.self, counting)
        }
        if third != nil { return sumOfThree(P.self, counting) }
        switch (first.element, second.element) {
        case (.int32, .int32): return sum(P.self, Int32.self, Int32.self, second, counting)
        case (.int32, .int64): return sum(P.self, Int32.self, Int64.self, second, counting)
        case (.int64, .int32): return sum(P.self, Int64.self, Int32.self, second, counting)
        case (.int64, .int64): return sum(P.self, Int64.self, Int64.self, second, counting)
        }
    }

    @inline(__always)
    private func pass<P: CountedLane, M: FixedWidthInteger & SignedInteger>(
        _: P.Type, _: M.Type, _ counting: Bool
    ) -> Int {
        let p = self.p.assumingMemoryBound(to: P.self)
        let m = first.pointer.assumingMemoryBound(to: M.self)
        let mask = pBits >= P.bitWidth ? ~P(0) : (P(1) << P(pBits)) &- 1
        if counting { return copyCounting(p, m, count: lanes, mask: mask, extra: 48 &- pBits) }
        for i in 0..<lanes { p[i] = P(truncatingIfNeeded: m[i]) }
        return 0
    }

    /// 48 bits of a sum, as P is stored.
    @inline(__always)
    private func wrapped<P: FixedWidthInteger & SignedInteger>(_ sum: Int64, _: P.Type) -> P {
        P(truncatingIfNeeded: (sum &<< 16) &>> 16)
    }

    @inline(__always)
    private func sum<
        P: CountedLane, X: FixedWidthInteger & SignedInteger, Y: FixedWidthInteger & SignedInteger
    >(_: P.Type, _: X.Type, _: Y.Type, _ second: Addend, _ counting: Bool) -> Int {
        let p = self.p.assumingMemoryBound(to: P.self)
        let x = first.pointer.assumingMemoryBound(to: X.self)
        let y = second.pointer.assumingMemoryBound(to: Y.self)
        let mask = pBits >= P.bitWidth ? ~P(0) : (P(1) << P(pBits)) &- 1
        let wraps = pBits >= 48
        if counting {
            return replaceCounting(p, count: lanes, mask: mask, extra: 48 &- pBits) {
                P.sum48(UnsafePointer(x + $0), UnsafePointer(y + $0), wraps: wraps)
            } lane: {
                wrapped(Int64(x[$0]) &+ Int64(y[$0]), P.self)
            }
        }
        if wraps {
            for i in 0..<lanes { p[i] = wrapped(Int64(x[i]) &+ Int64(y[i]), P.self) }
        } else {
            for i in 0..<lanes { p[i] = P(truncatingIfNeeded: x[i]) &+ P(truncatingIfNeeded: y[i]) }
        }
        return 0
    }

    /// P + first + second; where W is P, there is no third.
    @inline(never)
    private func accumulate<P: FixedWidthInteger & SignedInteger>(_: P.Type, _ counting: Bool) -> Int {
        let p = self.p.assumingMemoryBound(to: P.self)
        let mask = pBits >= P.bitWidth ? ~P(0) : (P(1) << P(pBits)) &- 1
        var total = 0
        for i in 0..<lanes {
            let next = wrapped(Int64(p[i]) &+ first.value(i) &+ (second?.value(i) ?? 0), P.self)
            if counting { total &+= toggles(p[i], next, mask: mask, extra: 48 &- pBits) }
            p[i] = next
        }
        return total
    }

    private func sumOfThree<P: FixedWidthInteger & SignedInteger>(_: P.Type, _ counting: Bool) -> Int {
        let p = self.p.assumingMemoryBound(to: P.self)
        let mask = pBits >= P.bitWidth ? ~P(0) : (P(1) << P(pBits)) &- 1
        var total = 0
        for i in 0..<lanes {
            let more = (second?.value(i) ?? 0) &+ (third?.value(i) ?? 0)
            let next = wrapped(first.value(i) &+ more, P.self)
            if counting { total &+= toggles(p[i], next, mask: mask, extra: 48 &- pBits) }
            p[i] = next
        }
        return total
    }
}

extension DSPStep {
    /// The multiplier and its registers.
    struct Multiplier {
        var a: BankCopy
        var b: BankCopy
        /// The first of two B registers; `b` then takes it.
        var b1: UnsafePointer<BankCopy>?
        var m: UnsafeMutableRawPointer
        var mElement: Element
        var mBits: Int
        var lanes: Int
        var enableA: UnsafePointer<Int64>
        var enableB: UnsafePointer<Int64>
        var enableB1: UnsafePointer<Int64>
        var enableM: UnsafePointer<Int64>
        var aActivity: Int
        var bActivity: Int
        var b1Activity: Int
        var mActivity: Int

        @inline(__always) func commit(counting: Bool, activity: UnsafeMutablePointer<UInt64>) -> Bool {
            var changed = false
            if enableM.pointee != 0 {
                activity[mActivity] &+= UInt64(
                    mElement == .int32
                        ? commitM(Int32.self, counting: counting) : commitM(Int64.self, counting: counting))
                changed = true
            }
            if enableA.pointee != 0 {
                activity[aActivity] &+= UInt64(a.commit(counting: counting))
                changed = true
            }
            if enableB.pointee != 0 {
                activity[bActivity] &+= UInt64(b.commit(counting: counting))
                changed = true
            }
            if let b1, enableB1.pointee != 0 {
                activity[b1Activity] &+= UInt64(b1.pointee.commit(counting: counting))
                changed = true
            }
            return changed
        }

        @inline(__always)
        private func commitM<M: CountedLane>(_: M.Type, counting: Bool) -> Int {
            let m = self.m.assumingMemoryBound(to: M.self)
            let mask = mBits >= M.bitWidth ? ~M(0) : (M(1) << M(mBits)) &- 1
            guard a.element == .int32, b.element == .int32 else { return commitScalarM(counting: counting) }
            let a = self.a.destination.assumingMemoryBound(to: Int32.self)
            let b = self.b.destination.assumingMemoryBound(to: Int32.self)
            if counting {
                return replaceCounting(m, count: lanes, mask: mask, extra: 45 &- mBits) {
                    M.product(a + $0, b + $0)
                } lane: {
                    M(truncatingIfNeeded: a[$0]) &* M(truncatingIfNeeded: b[$0])
                }
            }
            for i in 0..<lanes { m[i] = M(truncatingIfNeeded: a[i]) &* M(truncatingIfNeeded: b[i]) }
            return 0
        }

        /// One lane: everything is a 64-bit slot.
        private func commitScalarM(counting: Bool) -> Int {
            let m = self.m.assumingMemoryBound(to: Int64.self)
            let next = a.destination.load(as: Int64.self) &* b.destination.load(as: Int64.self)
            let count =
                counting ? toggles(m[0], next, mask: (Int64(1) << Int64(mBits)) &- 1, extra: 45 &- mBits) : 0
            m[0] = next
            return count
        }
    }
}
