// Convolutions of few channels on the network's input. Three channels fill three of the array's input lanes; so the input
// stands in memory once more, with neighbouring positions of the window in the channels of a pixel (im2col, as far as it
// pays). What is left is a convolution of more channels with a smaller kernel: the same products, in another order of
// the lanes. Along each axis
//   all positions together      kernel 1: a pixel for each result
//   as many as divide the stride   a pixel for each step of so many: what is called folding, or space to depth
// docs/decisions/019-unrolled-input.md.

import Accelerator
import Networks

/// A window's positions along one axis, some of them in the channels.
struct UnrolledAxis: Sendable, Hashable {
    /// Neighbouring positions that stand in the channels; 1: the axis is as the network has it.
    var together: Int
    /// Of the convolution that is left.
    var kernel: Int
    var stride: Int
    var padBefore: Int
    var padAfter: Int
    /// Places along the axis.
    var size: Int
    /// Position of the network's input of the first place, negative in the padding; and from one place to the next.
    var origin: Int
    var step: Int

    /// An axis as the network has it.
    struct Plain {
        var kernel: Int
        var stride: Int
        var padBefore: Int
        var padAfter: Int
        var size: Int
        var results: Int
    }

    init(_ axis: Plain) {
        (together, kernel, stride) = (1, axis.kernel, axis.stride)
        (padBefore, padAfter, size, origin, step) = (axis.padBefore, axis.padAfter, axis.size, 0, 1)
    }

    private init(_ axis: Plain, together: Int) {
        self.together = together
        (padBefore, padAfter, origin) = (0, 0, -axis.padBefore)
        if together == axis.kernel {
            (kernel, stride, step) = (1, 1, axis.stride)
        } else {
            (kernel, stride, step) = ((axis.kernel + together - 1) / together, axis.stride / together, together)
        }
        size = (axis.results - 1) * stride + kernel
    }

    /// All that there are. Lanes without a weight of zero need whole parts of the kernel.
    static func all(_ axis: Plain, hasZeroWeight: Bool) -> [UnrolledAxis] {
        let folds = (2..<max(3, axis.kernel)).filter { axis.stride % $0 == 0 && $0 < axis.kernel }
        return [UnrolledAxis(axis)]
            + (folds + [axis.kernel]).filter { $0 > 1 && (hasZeroWeight || axis.kernel % $0 == 0) }
            .map { UnrolledAxis(axis, together: $0) }
    }
}

/// The network's input with positions of a window in its channels: channel (row * columns together + column) * channels
/// of the input + channel.
struct InputUnrolling: Sendable, Hashable {
    var rows: UnrolledAxis
    var columns: UnrolledAxis
    /// Channels of the input.
    var channels: Int

    var isPlain: Bool { rows.together * columns.together == 1 }
    var shape: Shape {
        Shape(channels: rows.together * columns.together * channels, height: rows.size, width: columns.size)
    }

    /// All for a layer's window.
    static func all(_ layer: QuantizedLayer, hasZeroWeight: Bool) -> [InputUnrolling] {
        let (window, input, output) = (layer.window, layer.inputShape, layer.outputShape)
        let rows = UnrolledAxis.Plain(
            kernel: window.kernelHeight, stride: window.strideHeight, padBefore: window.padTop,
            padAfter: window.padBottom, size: input.height, results: output.height)
        let columns = UnrolledAxis.Plain(
            kernel: window.kernelWidth, stride: window.strideWidth, padBefore: window.padLeft,
            padAfter: window.padRight, size: input.width, results: output.width)
        return UnrolledAxis.all(rows, hasZeroWeight: hasZeroWeight).flatMap { rows in
            UnrolledAxis.all(columns, hasZeroWeight: hasZeroWeight).map { columns in
                InputUnrolling(rows: rows, columns: columns, channels: input.channels)
            }
        }
    }

    /// The input as the array reads it; zero beyond its borders.
    func tensor(_ input: IntegerTensor) -> IntegerTensor {
        var values = [Int32](repeating: 0, count: shape.count)
        var place = 0
        for channel in 0..<shape.channels {
            let (position, source) = channel.quotientAndRemainder(dividingBy: channels)
            let (row, column) = position.quotientAndRemainder(dividingBy: columns.together)
            for y in 0..<rows.size {
                let from = rows.origin + y * rows.step + row
                if from >= 0 && from < input.shape.height {
                    let line = (source * input.shape.height + from) * input.shape.width
                    for x in 0..<columns.size {
                        let at = columns.origin + x * columns.step + column
                        if at >= 0 && at < input.shape.width { values[place + x] = input.values[line + at] }
                    }
                }
                place += columns.size
            }
        }
        return IntegerTensor(shape: shape, values: values)
    }

    /// The convolution that is left, and its weights; `input` is the name of its feature map.
    func applied(
        to layer: QuantizedLayer, _ weights: [Int32], input: String
    ) -> (layer: QuantizedLayer, weights: [Int32]) {
        var result = layer
        result.input = input
        result.inputShape = shape
        result.window = Window(
            kernelHeight: rows.kernel, kernelWidth: columns.kernel, strideHeight: rows.stride,
            strideWidth: columns.stride, padTop: rows.padBefore, padLeft: columns.padBefore,
            padBottom: rows.padAfter, padRight: columns.padAfter)
        let (height, width) = (layer.window.kernelHeight, layer.window.kernelWidth)
        let filter = shape.channels * rows.kernel * columns.kernel
        var own = [Int32](repeating: 0, count: layer.outputShape.channels * filter)
        for (index, weight) in weights.enumerated() {
            let (rest, column) = index.quotientAndRemainder(dividingBy: width)
            let (plane, row) = rest.quotientAndRemainder(dividingBy: height)
            let (output, channel) = plane.quotientAndRemainder(dividingBy: channels)
            let position = row % rows.together * columns.together + column % columns.together
            let kernel = row / rows.together * columns.kernel + column / columns.together
            own[output * filter + (position * channels + channel) * rows.kernel * columns.kernel + kernel] = weight
        }
        return (result, own)
    }
}

/// The network's input as some layers read it.
struct UnrolledInput: Sendable {
    var unrolling: InputUnrolling
    var placement: TensorPlacement
}

extension Scheduler {
    /// A convolution with its input as it takes the fewest cycles; most as they are. `weights` are its own.
    mutating func unroll(
        _ layer: QuantizedLayer, _ weights: [Int32], groups: Int
    ) throws -> (layer: QuantizedLayer, weights: [Int32]) {
        guard options.unrollsInput, layer.input == Network.inputName, groups == 1, layer.preActivation == nil,
            layer.window.dilationHeight == 1, layer.window.dilationWidth == 1
        else { return (layer, weights) }
        let passes = try WeightPasses(
            weights, element: p.element, terms: p.terms, layer: layer.name, keepsLanes: false)
        let costs = InputUnrolling.all(layer, hasZeroWeight: p.element.hasZeroWeight).compactMap { unrolling in
            cost(unrolling, layer, passes: passes.count).map { (unrolling: unrolling, cost: $0) }
        }
        guard let best = costs.min(by: { $0.cost < $1.cost })?.unrolling, !best.isPlain else { return (layer, weights) }
        unrolling = best
        return best.applied(to: layer, weights, input: place(best))
    }

    /// The name of an input, which gets a place where it has none yet.
    private mutating func place(_ unrolling: InputUnrolling) -> String {
        let (rows, columns) = (unrolling.rows, unrolling.columns)
        let name =
            "\(Network.inputName) \(rows.together)x\(columns.together) \(rows.origin),\(columns.origin) "
            + "\(rows.step),\(columns.step) \(rows.size)x\(columns.size)"
        guard placements[name] == nil else { return name }
        var placement = TensorPlacement(shape: unrolling.shape, granule: p.granule, beatBytes: p.beatBytes)
        placement.address = image.allocate(placement.bytes)
        placements[name] = placement
        unrolledInputs[name] = UnrolledInput(unrolling: unrolling, placement: placement)
        return name
    }

    /// What engines that overlap take for a layer, from its sizes alone; nil where the array cannot do what is left.
    private func cost(_ unrolling: InputUnrolling, _ layer: QuantizedLayer, passes: Int) -> ScheduleCost? {
        let (input, output) = (unrolling.shape, layer.outputShape)
        let (rows, columns) = (unrolling.rows, unrolling.columns)
        let words = (input.channels + p.inputs - 1) / p.inputs
        let results = passes * ((output.channels + p.outputs - 1) / p.outputs)
        let compute: Int
        switch p.family {
        case .vector:
            let steps = words * rows.kernel * columns.kernel
            compute = results * steps * output.height * ((output.width + p.pixels - 1) / p.pixels)
        case .convolver(let convolver):
            let fits = convolver.tap(height: rows.kernel, width: columns.kernel) != nil
            guard fits && min(columns.kernel, input.width) <= convolver.rowLength else {
                guard unrolling.isPlain else { return nil }
                // The whole map as one window: a stream for every pixel (`LayerWork.flattened`).
                compute = results * words * rows.kernel * columns.kernel * p.convolverInterval(words: 1)
                break
            }
            let slots = rows.size * max(columns.size, (output.width - 1) * columns.stride + 1)
            compute = results * words * max(slots, p.convolverInterval(words: rows.kernel * columns.kernel))
        }
        func beats(_ shape: Shape) -> Int { (shape.channels + p.granule - 1) / p.granule * shape.height * shape.width }
        let (load, store) = (beats(input), beats(output))
        let bytes = (load + store) * p.beatBytes
        // Reads and writes share the memory's rate.
        let moving = options.memory.bytesPerCycle65536.map { (bytes << 16) / max(1, $0) } ?? 0
        return ScheduleCost(cycles: max(compute, load, store, moving), bytes: bytes)
    }
}
