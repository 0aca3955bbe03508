import Design
import Fabric

// DSP48E2 lanes: P, then M, then A, B and C, so that each stage reads the one before it as it was.

/// A bank of DSP48E2 of one cell.
struct DSPStep {
    var a: BankCopy
    var b: BankCopy
    var c: BankCopy?
    var m: UnsafeMutableRawPointer
    var mElement: Element
    var mBits: Int
    var p: UnsafeMutableRawPointer
    var pElement: Element
    var pBits: Int
    var lanes: Int
    var enableOperands: UnsafePointer<Int64>
    var enableM: UnsafePointer<Int64>
    var enableC: UnsafePointer<Int64>?
    var enableP: UnsafePointer<Int64>
    var aActivity: Int
    var bActivity: Int
    var mActivity: Int
    var cActivity: Int
    var pActivity: Int

    /// Returns whether a register may have changed.
    @inline(__always) func commit(counting: Bool, activity: UnsafeMutablePointer<UInt64>) -> Bool {
        if enableP.pointee != 0 {
            activity[pActivity] &+= UInt64(
                pElement == .int32
                    ? commitP(Int32.self, counting: counting) : commitP(Int64.self, counting: counting))
        }
        if enableM.pointee != 0 {
            activity[mActivity] &+= UInt64(
                mElement == .int32
                    ? commitM(Int32.self, counting: counting) : commitM(Int64.self, counting: counting))
        }
        if enableOperands.pointee != 0 {
            activity[aActivity] &+= UInt64(a.commit(counting: counting))
            activity[bActivity] &+= UInt64(b.commit(counting: counting))
        }
        let loadsC = enableC.map { $0.pointee != 0 } ?? false
        if let c, loadsC { activity[cActivity] &+= UInt64(c.commit(counting: counting)) }
        return enableP.pointee != 0 || enableM.pointee != 0 || enableOperands.pointee != 0 || loadsC
    }

    @inline(__always)
    private func commitP<P: CountedLane>(_: P.Type, counting: Bool) -> Int {
        if let c {
            return mElement == .int32
                ? sum(P.self, Int32.self, c, counting) : sum(P.self, Int64.self, c, counting)
        }
        return mElement == .int32
            ? pass(P.self, Int32.self, counting) : pass(P.self, Int64.self, counting)
    }

    @inline(__always)
    private func pass<P: CountedLane, M: FixedWidthInteger & SignedInteger>(
        _: P.Type, _: M.Type, _ counting: Bool
    ) -> Int {
        let p = self.p.assumingMemoryBound(to: P.self)
        let m = self.m.assumingMemoryBound(to: M.self)
        let mask = pBits >= P.bitWidth ? ~P(0) : (P(1) << P(pBits)) &- 1
        if counting { return copyCounting(p, m, count: lanes, mask: mask, extra: 48 &- pBits) }
        for i in 0..<lanes { p[i] = P(truncatingIfNeeded: m[i]) }
        return 0
    }

    private func sum<P: FixedWidthInteger & SignedInteger, M: FixedWidthInteger & SignedInteger>(
        _: P.Type, _: M.Type, _ c: BankCopy, _ counting: Bool
    ) -> Int {
        let p = self.p.assumingMemoryBound(to: P.self)
        let m = self.m.assumingMemoryBound(to: M.self)
        let mask = pBits >= P.bitWidth ? ~P(0) : (P(1) << P(pBits)) &- 1
        var total = 0
        for i in 0..<lanes {
            let addend =
                c.element == .int32
                ? Int64(c.destination.load(fromByteOffset: 4 &* i, as: Int32.self))
                : c.destination.load(fromByteOffset: 8 &* i, as: Int64.self)
            let next = P(
                truncatingIfNeeded: PrimitiveMeaning.canonical(Int64(m[i]) &+ addend, width: 48, signed: true))
            if counting { total &+= toggles(p[i], next, mask: mask, extra: 48 &- pBits) }
            p[i] = next
        }
        return total
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
        let next =
            a.destination.load(as: Int64.self) &* b.destination.load(as: Int64.self)
        let count =
            counting
            ? toggles(m[0], next, mask: (Int64(1) << Int64(mBits)) &- 1, extra: 45 &- mBits) : 0
        m[0] = next
        return count
    }
}
