// Counting toggles of whole banks: differences of eight vectors are added bit by bit (carry-save), so that only one
// vector in eight has its bits counted. Harley and Seal; see Warren, Hacker's Delight, 2nd ed., section 5-1.

/// Sum of the set bits of the vectors added so far.
struct ToggleSum {
    private var ones = SIMD4<UInt64>.zero
    private var twos = SIMD4<UInt64>.zero
    private var fours = SIMD4<UInt64>.zero
    private var eights = 0
    /// Bits of vectors added one by one.
    private var rest = 0

    /// Sum and carry of three vectors.
    @inline(__always)
    private static func add(
        _ a: SIMD4<UInt64>, _ b: SIMD4<UInt64>, _ c: SIMD4<UInt64>
    ) -> (carry: SIMD4<UInt64>, sum: SIMD4<UInt64>) {
        let half = a ^ b
        return ((a & b) | (half & c), half ^ c)
    }

    @inline(__always) private static func count(_ v: SIMD4<UInt64>) -> Int {
        v[0].nonzeroBitCount &+ v[1].nonzeroBitCount &+ v[2].nonzeroBitCount &+ v[3].nonzeroBitCount
    }

    /// Adds the eight vectors that `next` gives for 0...7.
    @inline(__always) mutating func addEight(_ next: (Int) -> SIMD4<UInt64>) {
        let a = ToggleSum.add(ones, next(0), next(1))
        let b = ToggleSum.add(a.sum, next(2), next(3))
        let c = ToggleSum.add(twos, a.carry, b.carry)
        let d = ToggleSum.add(b.sum, next(4), next(5))
        let e = ToggleSum.add(d.sum, next(6), next(7))
        let f = ToggleSum.add(c.sum, d.carry, e.carry)
        let g = ToggleSum.add(fours, c.carry, f.carry)
        (ones, twos, fours) = (e.sum, f.sum, g.sum)
        eights &+= ToggleSum.count(g.carry)
    }

    @inline(__always) mutating func addOne(_ vector: SIMD4<UInt64>) {
        rest &+= ToggleSum.count(vector)
    }

    @inline(__always) var total: Int {
        rest &+ ToggleSum.count(ones) &+ 2 &* ToggleSum.count(twos) &+ 4 &* ToggleSum.count(fours) &+ 8 &* eights
    }
}

/// Lanes of a vector of 256 bits, loaded from a narrower or equal integer type.
protocol CountedLane: FixedWidthInteger & SignedInteger {
    associatedtype Vector
    static var lanesPerVector: Int { get }
    static func repeated(_ value: Self) -> Vector
    static func load<S: FixedWidthInteger & SignedInteger>(_ source: UnsafePointer<S>) -> Vector
    static func difference(_ a: Vector, _ b: Vector, mask: Self) -> SIMD4<UInt64>
    /// Lane-wise product of 32-bit lanes.
    static func product(_ a: UnsafePointer<Int32>, _ b: UnsafePointer<Int32>) -> Vector
    /// Lane-wise sum, modulo 2^48 and signed where it `wraps`; narrower lanes hold every sum.
    static func sum48<X: FixedWidthInteger & SignedInteger, Y: FixedWidthInteger & SignedInteger>(
        _ x: UnsafePointer<X>, _ y: UnsafePointer<Y>, wraps: Bool
    ) -> Vector
    static func store(_ vector: Vector, _ destination: UnsafeMutablePointer<Self>)
}

extension Int32: CountedLane {
    static var lanesPerVector: Int { 8 }
    @inline(__always) static func repeated(_ value: Int32) -> SIMD8<Int32> { SIMD8(repeating: value) }
    @inline(__always)
    static func load<S: FixedWidthInteger & SignedInteger>(_ source: UnsafePointer<S>) -> SIMD8<Int32> {
        if S.self == Int32.self { return UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Int32>.self) }
        var vector = SIMD8<Int32>()
        for i in 0..<8 { vector[i] = Int32(truncatingIfNeeded: source[i]) }
        return vector
    }
    @inline(__always)
    static func difference(_ a: SIMD8<Int32>, _ b: SIMD8<Int32>, mask: Int32) -> SIMD4<UInt64> {
        unsafeBitCast((a ^ b) & SIMD8(repeating: mask), to: SIMD4<UInt64>.self)
    }
    @inline(__always)
    static func product(_ a: UnsafePointer<Int32>, _ b: UnsafePointer<Int32>) -> SIMD8<Int32> { load(a) &* load(b) }
    @inline(__always)
    static func sum48<X: FixedWidthInteger & SignedInteger, Y: FixedWidthInteger & SignedInteger>(
        _ x: UnsafePointer<X>, _ y: UnsafePointer<Y>, wraps: Bool
    ) -> SIMD8<Int32> { load(x) &+ load(y) }
    @inline(__always) static func store(_ vector: SIMD8<Int32>, _ destination: UnsafeMutablePointer<Int32>) {
        UnsafeMutableRawPointer(destination).storeBytes(of: vector, as: SIMD8<Int32>.self)
    }
}

extension Int64: CountedLane {
    static var lanesPerVector: Int { 4 }
    @inline(__always) static func repeated(_ value: Int64) -> SIMD4<Int64> { SIMD4(repeating: value) }
    @inline(__always)
    static func load<S: FixedWidthInteger & SignedInteger>(_ source: UnsafePointer<S>) -> SIMD4<Int64> {
        if S.self == Int64.self { return UnsafeRawPointer(source).loadUnaligned(as: SIMD4<Int64>.self) }
        var vector = SIMD4<Int64>()
        for i in 0..<4 { vector[i] = Int64(truncatingIfNeeded: source[i]) }
        return vector
    }
    @inline(__always)
    static func difference(_ a: SIMD4<Int64>, _ b: SIMD4<Int64>, mask: Int64) -> SIMD4<UInt64> {
        unsafeBitCast((a ^ b) & SIMD4(repeating: mask), to: SIMD4<UInt64>.self)
    }
    @inline(__always)
    static func product(_ a: UnsafePointer<Int32>, _ b: UnsafePointer<Int32>) -> SIMD4<Int64> { load(a) &* load(b) }
    @inline(__always)
    static func sum48<X: FixedWidthInteger & SignedInteger, Y: FixedWidthInteger & SignedInteger>(
        _ x: UnsafePointer<X>, _ y: UnsafePointer<Y>, wraps: Bool
    ) -> SIMD4<Int64> {
        let sum = load(x) &+ load(y)
        return wraps ? (sum &<< 16) &>> 16 : sum
    }
    @inline(__always) static func store(_ vector: SIMD4<Int64>, _ destination: UnsafeMutablePointer<Int64>) {
        UnsafeMutableRawPointer(destination).storeBytes(of: vector, as: SIMD4<Int64>.self)
    }
}

/// Replaces lanes by what `vector` (from a first lane on) and `lane` give; returns the toggles under `mask`, and `extra`
/// for every lane whose sign changes: bits of the net that only repeat the sign.
@inline(__always)
func replaceCounting<D: CountedLane>(
    _ d: UnsafeMutablePointer<D>, count: Int, mask: D, extra: Int, vector: (Int) -> D.Vector, lane: (Int) -> D
) -> Int {
    let lanes = D.lanesPerVector
    var sum = ToggleSum()
    var signs = ToggleSum()
    var i = 0
    @inline(__always) func move(_ first: Int, _ mask: D) -> SIMD4<UInt64> {
        D.difference(D.load(UnsafePointer(d + first)), vector(first), mask: mask)
    }
    while i &+ 8 &* lanes <= count {
        let first = i
        if extra > 0 { signs.addEight { move(first &+ $0 &* lanes, D.min) } }
        sum.addEight {
            let position = first &+ $0 &* lanes
            let next = vector(position)
            let difference = D.difference(D.load(UnsafePointer(d + position)), next, mask: mask)
            D.store(next, d + position)
            return difference
        }
        i &+= 8 &* lanes
    }
    while i &+ lanes <= count {
        if extra > 0 { signs.addOne(move(i, D.min)) }
        sum.addOne(move(i, mask))
        D.store(vector(i), d + i)
        i &+= lanes
    }
    var total = sum.total &+ extra &* signs.total
    while i < count {
        let next = lane(i)
        total &+= toggles(d[i], next, mask: mask, extra: extra)
        d[i] = next
        i &+= 1
    }
    return total
}

/// Copies lanes and returns the toggles, as `replaceCounting`.
@inline(__always)
func copyCounting<D: CountedLane, S: FixedWidthInteger & SignedInteger>(
    _ d: UnsafeMutablePointer<D>, _ s: UnsafePointer<S>, count: Int, mask: D, extra: Int
) -> Int {
    replaceCounting(d, count: count, mask: mask, extra: extra) {
        D.load(s + $0)
    } lane: {
        D(truncatingIfNeeded: s[$0])
    }
}
