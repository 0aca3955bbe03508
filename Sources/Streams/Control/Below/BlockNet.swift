// Values of one net over a stretch of cycles: what the control below the cone is computed with. One bit takes a bit a
// cycle, anything else 64 bits a cycle, and a net that does not change takes one number.

import Design
import RowKernels

/// One net over a stretch of cycles, position i being cycle i of the stretch.
struct BlockNet {
    /// What the stretch brought.
    enum State: UInt8 {
        /// constant, and as it was
        case same
        /// constant, at another value than before or after a stretch in which it varied
        case new
        /// to be read from the arrays
        case varying
    }

    /// Most cycles of a stretch: what the live nets of one fill is read again from the cache.
    static let most = 512
    /// Words of `bits`, with one for the cycle after the stretch.
    static let words = most / 64 + 1

    var state = State.varying
    /// The value of all cycles, unless the net varies.
    var constant: Int64 = 0
    /// A net with state: its value in the first cycle of the next stretch.
    var next: Int64 = 0
    /// One unsigned bit: `bits` holds a net that varies, else `values` does.
    let isBit: Bool
    /// Bits of the net; what lies above a constant net's is cut off at the register that takes it.
    let width: Int
    let isSigned: Bool
    let bits: UnsafeMutablePointer<UInt64>
    /// Of a bit only where it is wanted as numbers: see `BlockNets.numbers`.
    let values: UnsafeMutablePointer<Int64>
    /// The stretch in which a bit's `values` were written last.
    var expanded = -1

    init(width: Int, isSigned: Bool) {
        (self.width, self.isSigned) = (width, isSigned)
        isBit = width == 1 && !isSigned
        bits = .allocate(capacity: BlockNet.words + 1)
        bits.initialize(repeating: 0, count: BlockNet.words + 1)
        values = .allocate(capacity: BlockNet.most + 72)
        values.initialize(repeating: 0, count: BlockNet.most + 72)
    }

    /// The unbounded value as the net holds it.
    @inline(__always) func canonical(_ value: Int64) -> Int64 {
        let unused = Int64(64 &- width)
        return isSigned
            ? (value &<< unused) &>> unused
            : Int64(bitPattern: (UInt64(bitPattern: value) &<< UInt64(unused)) &>> UInt64(unused))
    }

    /// The same for the C kernels.
    var form: ct_form {
        let mask = Int64(bitPattern: ~0 >> UInt64(64 - width))
        return ct_form(mask: mask, sign: isSigned ? Int64(bitPattern: 1 << UInt64(width - 1)) : 0)
    }

    /// The net is `value` in all cycles of the stretch.
    @inline(__always) mutating func hold(_ value: Int64) {
        state = state == .varying || value != constant ? .new : .same
        constant = value
        next = value
    }

    /// 64 cycles of a bit.
    @inline(__always) func word(_ index: Int) -> UInt64 {
        state == .varying ? bits[index] : constant != 0 ? ~0 : 0
    }

    /// The value in a cycle.
    @inline(__always) func value(_ index: Int) -> Int64 {
        guard state == .varying else { return constant }
        return isBit ? Int64((bits[index >> 6] &>> UInt64(index & 63)) & 1) : values[index]
    }
}

/// A table of nets with fixed addresses.
final class BlockNets {
    /// The nets by number.
    let nets: UnsafeMutablePointer<BlockNet>
    let count: Int
    /// Number of the stretch that is computed.
    var stretch = 0
    /// Of the C kernels; nil: everything is computed in Swift.
    let level: Int32?

    init(_ nets: [BlockNet], level: RowLevel) {
        count = nets.count
        if case .c(let number) = level { self.level = min(number, ct_level()) } else { self.level = nil }
        self.nets = .allocate(capacity: max(1, nets.count))
        for (index, net) in nets.enumerated() { (self.nets + index).initialize(to: net) }
    }

    deinit {
        for index in 0..<count {
            nets[index].bits.deallocate()
            nets[index].values.deallocate()
        }
        nets.deallocate()
    }

    /// The net as numbers: where they begin, and how far apart those of two cycles are, 0 or 1.
    @inline(__always) func numbers(_ index: Int, _ count: Int) -> (start: UnsafePointer<Int64>, stride: Int) {
        let net = nets + index
        guard net.pointee.state == .varying else {
            net.pointee.values[BlockNet.most + 64] = net.pointee.constant
            return (UnsafePointer(net.pointee.values + (BlockNet.most + 64)), 0)
        }
        if net.pointee.isBit && net.pointee.expanded != stretch { expand(net, count) }
        return (UnsafePointer(net.pointee.values), 1)
    }

    /// The same for the C kernels.
    @inline(__always) func values(_ index: Int, _ count: Int) -> ct_numbers {
        let (start, stride) = numbers(index, count)
        return ct_numbers(at: start, step: Int64(stride))
    }

    /// A bit, or a constant that is one, for the C kernels.
    @inline(__always) func words(_ index: Int) -> ct_bits {
        let net = nets + index
        if net.pointee.state == .varying { return ct_bits(at: net.pointee.bits, step: 1) }
        net.pointee.bits[BlockNet.words] = net.pointee.constant != 0 ? ~0 : 0
        return ct_bits(at: net.pointee.bits + BlockNet.words, step: 0)
    }

    private func expand(_ net: UnsafeMutablePointer<BlockNet>, _ count: Int) {
        net.pointee.expanded = stretch
        if let level { return ct_expand(net.pointee.bits, Int32(count >> 6 &+ 1), net.pointee.values, level) }
        for word in 0...count >> 6 {
            let bits = net.pointee.bits[word]
            let values = net.pointee.values + 64 &* word
            for bit in 0..<64 { values[bit] = Int64((bits &>> UInt64(truncatingIfNeeded: bit)) & 1) }
        }
    }
}
