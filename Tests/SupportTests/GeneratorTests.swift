import Support
import Testing

/// Are seeded numbers what their definition says? Every synthetic network and image hangs on them.
@Suite struct GeneratorTests {
    /// The centred sum of the eight 16-bit quarters of two words, over its standard deviation.
    private func plainNormal(_ generator: inout SeededGenerator) -> Float {
        var sum = 0
        for word in [generator.next(), generator.next()] {
            for quarter in 0..<4 {
                let shifted: UInt64 = word >> UInt64(16 * quarter)
                sum += Int(shifted & 0xFFFF)
            }
        }
        return Float(sum - 4 * 0xFFFF) / 53509.92
    }

    @Test(arguments: [UInt64(0), 1, .max, 0x9E37_79B9_7F4A_7C15])
    func normalsAreSumsOfUniforms(seed: UInt64) {
        var (plain, single, many) = (
            SeededGenerator(seed: seed), SeededGenerator(seed: seed), SeededGenerator(seed: seed)
        )
        let expected = (0..<1000).map { _ in plainNormal(&plain) }
        #expect((0..<1000).map { _ in single.normal() } == expected)
        #expect(many.normals(1000, deviation: 0.25) == expected.map { 0.25 * $0 })
        // Both have used up as many words.
        let next = plain.next()
        #expect(single.next() == next && many.next() == next)
    }
}
