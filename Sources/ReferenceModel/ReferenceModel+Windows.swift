// Sums, products and maxima over windows.

import Networks

extension ReferenceModel {
    /// acc[o][row][column] = sum over (i, y, x) of w[o][i][y][x] * input[i][row * stride + y - pad][...].
    /// Padding is zero.
    static func convolve(
        _ input: IntegerTensor, weights: [Int32], groups: Int, layer: QuantizedLayer
    ) -> [Int64] {
        convolveInBlocks(input, weights: weights, groups: groups, layer: layer)
            ?? convolvePlainly(input, weights: weights, groups: groups, layer: layer)
    }

    /// The definition: patch by patch, all sums 64 bits wide.
    static func convolvePlainly(
        _ input: IntegerTensor, weights: [Int32], groups: Int, layer: QuantizedLayer
    ) -> [Int64] {
        let output = layer.outputShape
        let channels = input.shape.channels / groups
        let outputs = output.channels / groups
        let patchSize = channels * layer.window.kernelHeight * layer.window.kernelWidth
        let positions = output.height * output.width
        var sums = [Int64](repeating: 0, count: output.count)
        var patch = [Int32](repeating: 0, count: patchSize)
        for group in 0..<groups {
            for position in 0..<positions {
                let row = position / output.width
                let column = position % output.width
                gather(
                    input, channels: group * channels..<(group + 1) * channels, window: layer.window, row: row,
                    column: column, into: &patch)
                for channel in group * outputs..<(group + 1) * outputs {
                    sums[channel * positions + position] = dot(patch, weights, at: channel * patchSize)
                }
            }
        }
        return sums
    }

    /// Folds `combine` over each channel's window. Positions in the padding are skipped: for a sum that pads
    /// with zero, for a maximum with minus infinity.
    static func pool(
        _ input: IntegerTensor, layer: QuantizedLayer, initial: Int64, combine: (Int64, Int64) -> Int64
    ) -> [Int64] {
        let shape = input.shape
        let window = layer.window
        var sums: [Int64] = []
        sums.reserveCapacity(layer.outputShape.count)
        for channel in 0..<shape.channels {
            for row in 0..<layer.outputShape.height {
                let top = row * window.strideHeight - window.padTop
                let rows = max(top, 0)..<max(min(top + window.kernelHeight, shape.height), 0)
                for column in 0..<layer.outputShape.width {
                    let left = column * window.strideWidth - window.padLeft
                    let columns = max(left, 0)..<max(min(left + window.kernelWidth, shape.width), 0)
                    var sum = initial
                    for y in rows {
                        let line = (channel * shape.height + y) * shape.width
                        for x in columns { sum = combine(sum, Int64(input.values[line + x])) }
                    }
                    sums.append(sum)
                }
            }
        }
        return sums
    }

    /// Copies the window at an output position into `patch`, in the order of the weights.
    private static func gather(
        _ input: IntegerTensor, channels: Range<Int>, window: Window, row: Int, column: Int,
        into patch: inout [Int32]
    ) {
        let shape = input.shape
        let top = row * window.strideHeight - window.padTop
        let left = column * window.strideWidth - window.padLeft
        var next = 0
        for channel in channels {
            for y in stride(from: top, to: top + window.extentHeight, by: window.dilationHeight) {
                let line = (channel * shape.height + y) * shape.width
                let rowIsInside = y >= 0 && y < shape.height
                for x in stride(from: left, to: left + window.extentWidth, by: window.dilationWidth) {
                    let isInside = rowIsInside && x >= 0 && x < shape.width
                    patch[next] = isInside ? input.values[line + x] : 0
                    next += 1
                }
            }
        }
    }

    /// Sum of patch[i] * weights[start + i]. The one place with unchecked access, so that it vectorises.
    private static func dot(_ patch: [Int32], _ weights: [Int32], at start: Int) -> Int64 {
        precondition(start >= 0 && start + patch.count <= weights.count)
        return patch.withUnsafeBufferPointer { patch in
            weights.withUnsafeBufferPointer { weights in
                let row = UnsafeBufferPointer(rebasing: weights[start..<start + patch.count])
                var sum: Int64 = 0
                for index in patch.indices { sum &+= Int64(patch[index]) &* Int64(row[index]) }
                return sum
            }
        }
    }
}
