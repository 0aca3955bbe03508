import Foundation
import Networks

/// A feature map of floats, channel-major.
struct FloatMap {
    var shape: Shape
    var values: [Float]

    /// Each value times its channel's scale, and its shift.
    mutating func scaleChannels(_ scale: [Float], _ shift: [Float]) {
        let positions = shape.height * shape.width
        let channels = shape.channels
        values.withUnsafeMutableBufferPointer { values in
            for channel in 0..<channels {
                let (factor, offset) = (scale[channel], shift[channel])
                let map = UnsafeMutableBufferPointer(rebasing: values[channel * positions..<(channel + 1) * positions])
                for index in map.indices { map[index] = factor * map[index] + offset }
            }
        }
    }

    /// Negative values become zero.
    mutating func rectify() {
        values.withUnsafeMutableBufferPointer { values in
            for index in values.indices { values[index] = max(values[index], 0) }
        }
    }

    /// Each value in a range.
    mutating func clip(_ minimum: Float, _ maximum: Float) {
        values.withUnsafeMutableBufferPointer { values in
            for index in values.indices { values[index] = min(max(values[index], minimum), maximum) }
        }
    }

    /// The sum with a map of the same shape.
    mutating func add(_ other: FloatMap) {
        precondition(values.count == other.values.count)
        values.withUnsafeMutableBufferPointer { values in
            other.values.withUnsafeBufferPointer { other in
                for index in values.indices { values[index] += other[index] }
            }
        }
    }

    /// Folds `combine` over each window; positions in the padding are skipped.
    func pool(_ window: Window, output: Shape, initial: Float, combine: (Float, Float) -> Float) -> [Float] {
        var result = [Float](repeating: initial, count: output.count)
        values.withUnsafeBufferPointer { values in
            for channel in 0..<output.channels {
                for row in 0..<output.height {
                    let top = row * window.strideHeight - window.padTop
                    let rows = max(top, 0)..<max(min(top + window.kernelHeight, shape.height), 0)
                    let target = (channel * output.height + row) * output.width
                    for column in 0..<output.width {
                        let left = column * window.strideWidth - window.padLeft
                        let columns = max(left, 0)..<max(min(left + window.kernelWidth, shape.width), 0)
                        var sum = initial
                        for y in rows {
                            let line = (channel * shape.height + y) * shape.width
                            for x in columns { sum = combine(sum, values[line + x]) }
                        }
                        result[target + column] = sum
                    }
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
