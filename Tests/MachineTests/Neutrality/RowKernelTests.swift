import RowKernels
import Streams
import Support
import Testing

/// Do the kernels of all vector units that this processor has give the bits of the plain C, for shapes that no Design of
/// these tests has: single lanes, ends of vectors, many pixels, sums in two planes, many pairs?
@Suite struct RowKernelTests {
    /// Vector units, without the plain C.
    static let levels: [Int32] = RowLevel.available.compactMap { entry in
        if case .c(let level) = entry.value, level > 0 { return level }
        return nil
    }

    /// Memory of random bytes with room for reads past its end.
    private static func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<count + 64).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    @Test(arguments: 0..<300)
    func sums(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let pairs = Int.random(in: 1...(seed % 9 == 0 ? 150 : 20), using: &random)
        let outputs = Int.random(in: 1...(seed % 3 == 0 ? 70 : 17), using: &random)
        let pixels = Int.random(in: 1...9, using: &random)
        let planes = Int.random(in: 1...2, using: &random)
        let termCount = Int.random(in: 1...4, using: &random)
        let padded = (outputs + 7) & ~7
        let plane = 4 * pairs * padded
        let xStep = 4 * pairs
        // Activations of 16 bits; weights of 16, or in planes of the high and of the low byte, both at their limits, too.
        let isExtreme = seed % 5 == 0
        let x = (0..<termCount).map { _ in
            (0..<2 * pairs * pixels + 32).map { _ in
                isExtreme ? Int16.min : Int16.random(in: -32768...32767, using: &random)
            }
        }
        let w = (0..<termCount).map { _ -> [Int16] in
            let limit: Int16 = planes == 2 ? 128 : isExtreme ? 1 : 600
            let high = (0..<plane / 2).map { _ in isExtreme ? -limit : Int16.random(in: -limit..<limit, using: &random)
            }
            let low = (0..<plane / 2).map { _ in isExtreme ? 255 : Int16.random(in: 0...255, using: &random) }
            return high + low + [Int16](repeating: 0, count: 32)
        }
        func rows(_ level: Int32) -> [UInt8] {
            var result = [UInt8](repeating: 0xA5, count: pixels * outputs * (planes == 2 ? 8 : 4) + 64)
            let size = result.count - 64
            withAddresses(x) { x in
                withAddresses(w) { w in
                    let terms = (0..<termCount).map {
                        rk_term(x: x + $0, w: w + $0, delay: 0, x_offset: 0, w_offset: 0)
                    }
                    var shape = rk_sum_shape(
                        pairs: Int32(pairs), outputs: Int32(outputs), padded_outputs: Int32(padded),
                        pixels: Int32(pixels), x_step: Int32(xStep), plane_bytes: planes == 2 ? Int32(plane) : 0)
                    var list: Int32 = 0
                    result.withUnsafeMutableBytes {
                        rk_sum(
                            terms, Int32(termCount), &shape, &list, 1,
                            $0.baseAddress!.assumingMemoryBound(to: CChar.self), size, level)
                    }
                }
            }
            return result
        }
        let expected = rows(0)
        for level in Self.levels {
            #expect(
                rows(level) == expected,
                "\(level): \(pairs) pairs, \(outputs) outputs, \(pixels) pixels, \(planes) planes")
        }
    }

    /// The addresses of some arrays, as rows by position.
    private func withAddresses(_ arrays: [[Int16]], _ body: (UnsafePointer<UnsafeRawPointer?>) -> Void) {
        let copies = arrays.map { array in
            let copy = UnsafeMutableBufferPointer<Int16>.allocate(capacity: array.count)
            _ = copy.initialize(from: array)
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        copies.map { UnsafeRawPointer($0.baseAddress) }.withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    @Test(arguments: [1, 2, 4, 8])
    func toggles(element: Int) {
        var random = SeededGenerator(seed: UInt64(element))
        for lanes in [1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 64, 100, 127, 128, 129, 300] {
            for extra in [0, 3] {
                let (a, b) = (Self.bytes(lanes * element, &random), Self.bytes(lanes * element, &random))
                let mask = UInt64.random(in: 0...UInt64.max, using: &random)
                let list: [Int32] = [0, 1]
                func count(_ level: Int32) -> UInt64 {
                    a.withUnsafeBytes { a in
                        b.withUnsafeBytes { b in
                            let rows = [a.baseAddress, b.baseAddress, b.baseAddress]
                            return rk_toggles(
                                rows, list, 2, lanes * element, Int32(element), mask, Int32(extra), nil, level)
                        }
                    }
                }
                // Lane by lane, bit by bit.
                var expected: UInt64 = 0
                for byte in 0..<lanes * element {
                    let place = byte % element
                    let counted = UInt8(truncatingIfNeeded: mask >> UInt64(8 * place))
                    let different = a[byte] ^ b[byte]
                    expected += UInt64((different & counted).nonzeroBitCount)
                    if place == element - 1 { expected += UInt64(extra) * UInt64(different >> 7) }
                }
                for level in [0] + Self.levels { #expect(count(level) == expected, "\(level), \(lanes) lanes") }
            }
        }
    }
}
