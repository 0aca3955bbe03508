// Seeded stand-ins for images: 0.75 * a pattern + 0.25 * noise, all in -1...1. The pattern interpolates
// bilinearly between random values on a grid of 8 x 8 cells per channel, so neighbours resemble each other as in
// photographs; the noise is independent. Only exact additions, multiplications and divisions: the same bits on
// every platform. Image `index` depends on the seed and the index alone, not on how many are asked for.

import Networks
import Support

enum SmoothImages {
    private static let cells = 8

    static func image(_ index: Int, shape: Shape, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed ^ (UInt64(index) &+ 1) &* 0xD1B5_4A32_D192_ED03)
        var values: [Float] = []
        values.reserveCapacity(shape.count)
        for _ in 0..<shape.channels {
            let grid = (0..<(cells + 1) * (cells + 1)).map { _ in generator.uniform(in: -1...1) }
            for row in 0..<shape.height {
                let (top, down) = position(row, of: shape.height)
                for column in 0..<shape.width {
                    let (left, right) = position(column, of: shape.width)
                    let corner = top * (cells + 1) + left
                    let above = mix(grid[corner], grid[corner + 1], right)
                    let below = mix(grid[corner + cells + 1], grid[corner + cells + 2], right)
                    values.append(0.75 * mix(above, below, down) + 0.25 * generator.uniform(in: -1...1))
                }
            }
        }
        return values
    }

    /// Cell of a pixel, and how far into it: 0 ..< 1.
    private static func position(_ pixel: Int, of size: Int) -> (cell: Int, fraction: Float) {
        let scaled = pixel * cells
        return (scaled / size, Float(scaled % size) / Float(size))
    }

    private static func mix(_ from: Float, _ to: Float, _ fraction: Float) -> Float {
        from * (1 - fraction) + to * fraction
    }
}
