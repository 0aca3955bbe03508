// Convolution as one dot product per output value: the patch of an output position, gathered once, times each
// channel's weights. Patches and weight rows are stored as vectors of eight, padded with zeros; four rows are worked on
// at a time, so that an addition need not wait for the one before. Each sum has its own order, whatever the others.

import Networks

struct FloatConvolution {
    var window: Window
    var groups: Int
    var output: Shape

    func apply(to input: FloatMap, weights: [Float], bias: [Float]) -> [Float] {
        let channels = input.shape.channels / groups
        let outputs = output.channels / groups
        let patchSize = channels * window.kernelHeight * window.kernelWidth
        let vectors = (patchSize + 7) / 8
        let rows = pack(weights, rowSize: patchSize)
        let positions = output.height * output.width
        var result = [Float](repeating: 0, count: output.count)
        var patch = [SIMD8<Float>](repeating: .zero, count: vectors)
        for group in 0..<groups {
            for position in 0..<positions {
                gather(input, firstChannel: group * channels, channels: channels, position: position, into: &patch)
                let end = (group + 1) * outputs
                for first in stride(from: group * outputs, to: end, by: 4) {
                    let sums = dots(patch, rows, at: first * vectors)
                    for channel in first..<min(first + 4, end) {
                        result[channel * positions + position] =
                            sums[channel - first] + (bias.isEmpty ? 0 : bias[channel])
                    }
                }
            }
        }
        return result
    }

    private func pack(_ weights: [Float], rowSize: Int) -> [SIMD8<Float>] {
        let vectors = (rowSize + 7) / 8
        // Three more, since rows are read four at a time.
        var rows = [SIMD8<Float>](repeating: .zero, count: (output.channels + 3) * vectors)
        for row in 0..<output.channels {
            for index in 0..<rowSize {
                rows[row * vectors + index >> 3][index & 7] = weights[row * rowSize + index]
            }
        }
        return rows
    }

    private func gather(
        _ input: FloatMap, firstChannel: Int, channels: Int, position: Int, into patch: inout [SIMD8<Float>]
    ) {
        let shape = input.shape
        let top = position / output.width * window.strideHeight - window.padTop
        let left = position % output.width * window.strideWidth - window.padLeft
        var next = 0
        for channel in firstChannel..<firstChannel + channels {
            for y in stride(from: top, to: top + window.extentHeight, by: window.dilationHeight) {
                let line = (channel * shape.height + y) * shape.width
                let rowIsInside = y >= 0 && y < shape.height
                for x in stride(from: left, to: left + window.extentWidth, by: window.dilationWidth) {
                    let isInside = rowIsInside && x >= 0 && x < shape.width
                    patch[next >> 3][next & 7] = isInside ? input.values[line + x] : 0
                    next += 1
                }
            }
        }
    }

    /// The patch times four rows from `start` on.
    private func dots(_ patch: [SIMD8<Float>], _ rows: [SIMD8<Float>], at start: Int) -> SIMD4<Float> {
        let count = patch.count
        precondition(start >= 0 && start + 4 * count <= rows.count)
        return patch.withUnsafeBufferPointer { patch in
            rows.withUnsafeBufferPointer { rows in
                var (a, b, c, d) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
                for index in 0..<count {
                    let (values, row) = (patch[index], start + index)
                    a += values * rows[row]
                    b += values * rows[row + count]
                    c += values * rows[row + 2 * count]
                    d += values * rows[row + 3 * count]
                }
                return SIMD4(a.sum(), b.sum(), c.sum(), d.sum())
            }
        }
    }
}
