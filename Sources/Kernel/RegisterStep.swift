import Design
import Fabric

// Commit of register banks. A bank that is not enabled is not touched.

/// Hamming distance of two banks as their nets' bits: copies of the sign above the significant bits count too.
@inline(__always)
func toggles<T: FixedWidthInteger & SignedInteger>(_ old: T, _ new: T, mask: T, extra: Int) -> Int {
    let difference = old ^ new
    return (difference & mask).nonzeroBitCount &+ (difference < 0 ? extra : 0)
}

/// Copies a bank of lanes into its register and, if asked, counts toggles.
struct BankCopy {
    var destination: UnsafeMutableRawPointer
    var element: Element
    var runs: RunList
    var source: Element
    var width: Int
    var signed: Bool
    /// Bits of the net that are stored and those that repeat the sign.
    var significantBits: Int
    var fits: Bool
    /// Every run repeats one 32-bit value over a multiple of eight 32-bit lanes.
    var repeatsEights: Bool

    init(net: Net, place: Place, runs: RunList, source: Element, fits: Bool) {
        destination = place.pointer
        element = place.element
        self.runs = runs
        self.source = source
        width = net.width
        signed = net.signed
        significantBits = net.significantBits
        self.fits = fits
        repeatsEights =
            fits && place.element == .int32 && source == .int32
            && runs.allSatisfy { $0.strideA == 0 && $0.count % 8 == 0 }
    }

    /// Returns the toggle count, 0 when not counting.
    @inline(__always)
    func commit(counting: Bool) -> Int {
        if repeatsEights && !counting { return repeatValues() }
        var total = 0
        for run in runs { total &+= commit(run, counting: counting) }
        return total
    }

    private func repeatValues() -> Int {
        for run in runs {
            let value = SIMD8<Int32>(repeating: run.a.load(as: Int32.self))
            var d = run.destination
            let end = d + 4 &* run.count
            while d < end {
                d.storeBytes(of: value, as: SIMD8<Int32>.self)
                d += 32
            }
        }
        return 0
    }

    @inline(__always)
    func commit(_ run: Run, counting: Bool) -> Int {
        switch (element, source) {
        case (.int32, .int32): copy(run, Int32.self, Int32.self, counting)
        case (.int64, .int64): copy(run, Int64.self, Int64.self, counting)
        case (.int64, .int32): copy(run, Int64.self, Int32.self, counting)
        case (.int32, .int64): copy(run, Int32.self, Int64.self, counting)
        }
    }

    @inline(__always)
    private func copy<D: CountedLane, S: FixedWidthInteger & SignedInteger>(
        _ run: Run, _: D.Type, _: S.Type, _ counting: Bool
    ) -> Int {
        let d = run.destination.assumingMemoryBound(to: D.self)
        let s = run.a.assumingMemoryBound(to: S.self)
        let mask = significantBits >= D.bitWidth ? ~D(0) : (D(1) << D(significantBits)) &- 1
        let extra = width &- significantBits
        if run.strideA == 1 && fits {
            if !counting {
                for i in 0..<run.count { d[i] = D(truncatingIfNeeded: s[i]) }
                return 0
            }
            return copyCounting(d, s, count: run.count, mask: mask, extra: extra)
        }
        if run.strideA == 0 && fits {
            let value = D(truncatingIfNeeded: s[0])
            if counting {
                let vector = D.repeated(value)
                return replaceCounting(d, count: run.count, mask: mask, extra: extra) { _ in
                    vector
                } lane: { _ in
                    value
                }
            }
            for i in 0..<run.count { d[i] = value }
            return 0
        }
        var total = 0
        for i in 0..<run.count {
            let raw = Int64(s[i &* run.strideA])
            let next = D(
                truncatingIfNeeded: fits ? raw : LogicMeaning.canonical(raw, width: width, signed: signed))
            if counting { total &+= toggles(d[i], next, mask: mask, extra: extra) }
            d[i] = next
        }
        return total
    }
}

/// A scalar register.
struct ScalarRegisterStep {
    var q: UnsafeMutablePointer<Int64>
    var data: UnsafePointer<Int64>
    var enable: UnsafePointer<Int64>
    var reset: UnsafePointer<Int64>
    var initial: Int64
    var unused: UInt8
    var mask: Int64
    var widthMask: Int64
    var activity: Int

    @inline(__always) func next() -> Int64 {
        let value = ((data.pointee &<< Int64(unused)) &>> Int64(unused)) & mask
        let held = enable.pointee != 0 ? value : q.pointee
        return reset.pointee != 0 ? initial : held
    }
}

/// A bank of registers with lanes.
struct VectorRegisterStep {
    var copy: BankCopy
    var enable: UnsafePointer<Int64>
    var reset: UnsafePointer<Int64>
    var initial: Int64
    /// Lane-wise enables, one address per lane; empty for a scalar enable.
    var laneEnables: UnsafeBufferPointer<UnsafeRawPointer>
    var laneEnableElement: Element
    var lanes: Int
    var activity: Int

    /// Whether the bank may change at this edge.
    @inline(__always) var isActive: Bool {
        enable.pointee != 0 || reset.pointee != 0 || !laneEnables.isEmpty
    }

    @inline(__always) func commit(counting: Bool) -> Int {
        if reset.pointee != 0 { return resetLanes(counting: counting) }
        if !laneEnables.isEmpty { return commitEnabledLanes(counting: counting) }
        if enable.pointee == 0 { return 0 }
        return copy.commit(counting: counting)
    }

    private func commitEnabledLanes(counting: Bool) -> Int {
        var total = 0
        for run in copy.runs {
            for i in 0..<run.count {
                let lane = (run.destination - copy.destination) / copy.element.bytes + i
                let pointer = laneEnables[lane]
                let enabled =
                    laneEnableElement == .int32 ? pointer.load(as: Int32.self) != 0 : pointer.load(as: Int64.self) != 0
                guard enabled else { continue }
                let single = Run(
                    count: 1, destination: run.destination + i * copy.element.bytes,
                    a: run.a + i * run.strideA * copy.source.bytes, b: run.b, c: run.c, strideA: 1, strideB: 0,
                    strideC: 0)
                total += copy.commit(single, counting: counting)
            }
        }
        return total
    }

    private func resetLanes(counting: Bool) -> Int {
        var total = 0
        for lane in 0..<lanes {
            let old: Int64
            if copy.element == .int32 {
                old = Int64(copy.destination.load(fromByteOffset: 4 * lane, as: Int32.self))
                copy.destination.storeBytes(
                    of: Int32(truncatingIfNeeded: initial), toByteOffset: 4 * lane, as: Int32.self)
            } else {
                old = copy.destination.load(fromByteOffset: 8 * lane, as: Int64.self)
                copy.destination.storeBytes(of: initial, toByteOffset: 8 * lane, as: Int64.self)
            }
            if counting {
                let mask = (Int64(1) << Int64(copy.width)) - 1
                total += ((old ^ initial) & mask).nonzeroBitCount
            }
        }
        return total
    }
}

/// SRLs: a ring of words per lane.
struct ShiftRegisterStep {
    var q: UnsafeMutableRawPointer
    var element: Element
    var width: Int
    var signed: Bool
    var enable: UnsafePointer<Int64>
    /// depth - 1 earlier inputs of every lane, the oldest next to be read.
    var ring: UnsafeMutablePointer<Int64>
    var position: UnsafeMutablePointer<Int>
    /// Commits since an input last differed from the one before it.
    var still: UnsafeMutablePointer<Int>
    var depth: Int
    var lanes: Int
    /// Addresses of the data operand's lanes.
    var data: UnsafeBufferPointer<UnsafeRawPointer>
    var dataElement: Element
    var activity: Int
    /// One bit, at most 64 deep: the ring is one word, the newest bit lowest.
    @inline(__always) var isBit: Bool { lanes == 1 && width == 1 && !signed && depth <= 64 && dataElement == .int64 }

    @inline(__always) private func commitBit(counting: Bool) -> (Int, Bool) {
        let history = UInt64(bitPattern: ring.pointee) << 1 | UInt64(bitPattern: data[0].load(as: Int64.self))
        ring.pointee = Int64(bitPattern: history)
        let next = Int64((history >> UInt64(depth &- 1)) & 1)
        let old = q.load(as: Int64.self)
        if old == next { return (0, false) }
        q.storeBytes(of: next, as: Int64.self)
        return (counting ? 1 : 0, true)
    }

    /// Whether shifting on would change nothing: all bits of the history are the data.
    @inline(__always) var isSettled: Bool {
        guard isBit else { return still.pointee >= depth }
        let newest = UInt64(bitPattern: ring.pointee) << UInt64(64 &- depth)
        return data[0].load(as: Int64.self) == 0 ? newest == 0 : ~newest >> UInt64(64 &- depth) == 0
    }

    /// Returns toggles and whether an output changed.
    @inline(__always) func commit(counting: Bool) -> (Int, Bool) {
        if isBit { return commitBit(counting: counting) }
        var total = 0
        var changed = false
        let slot = position.pointee
        let mask = (Int64(1) << Int64(width)) &- 1
        let newest = (slot == 0 ? max(1, depth &- 1) &- 1 : slot &- 1) &* lanes
        var isSame = true
        for lane in 0..<lanes {
            let raw =
                dataElement == .int32 ? Int64(data[lane].load(as: Int32.self)) : data[lane].load(as: Int64.self)
            let index = slot &* lanes &+ lane
            let oldest = ring[index]
            let next = LogicMeaning.canonical(raw, width: width, signed: signed)
            isSame = isSame && ring[newest &+ lane] == next
            ring[index] = next
            let old: Int64
            if element == .int32 {
                let q = self.q.assumingMemoryBound(to: Int32.self)
                old = Int64(q[lane])
                q[lane] = Int32(truncatingIfNeeded: oldest)
            } else {
                let q = self.q.assumingMemoryBound(to: Int64.self)
                old = q[lane]
                q[lane] = oldest
            }
            changed = changed || old != oldest
            if counting { total &+= ((old ^ oldest) & mask).nonzeroBitCount }
        }
        position.pointee = slot == depth &- 2 ? 0 : slot &+ 1
        still.pointee = isSame ? still.pointee &+ 1 : 0
        return (total, changed)
    }
}
