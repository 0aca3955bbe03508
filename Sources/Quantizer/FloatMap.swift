import Foundation
import Networks

/// A feature map of floats, channel-major.
struct FloatMap {
    var shape: Shape
    var values: [Float]

    func mapChannels(_ transform: (Int, Float) -> Float) -> [Float] {
        let positions = shape.height * shape.width
        var result: [Float] = []
        result.reserveCapacity(values.count)
        for channel in 0..<shape.channels {
            for index in channel * positions..<(channel + 1) * positions {
                result.append(transform(channel, values[index]))
            }
        }
        return result
    }

    /// Folds `combine` over each window; positions in the padding are skipped.
    func pool(_ window: Window, output: Shape, initial: Float, combine: (Float, Float) -> Float) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(output.count)
        for channel in 0..<output.channels {
            for row in 0..<output.height {
                let top = row * window.strideHeight - window.padTop
                let rows = max(top, 0)..<max(min(top + window.kernelHeight, shape.height), 0)
                for column in 0..<output.width {
                    let left = column * window.strideWidth - window.padLeft
                    let columns = max(left, 0)..<max(min(left + window.kernelWidth, shape.width), 0)
                    var sum = initial
                    for y in rows {
                        let line = (channel * shape.height + y) * shape.width
                        for x in columns { sum = combine(sum, values[line + x]) }
                    }
                    result.append(sum)
                }
            }
        }
        return result
    }

    func subsample(stride: Int, channelsBefore: Int, output: Shape) -> [Float] {
        var result = [Float](repeating: 0, count: output.count)
        for channel in 0..<shape.channels {
            for row in 0..<output.height {
                for column in 0..<output.width {
                    let target = ((channel + channelsBefore) * output.height + row) * output.width + column
                    let line = (channel * shape.height + row * stride) * shape.width
                    result[target] = values[line + column * stride]
                }
            }
        }
        return result
    }

    func permuted(_ order: [Int]) -> [Float] {
        let positions = shape.height * shape.width
        return order.flatMap { values[$0 * positions..<($0 + 1) * positions] }
    }

    /// ONNX LRN.
    func normalized(_ constants: LocalResponseNormalization) -> [Float] {
        let size = constants.size
        let positions = shape.height * shape.width
        var result = values
        for channel in 0..<shape.channels {
            let neighbours = max(0, channel - (size - 1) / 2)...min(shape.channels - 1, channel + size / 2)
            for position in 0..<positions {
                let sum = neighbours.reduce(Float(0)) {
                    $0 + values[$1 * positions + position] * values[$1 * positions + position]
                }
                result[channel * positions + position] /= pow(
                    constants.bias + constants.alpha / Float(size) * sum, constants.beta)
            }
        }
        return result
    }
}
