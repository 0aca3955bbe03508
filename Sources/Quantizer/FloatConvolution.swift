// Convolution as one dot product per output value: the patch of an output position, gathered once, times each
// channel's weights. Patches and weight rows are stored as vectors of eight, padded with zeros.

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
                for channel in group * outputs..<(group + 1) * outputs {
                    let sum = dot(patch, rows, at: channel * vectors)
                    result[channel * positions + position] = sum + (bias.isEmpty ? 0 : bias[channel])
                }
            }
        }
        return result
    }

    private func pack(_ weights: [Float], rowSize: Int) -> [SIMD8<Float>] {
        let vectors = (rowSize + 7) / 8
        var rows = [SIMD8<Float>](repeating: .zero, count: output.channels * vectors)
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

    private func dot(_ patch: [SIMD8<Float>], _ rows: [SIMD8<Float>], at start: Int) -> Float {
        var sum = SIMD8<Float>.zero
        for index in patch.indices { sum += patch[index] * rows[start + index] }
        return sum.sum()
    }
}
