// Stand-ins for photographs: images by which tests calibrate synthetic networks.

import Networks
import Support

/// Seeded images of a given shape, as normalised floats (mean about 0, variance about 1).
package enum SyntheticImages {
    /// `count` images of `shape`, channel-major. Each is a coarse random pattern (8 x 8 blocks, shared by
    /// the channels) plus independent noise, so that neighbouring pixels correlate as in photographs.
    package static func make(shape: Shape, count: Int, seed: UInt64) -> [[Float]] {
        (0..<count).map { index in
            var generator = SeededGenerator(seed: seed &+ UInt64(index) &* 0x1_0000_0001)
            return image(shape: shape, generator: &generator)
        }
    }

    private static func image(shape: Shape, generator: inout SeededGenerator) -> [Float] {
        let blocks = (0..<64).map { _ in generator.normal() }
        var values: [Float] = []
        values.reserveCapacity(shape.count)
        for _ in 0..<shape.channels {
            for row in 0..<shape.height {
                for column in 0..<shape.width {
                    let block = row * 8 / shape.height * 8 + column * 8 / shape.width
                    values.append(0.8 * blocks[block] + 0.6 * generator.normal())
                }
            }
        }
        return values
    }
}
