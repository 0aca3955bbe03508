// A plain float executor of `Network`, written from the comments of LayerKind only: the tests' own opinion.
import Networks

struct FloatRun {
    private var maps: [String: (shape: Shape, values: [Float])]

    /// Values of the network's output.
    static func output(of network: Network, image: [Float]) -> [Float] {
        var run = FloatRun(maps: [Network.inputName: (network.input, image)])
        for layer in network.layers { run.maps[layer.name] = (layer.output, run.values(layer)) }
        return run.maps[network.layers.last?.name ?? ""]?.values ?? []
    }

    private func values(_ layer: Layer) -> [Float] {
        guard let (shape, input) = maps[layer.inputs[0]] else { return [] }
        let area = shape.height * shape.width
        switch layer.kind {
        case .convolution(let window, _, let groups, let weights, let bias):
            let positions = FloatRun.positions(window, shape, layer.output)
            return FloatRun.convolve(input, shape, weights.values, bias, groups, window, positions, layer.output)
        case .fullyConnected(let outputs, let weights, let bias):
            return (0..<outputs).map { row in
                var sum = bias.isEmpty ? 0 : bias[row]
                for column in input.indices { sum += weights.values[row * input.count + column] * input[column] }
                return sum
            }
        case .affine(let scale, let shift):
            return input.indices.map { scale[$0 / area] * input[$0] + shift[$0 / area] }
        case .relu: return input.map { max(0, $0) }
        case .add: return zip(input, maps[layer.inputs[1]]?.values ?? []).map(+)
        case .maxPool(let window):
            return pool(input, shape, window, layer.output) { $0.max() ?? -.infinity }
        case .averagePool(let window, _):
            let divisor = Float(window.kernelHeight * window.kernelWidth)
            return pool(input, shape, window, layer.output) { $0.reduce(0, +) / divisor }
        case .globalAveragePool:
            return (0..<shape.channels).map { input[$0 * area..<($0 + 1) * area].reduce(0, +) / Float(area) }
        case .subsample(let stride, let before, _):
            var result = [Float](repeating: 0, count: layer.output.count)
            for channel in 0..<shape.channels {
                for row in 0..<layer.output.height {
                    for column in 0..<layer.output.width {
                        let target = ((channel + before) * layer.output.height + row) * layer.output.width + column
                        result[target] = input[(channel * shape.height + row * stride) * shape.width + column * stride]
                    }
                }
            }
            return result
        default: preconditionFailure("no float run of \(layer.kind.name)")
        }
    }

    private func pool(
        _ input: [Float], _ shape: Shape, _ window: Window, _ output: Shape, _ combine: ([Float]) -> Float
    ) -> [Float] {
        let positions = FloatRun.positions(window, shape, output)
        return (0..<output.count).map { index in
            let (channel, pixel) = index.quotientAndRemainder(dividingBy: output.height * output.width)
            return combine(positions[pixel].map { input[channel * shape.height * shape.width + $0.source] })
        }
    }

    /// For each output pixel, the offsets in the input plane that lie inside, with their place in the kernel.
    private static func positions(_ window: Window, _ shape: Shape, _ output: Shape) -> [[(source: Int, tap: Int)]] {
        (0..<output.height * output.width).map { pixel in
            let top = pixel / output.width * window.strideHeight - window.padTop
            let left = pixel % output.width * window.strideWidth - window.padLeft
            var taps: [(source: Int, tap: Int)] = []
            for y in max(0, -top)..<max(0, -top, min(window.kernelHeight, shape.height - top)) {
                for x in max(0, -left)..<max(0, -left, min(window.kernelWidth, shape.width - left)) {
                    taps.append(((top + y) * shape.width + left + x, y * window.kernelWidth + x))
                }
            }
            return taps
        }
    }

    private static func convolve(
        _ input: [Float], _ shape: Shape, _ weights: [Float], _ bias: [Float], _ groups: Int, _ window: Window,
        _ positions: [[(source: Int, tap: Int)]], _ output: Shape
    ) -> [Float] {
        let area = shape.height * shape.width
        let kernel = window.kernelHeight * window.kernelWidth
        let (inGroup, outGroup) = (shape.channels / groups, output.channels / groups)
        var result = [Float](repeating: 0, count: output.count)
        input.withUnsafeBufferPointer { input in
            weights.withUnsafeBufferPointer { weights in
                for index in result.indices {
                    let (channel, pixel) = index.quotientAndRemainder(dividingBy: positions.count)
                    var sum = bias.isEmpty ? 0 : bias[channel]
                    let planes = channel / outGroup * inGroup
                    for (source, tap) in positions[pixel] {
                        var from = planes * area + source
                        var weight = channel * inGroup * kernel + tap
                        for _ in 0..<inGroup {
                            sum += input[from] * weights[weight]
                            from &+= area
                            weight &+= kernel
                        }
                    }
                    result[index] = sum
                }
            }
        }
        return result
    }
}

/// Parameters as papers count them: weights, biases, two per normalized channel.
func parameterCount(_ network: Network) -> Int {
    network.layers.reduce(0) { total, layer in
        switch layer.kind {
        case .convolution(_, _, _, let weights, let bias): total + weights.values.count + bias.count
        case .fullyConnected(_, let weights, let bias): total + weights.values.count + bias.count
        case .affine(let scale, let shift): total + scale.count + shift.count
        default: total
        }
    }
}

/// Largest absolute difference; infinite when the counts differ.
func distance(_ first: [Float], _ second: [Float]) -> Float {
    guard first.count == second.count else { return .infinity }
    return zip(first, second).map { abs($0 - $1) }.max() ?? 0
}
