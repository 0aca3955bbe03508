// Writes down what the cone hands on, where it changes. The nets lie side by side in the cone's memory, so that one
// comparison finds what is new among many. A bit is noted as a change and made a value at the end of the stretch; a
// number is filled up to where it changes.

import Design
import Kernel
import RowKernels

/// Watches the cone for a stretch of cycles at a time.
final class ConeRecorder: Observer {
    let window = 0..<Int.max
    private let nets: UnsafeMutablePointer<BlockNet>
    private let now: UnsafePointer<Int64>
    private let last: UnsafeMutablePointer<Int64>
    /// Values of which `now` has that many; a multiple of 4.
    private let count: Int
    /// The net of each value, -1 where nobody reads it.
    private let numbers: [Int]
    private let isUsed: UnsafeMutablePointer<UInt64>
    /// Where a value that changed in this stretch was written up to; -1: it did not change.
    private let written: UnsafeMutablePointer<Int>
    private var changed: [Int] = []
    private var start = 0

    /// For values that begin at `first` and lie side by side; `numbers` are their nets.
    init(_ table: BlockNets, at first: UnsafePointer<Int64>, numbers: [Int]) {
        nets = table.nets
        now = first
        self.numbers = numbers
        count = (numbers.count + 3) & ~3
        last = .allocate(capacity: count + 64)
        last.initialize(repeating: 0, count: count + 64)
        isUsed = .allocate(capacity: count / 64 + 1)
        isUsed.initialize(repeating: 0, count: count / 64 + 1)
        written = .allocate(capacity: count + 1)
        written.initialize(repeating: -1, count: count + 1)
        for (index, net) in numbers.enumerated() where net >= 0 { isUsed[index >> 6] |= 1 << UInt64(index & 63) }
    }

    deinit {
        last.deallocate()
        isUsed.deallocate()
        written.deallocate()
    }

    /// A stretch begins in this cycle.
    func begin(at cycle: Int) { start = cycle }

    /// Notes what is new in a cycle.
    func observe(cycle: Int, _ state: StateView) { record(cycle - start) }

    /// In the others of the cycles nothing is new.
    func observe(cycle: Int, count: Int, _ state: StateView) { record(cycle - start) }

    @inline(__always) private func record(_ index: Int) {
        var first = 0
        while first < count {
            var found = changed_numbers(now + first, last + first, Int32(truncatingIfNeeded: min(64, count &- first)))
            found &= isUsed[first >> 6]
            while found != 0 {
                note(first &+ found.trailingZeroBitCount, index)
                found &= found &- 1
            }
            first &+= 64
        }
    }

    @inline(__always) private func note(_ value: Int, _ index: Int) {
        let before = last[value]
        last[value] = now[value]
        // What is new in the first cycle need not vary.
        if index == 0 { return }
        let net = nets + numbers[value]
        if written[value] < 0 {
            written[value] = 0
            changed.append(value)
            if net.pointee.isBit {
                for word in 0...BlockNet.words { net.pointee.bits[word] = 0 }
                // The change from 0 to the first value.
                net.pointee.bits[0] = before != 0 ? 1 : 0
            }
        }
        if net.pointee.isBit {
            net.pointee.bits[index >> 6] ^= 1 &<< UInt64(truncatingIfNeeded: index & 63)
        } else {
            let values = net.pointee.values
            for cycle in written[value]..<index { values[cycle] = before }
            written[value] = index
        }
    }

    /// Completes the nets of a stretch of so many cycles.
    func finish(_ cycles: Int) {
        for value in numbers.indices where numbers[value] >= 0 && written[value] < 0 {
            nets[numbers[value]].hold(last[value])
        }
        for value in changed {
            let net = nets + numbers[value]
            net.pointee.state = .varying
            if net.pointee.isBit {
                var carry: UInt64 = 0
                for word in 0...cycles >> 6 {
                    var bits = net.pointee.bits[word]
                    var distance: UInt64 = 1
                    while distance < 64 {
                        bits ^= bits << distance
                        distance <<= 1
                    }
                    bits ^= 0 &- carry
                    net.pointee.bits[word] = bits
                    carry = bits >> 63
                }
            } else {
                let values = net.pointee.values
                for cycle in written[value]...cycles { values[cycle] = last[value] }
            }
            written[value] = -1
        }
        changed.removeAll(keepingCapacity: true)
    }
}
