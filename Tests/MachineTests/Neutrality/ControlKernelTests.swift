import RowKernels
import Testing

/// Do the kernels of control, for every vector unit, compute what a register does cycle by cycle?
@Suite struct ControlKernelTests {
    /// Words of 64 cycles.
    private static let words = 5
    static let levels = 0...ct_level()

    @Test(arguments: levels) func counters(_ level: Int32) {
        for seed in UInt64(1)...400 {
            var random = Numbers(seed)
            let width = Int64.random(in: 2...16, using: &random)
            let mask = (Int64(1) << width) - 1
            let most = [1, 2, 3, 7, 9, 1000][Int.random(in: 0..<6, using: &random)]
            let limits = random.values(0...Int64(most), changing: Bool.random(using: &random))
            let run = RegisterRun(&random, mask)
            let found = run.found { q in ct_count(&q, limits.numbers, mask, level) }
            let wanted = run.wanted { value, cycle in value == limits[cycle] ? 0 : (value + 1) & mask }
            #expect(found == wanted, "seed \(seed)")
        }
    }

    @Test(arguments: levels) func registers(_ level: Int32) {
        for seed in UInt64(1)...200 {
            var random = Numbers(seed)
            let run = RegisterRun(&random, 255)
            let data = random.values(-70000...70000, changing: seed % 4 != 0)
            let form = seed % 2 == 0 ? ct_form(mask: 255, sign: 0) : ct_form(mask: 255, sign: 128)
            let found = run.found { q in ct_take(&q, data.numbers, form, level) }
            let wanted = run.wanted { _, cycle in
                seed % 2 == 0 ? data[cycle] & 255 : Int64(Int8(truncatingIfNeeded: data[cycle]))
            }
            #expect(found == wanted, "seed \(seed)")
        }
    }

    @Test(arguments: levels) func walks(_ level: Int32) {
        for seed in UInt64(1)...400 {
            var random = Numbers(seed)
            let count = Int.random(in: 1...3, using: &random)
            let runs = (0..<count).map { _ in RegisterRun(&random, 0xFFFF) }
            let bases = runs.map { _ in random.values(0...Int64(count), changing: Bool.random(using: &random)) }
            let amounts = runs.map { _ in random.values(-9...70000, changing: Bool.random(using: &random)) }
            var walkers = (0..<count).map {
                ct_walker(q: runs[$0].register, base: bases[$0].numbers, amount: amounts[$0].numbers, mask: 0xFFFF)
            }
            ct_walk(&walkers, Int32(count), level)
            var now = runs.map(\.value)
            for cycle in 0...64 * Self.words {
                #expect(runs.map { $0.values[cycle] } == now, "seed \(seed), cycle \(cycle)")
                if cycle == 64 * Self.words { break }
                now = (0..<count).map { index in
                    let base = bases[index][cycle] == 0 ? 0 : now[Int(bases[index][cycle]) - 1]
                    return runs[index].after(now[index], cycle, (base + amounts[index][cycle]) & 0xFFFF)
                }
            }
        }
    }

    @Test(arguments: levels) func logic(_ level: Int32) {
        let kinds: [(ct_kind, (Int64, Int64) -> Int64)] = [
            (CT_ADD, { $0 &+ $1 }), (CT_SUBTRACT, { $0 &- $1 }), (CT_EQUAL, { $0 == $1 ? 1 : 0 }),
            (CT_LESS, { $0 < $1 ? 1 : 0 }), (CT_AND, { $0 & $1 }), (CT_OR, { $0 | $1 }), (CT_XOR, { $0 ^ $1 }),
            (CT_SLICE, { a, _ in a >> 3 }), (CT_SHIFT_LEFT, { a, _ in a << 3 }),
        ]
        for seed in UInt64(1)...60 {
            var random = Numbers(seed)
            let a = random.values(-3...40, changing: seed % 3 != 0)
            let b = random.values(-3...40, changing: seed % 3 != 1)
            let bits = random.bits()
            for (kind, meaning) in kinds {
                let values = UnsafeMutablePointer<Int64>.allocate(capacity: 64 * Self.words)
                let ones = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.words)
                var logic = ct_logic(
                    kind: kind, parameter: 3, words: Int32(Self.words), a: a.numbers, b: b.numbers,
                    form: ct_form(mask: 63, sign: 32), values: values, bits: nil)
                ct_logic_run(&logic, level)
                logic.bits = ones
                ct_logic_run(&logic, level)
                for cycle in 0..<64 * Self.words {
                    let wanted = meaning(a[cycle], b[cycle])
                    #expect(values[cycle] == (wanted << 58) >> 58, "\(kind), seed \(seed)")
                    #expect((ones[cycle / 64] >> (cycle % 64)) & 1 == UInt64(wanted & 1), "\(kind), seed \(seed)")
                }
                values.deallocate()
                ones.deallocate()
            }
            expectChoices(bits, a, b, level)
        }
    }

    /// Choices by a bit, bits as numbers, changes.
    private func expectChoices(_ bits: Bits, _ a: Values, _ b: Values, _ level: Int32) {
        let count = 64 * Self.words
        let values = UnsafeMutablePointer<Int64>.allocate(capacity: count)
        defer { values.deallocate() }
        ct_choose(bits.words, a.numbers, b.numbers, ct_form(mask: 31, sign: 0), Int32(Self.words), values, level)
        for cycle in 0..<count { #expect(values[cycle] == (bits[cycle] ? a[cycle] : b[cycle]) & 31) }
        let changes = (1..<count).reduce(0) { $0 + ((values[$1] ^ values[$1 - 1]) & 21).nonzeroBitCount }
        #expect(ct_toggles(values, Int32(count - 1), 21, level) == UInt64(changes))
        guard bits.words.step == 1 else { return }
        ct_expand(bits.words.at, Int32(Self.words), values, level)
        for cycle in 0..<count { #expect(values[cycle] == (bits[cycle] ? 1 : 0)) }
    }

    // MARK: registers

    /// A register that is enabled and reset at random.
    private final class RegisterRun {
        let enable, reset: Bits
        let value, initial: Int64
        let values = UnsafeMutablePointer<Int64>.allocate(capacity: 64 * words + 1)

        init(_ random: inout Numbers, _ mask: Int64) {
            (enable, reset) = (random.bits(), random.bits())
            value = Int64.random(in: 0...min(mask, 9), using: &random)
            initial = Int64.random(in: 0...min(mask, 9), using: &random)
        }
        deinit { values.deallocate() }

        var register: ct_register {
            ct_register(
                enable: enable.words, reset: reset.words, value: value, initial: initial, words: Int32(words),
                values: values)
        }

        func after(_ value: Int64, _ cycle: Int, _ next: Int64) -> Int64 {
            reset[cycle] ? initial : enable[cycle] ? next : value
        }

        func wanted(_ next: (Int64, Int) -> Int64) -> [Int64] {
            var result = [value]
            for cycle in 0..<64 * words { result.append(after(result[cycle], cycle, next(result[cycle], cycle))) }
            return result
        }

        func found(_ run: (inout ct_register) -> Void) -> [Int64] {
            var register = register
            run(&register)
            return (0...64 * words).map { values[$0] }
        }
    }

    private final class Values {
        let numbers: ct_numbers
        init(_ values: [Int64]) {
            let all = UnsafeMutablePointer<Int64>.allocate(capacity: values.count)
            all.initialize(from: values, count: values.count)
            numbers = ct_numbers(at: all, step: values.count > 1 ? 1 : 0)
        }
        deinit { numbers.at.deallocate() }
        subscript(cycle: Int) -> Int64 { numbers.at[cycle * Int(numbers.step)] }
    }

    private final class Bits {
        let words: ct_bits
        init(_ bits: [UInt64]) {
            let all = UnsafeMutablePointer<UInt64>.allocate(capacity: bits.count)
            all.initialize(from: bits, count: bits.count)
            words = ct_bits(at: all, step: bits.count > 1 ? 1 : 0)
        }
        deinit { words.at.deallocate() }
        subscript(cycle: Int) -> Bool { (words.at[cycle / 64 * Int(words.step)] >> UInt64(cycle % 64)) & 1 != 0 }
    }

    /// Numbers that may stay for a while, bits that may be rare or usual.
    private struct Numbers: RandomNumberGenerator {
        private var state: UInt64
        init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 33)
        }

        mutating func values(_ range: ClosedRange<Int64>, changing: Bool) -> Values {
            guard changing else { return Values([Int64.random(in: range, using: &self)]) }
            var value = Int64.random(in: range, using: &self)
            let staying = Int.random(in: 0...1, using: &self) * 20
            return Values(
                (0..<64 * words).map { _ in
                    if Int.random(in: 0...staying, using: &self) == 0 { value = Int64.random(in: range, using: &self) }
                    return value
                })
        }

        mutating func bits() -> Bits {
            switch Int.random(in: 0..<5, using: &self) {
            case 0: return Bits([0])
            case 1: return Bits([~0])
            case 2: return Bits((0..<words).map { _ in next() & next() & next() & next() })
            case 3: return Bits((0..<words).map { _ in next() | next() | next() | next() | next() })
            default: return Bits((0..<words).map { _ in next() & next() })
            }
        }
    }
}
