// Conv and its integer forms, MaxPool, AveragePool, global pools: everything with a sliding window.

import Networks

#if MUTANTS
    import Mutants
#endif

extension GraphTranslator {
    mutating func convolution(_ node: Node) throws {
        var input = try requireMap(node, 0, activation(node, 0, padded: true))
        let padding = input.padding ?? SpatialPadding()
        input.padding = nil
        let (weights, _) = try realConstant(node, 1)
        let bias = try weights.dimensions.first.map { outputs in
            node.input(2) == nil ? [] : try channelConstant(node, 2, channels: outputs)
        }
        let kind = try convolution(node, weights: weights, bias: bias ?? [], on: input.shape, padding: padding)
        try append(node, kind.kind, inputs: [input], shape: kind.shape, rank: 4)
    }

    /// A convolution of codes: input - zero point times weight - zero point, of which the input's scale is left out.
    mutating func integerConvolution(_ node: Node) throws {
        let (input, weights) = try integerOperands(node, axis: 0)
        guard input.rank == 4 else { throw node.invalid("input 0 is \(input.shapeText); needed is [N, C, H, W]") }
        let kind = try convolution(node, weights: weights, bias: [], on: input.shape)
        try append(node, kind.kind, inputs: [input], shape: kind.shape, rank: 4)
    }

    /// QLinearConv: values of input, weights and bias, then the saturation of the output.
    mutating func quantizedConvolution(_ node: Node) throws {
        let input = try storedActivation(node, 0, parameters: (1, 2))
        guard input.rank == 4 else { throw node.invalid("input 0 is \(input.shapeText); needed is [N, C, H, W]") }
        let weights = try dequantized(node, constant(node, 3), parameters: (4, 5), axis: 0)
        let bias = try node.input(8) == nil ? [] : quantizedBias(node, 8, input: oneScale(node, 1))
        let kind = try convolution(node, weights: weights, bias: bias, on: input.shape)
        try appendStored(node, kind.kind, inputs: [input], shape: kind.shape, rank: 4, parameters: (6, 7))
    }

    /// int32 biases, whose scale is that of the input times that of the weights.
    func quantizedBias(_ node: Node, _ index: Int, input scale: Float) throws -> [Float] {
        let values = try integers(node, index)
        let scales = try realConstant(node, 4).values
        guard scales.count == 1 || scales.count == values.count else {
            throw node.invalid("\(values.count) biases and \(scales.count) scales of the weights")
        }
        let biases = values.indices.map { Float(values[$0]) * (scale * scales[scales.count == 1 ? 0 : $0]) }
        guard biases.allSatisfy(\.isFinite) else { throw node.invalid("a bias exceeds the range of float32") }
        return biases
    }

    /// Appends a layer whose output the node stores as codes of the scale and zero point in those inputs.
    mutating func appendStored(
        _ node: Node, _ kind: LayerKind, inputs: [Activation], shape: Shape, rank: Int,
        parameters: (scale: Int, zero: Int)
    ) throws {
        let (type, zeros) = try codeType(node, zero: parameters.zero)
        let codes = ActivationCodes(scale: try oneScale(node, parameters.scale), zero: try one(node, zeros))
        let values = try appendLayer(node, named: node.name, kind, inputs: inputs, shape: shape, rank: rank)
        var output = try saturated(
            node, values, type: type, codes: codes, named: uniqueName("\(node.name)/relu"))
        output.codes = codes
        define(node, output)
        log.note(.removeQuantization, node, codes.text)
    }

    private func convolution(
        _ node: Node, weights tensor: ConstantTensor, bias: [Float], on input: Shape,
        padding: SpatialPadding = SpatialPadding()
    ) throws -> (kind: LayerKind, shape: Shape) {
        try node.acceptAttributes("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
        let channels = input.channels
        let sizes = tensor.dimensions
        guard sizes.count == 4 else {
            throw node.unsupported("weights \(tensor.shapeText)", supported: "[out, in / group, kh, kw]")
        }
        guard tensor.count > 0 else { throw node.invalid("the weights \(tensor.shapeText) are empty") }
        let group = try node.integer("group", default: 1)
        guard group >= 1, group <= Int64(channels), channels % Int(group) == 0, sizes[0] % Int(group) == 0 else {
            throw node.invalid("group \(group) does not divide \(channels) input and \(sizes[0]) output channels")
        }
        guard sizes[1] == channels / Int(group) else {
            let needed = "\(channels / Int(group)) (\(channels) / group \(group))"
            throw node.invalid("the weights \(tensor.shapeText) have \(sizes[1]) input channels; needed are \(needed)")
        }
        let kernel = try node.integers("kernel_shape", count: 2, in: 1...Limits.dimension)
        if let kernel, kernel != [sizes[2], sizes[3]] {
            throw node.invalid("kernel_shape \(kernel) differs from the weights' \(tensor.shapeText)")
        }
        guard bias.isEmpty || bias.count == sizes[0] else {
            throw node.invalid("\(bias.count) biases for \(sizes[0]) output channels")
        }
        var padded = input
        padded.height += padding.top + padding.bottom
        padded.width += padding.left + padding.right
        var window = try window(node, kernel: [sizes[2], sizes[3]], on: padded)
        window.padTop += padding.top
        window.padLeft += padding.left
        window.padBottom += padding.bottom
        window.padRight += padding.right
        let weights = Weights(values: tensor.realValues, codes: tensor.codes, codeScale: tensor.codeScale)
        let kind = LayerKind.convolution(
            window: window, outputs: sizes[0], groups: Int(group), weights: weights, bias: bias)
        return (kind, try output(node, of: window, on: input, channels: sizes[0]))
    }

    mutating func maxPool(_ node: Node) throws {
        try node.acceptAttributes(
            "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides")
        let input = try storedFeatureMap(node)
        var window = try poolWindow(node, on: input.shape)
        // Padding never wins a maximum, so what ceil_mode adds is more padding.
        if try node.integer("ceil_mode", default: 0) != 0 { window = ceiling(window, on: input.shape) }
        let shape = try output(node, of: window, on: input.shape, channels: input.shape.channels)
        var output = try appendLayer(
            node, named: node.name, .maxPool(window), inputs: [input], shape: shape, rank: 4)
        output.codes = input.codes
        define(node, output)
    }

    mutating func averagePool(_ node: Node) throws {
        let input = try featureMap(node)
        let (kind, shape) = try averageKind(node, on: input.shape)
        try append(node, kind, inputs: [input], shape: shape, rank: 4)
    }

    func averageKind(_ node: Node, on input: Shape) throws -> (LayerKind, Shape) {
        try node.acceptAttributes(
            "auto_pad", "ceil_mode", "channels_last", "count_include_pad", "dilations", "kernel_shape", "pads",
            "strides")
        try node.requireInteger("channels_last", 0)
        let given = try poolWindow(node, on: input)
        let isCeiling = try node.integer("ceil_mode", default: 0) != 0
        let window = isCeiling ? ceiling(given, on: input) : given
        let padding = [given.padTop, given.padLeft, given.padBottom, given.padRight]
        let countsPadding = try node.integer("count_include_pad", default: 0) != 0
        let isPlain = window == given && (countsPadding || padding == [0, 0, 0, 0])
        let counted = countsPadding ? padding : [0, 0, 0, 0]
        let divisor: AverageDivisor =
            isPlain
            ? .kernelArea
            : .positions(padTop: counted[0], padLeft: counted[1], padBottom: counted[2], padRight: counted[3])
        let shape = try output(node, of: window, on: input, channels: input.channels)
        return (.averagePool(window, divisor: divisor), shape)
    }

    mutating func globalAveragePool(_ node: Node) throws {
        try node.acceptAttributes()
        let input = try featureMap(node)
        let shape = Shape(channels: input.shape.channels, height: 1, width: 1)
        try append(node, .globalAveragePool, inputs: [input], shape: shape, rank: 4)
    }

    mutating func globalMaxPool(_ node: Node) throws {
        try node.acceptAttributes()
        let input = try featureMap(node)
        let window = Window(kernelHeight: input.shape.height, kernelWidth: input.shape.width)
        let shape = Shape(channels: input.shape.channels, height: 1, width: 1)
        try append(node, .maxPool(window), inputs: [input], shape: shape, rank: 4)
    }

    /// A mean over rows and columns is a global average pooling.
    mutating func mean(_ node: Node) throws {
        try node.acceptAttributes("axes", "keepdims", "noop_with_empty_axes")
        let input = try featureMap(node)
        let axes = try axes(node, rank: 4)
        guard let axes, axes.sorted() == [2, 3] else {
            throw node.unsupported("a mean over the axes \(axes ?? [])", supported: "the axes 2 and 3 together")
        }
        let shape = Shape(channels: input.shape.channels, height: 1, width: 1)
        let keeps = try node.integer("keepdims", default: 1) != 0
        try append(node, .globalAveragePool, inputs: [input], shape: shape, rank: keeps ? 4 : 2)
    }

    // MARK: - Windows

    private func poolWindow(_ node: Node, on shape: Shape) throws -> Window {
        guard let kernel = try node.integers("kernel_shape", count: 2, in: 1...Limits.dimension) else {
            throw node.invalid("attribute 'kernel_shape' is missing")
        }
        let window = try window(node, kernel: kernel, on: shape)
        guard window.dilationHeight == 1, window.dilationWidth == 1 else {
            let dilations = [window.dilationHeight, window.dilationWidth]
            throw node.unsupported("dilations \(dilations) of a pooling", supported: "[1, 1]")
        }
        let rows = max(window.padTop, window.padBottom)
        let columns = max(window.padLeft, window.padRight)
        guard rows < window.kernelHeight, columns < window.kernelWidth else {
            throw node.invalid("pads \(rows), \(columns) are not smaller than the kernel \(kernel)")
        }
        return window
    }

    private func window(_ node: Node, kernel: [Int], on shape: Shape) throws -> Window {
        guard kernel.allSatisfy({ $0 <= Limits.dimension }) else {
            throw node.invalid("kernel \(kernel); accepted are sizes to \(Limits.dimension)")
        }
        let strides = try node.integers("strides", count: 2, in: 1...Limits.dimension) ?? [1, 1]
        #if MUTANTS
            let given = try node.integers("pads", count: 4, in: 0...Limits.dimension) ?? [0, 0, 0, 0]
            // Begin and end of each axis, instead of all begins, then all ends.
            let pads = isPlanted("onnx-pads") ? [given[0], given[2], given[1], given[3]] : given
        #else
            let pads = try node.integers("pads", count: 4, in: 0...Limits.dimension) ?? [0, 0, 0, 0]
        #endif
        let dilations = try node.integers("dilations", count: 2, in: 1...Limits.dimension) ?? [1, 1]
        let window = Window(
            kernelHeight: kernel[0], kernelWidth: kernel[1], strideHeight: strides[0], strideWidth: strides[1],
            padTop: pads[0], padLeft: pads[1], padBottom: pads[2], padRight: pads[3],
            dilationHeight: dilations[0], dilationWidth: dilations[1])
        return try automaticallyPadded(window, node, on: shape)
    }

    private func automaticallyPadded(_ given: Window, _ node: Node, on shape: Shape) throws -> Window {
        let mode = try node.string("auto_pad", default: "NOTSET")
        if mode == "NOTSET" { return given }
        guard ["VALID", "SAME_UPPER", "SAME_LOWER"].contains(mode) else {
            throw node.unsupported("auto_pad '\(mode)'", supported: "NOTSET, VALID, SAME_UPPER, SAME_LOWER")
        }
        guard [given.padTop, given.padLeft, given.padBottom, given.padRight] == [0, 0, 0, 0] else {
            throw node.invalid("pads and auto_pad \(mode) are both given; accepted is one of them")
        }
        if mode == "VALID" { return given }
        let upper = mode == "SAME_UPPER"
        let rows = GraphTranslator.samePadding(
            size: shape.height, kernel: given.extentHeight, stride: given.strideHeight, upper: upper)
        let columns = GraphTranslator.samePadding(
            size: shape.width, kernel: given.extentWidth, stride: given.strideWidth, upper: upper)
        var window = given
        (window.padTop, window.padBottom) = rows
        (window.padLeft, window.padRight) = columns
        return window
    }

    /// Padding for ceil(size / stride) positions; an odd element goes after (SAME_UPPER) or before.
    private static func samePadding(size: Int, kernel: Int, stride: Int, upper: Bool) -> (before: Int, after: Int) {
        let positions = (size + stride - 1) / stride
        let total = max(0, (positions - 1) * stride + kernel - size)
        let smaller = total / 2
        return upper ? (smaller, total - smaller) : (total - smaller, smaller)
    }

    /// The window with enough padding at the end that rounding down gives the rounded-up number of positions.
    private func ceiling(_ window: Window, on shape: Shape) -> Window {
        var result = window
        result.padBottom = GraphTranslator.ceilingPadding(
            size: shape.height, before: window.padTop, after: window.padBottom, kernel: window.kernelHeight,
            stride: window.strideHeight)
        result.padRight = GraphTranslator.ceilingPadding(
            size: shape.width, before: window.padLeft, after: window.padRight, kernel: window.kernelWidth,
            stride: window.strideWidth)
        return result
    }

    private static func ceilingPadding(size: Int, before: Int, after: Int, kernel: Int, stride: Int) -> Int {
        let room = size + before + after - kernel
        guard room >= 0 else { return after }
        var positions = (room + stride - 1) / stride + 1
        // A window that would start in the padding at the end does not count (ONNX MaxPool, opset 22 text).
        if (positions - 1) * stride >= size + before { positions -= 1 }
        return max(after, (positions - 1) * stride + kernel - size - before)
    }

    private func output(_ node: Node, of window: Window, on shape: Shape, channels: Int) throws -> Shape {
        let height = window.outputHeight(shape.height)
        let width = window.outputWidth(shape.width)
        guard height > 0, width > 0 else {
            let kernel = "\(window.extentHeight)x\(window.extentWidth)"
            throw node.invalid("the kernel \(kernel) does not fit the padded input \(shape)")
        }
        return Shape(channels: channels, height: height, width: width)
    }
}
