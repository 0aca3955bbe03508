// Conv, MaxPool, AveragePool, GlobalAveragePool: everything with a sliding window.

import Networks

extension GraphTranslator {
    mutating func convolution(_ node: Node) throws {
        try node.acceptAttributes("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
        let input = try featureMap(node)
        let channels = input.shape.channels
        let (tensor, values) = try realConstant(node, 1)
        let sizes = tensor.dimensions
        guard sizes.count == 4 else {
            throw node.unsupported("weights \(tensor.shapeText)", supported: "[out, in / group, kh, kw]")
        }
        guard !values.isEmpty else { throw node.invalid("the weights \(tensor.shapeText) are empty") }
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
        let bias = node.input(2) == nil ? [] : try channelConstant(node, 2, channels: sizes[0])
        let window = try window(node, kernel: [sizes[2], sizes[3]], on: input.shape)
        let weights = Weights(values: values, codes: tensor.codes, codeScale: tensor.codeScale)
        let kind = LayerKind.convolution(
            window: window, outputs: sizes[0], groups: Int(group), weights: weights, bias: bias)
        let shape = try output(node, of: window, on: input.shape, channels: sizes[0])
        try append(node, kind, inputs: [input], shape: shape, rank: 4)
    }

    mutating func maxPool(_ node: Node) throws {
        try node.acceptAttributes(
            "auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides")
        let input = try featureMap(node)
        var window = try poolWindow(node, on: input.shape)
        // Padding never wins a maximum, so what ceil_mode adds is more padding.
        if try node.integer("ceil_mode", default: 0) != 0 { window = ceiling(window, on: input.shape) }
        let shape = try output(node, of: window, on: input.shape, channels: input.shape.channels)
        try append(node, .maxPool(window), inputs: [input], shape: shape, rank: 4)
    }

    mutating func averagePool(_ node: Node) throws {
        try node.acceptAttributes(
            "auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides")
        let input = try featureMap(node)
        let given = try poolWindow(node, on: input.shape)
        var window = given
        var divisorVaries: String?
        if try node.integer("ceil_mode", default: 0) != 0 {
            window = ceiling(window, on: input.shape)
            let grows = window.padBottom > given.padBottom || window.padRight > given.padRight
            if grows { divisorVaries = "ceil_mode = 1 with windows beyond the border" }
        }
        let padding = [given.padTop, given.padLeft, given.padBottom, given.padRight]
        if try node.integer("count_include_pad", default: 0) == 0, padding.contains(where: { $0 > 0 }) {
            divisorVaries = "count_include_pad = 0 with padding"
        }
        if let divisorVaries {
            guard approximateAverages else {
                throw node.unsupported(divisorVaries, supported: "average pools that divide by the kernel's area")
            }
            approximated.append("\(node.name) (\(node.operation): \(divisorVaries))")
        }
        let shape = try output(node, of: window, on: input.shape, channels: input.shape.channels)
        try append(node, .averagePool(window, divisor: .kernelArea), inputs: [input], shape: shape, rank: 4)
    }

    mutating func globalAveragePool(_ node: Node) throws {
        try node.acceptAttributes()
        let input = try featureMap(node)
        let shape = Shape(channels: input.shape.channels, height: 1, width: 1)
        try append(node, .globalAveragePool, inputs: [input], shape: shape, rank: 4)
    }

    // MARK: - Windows

    private func poolWindow(_ node: Node, on shape: Shape) throws -> Window {
        guard let kernel = try node.integers("kernel_shape", count: 2, in: 1...Limits.dimension) else {
            throw node.invalid("attribute 'kernel_shape' is missing")
        }
        let window = try window(node, kernel: kernel, on: shape)
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
        let pads = try node.integers("pads", count: 4, in: 0...Limits.dimension) ?? [0, 0, 0, 0]
        let dilations = try node.integers("dilations", count: 2, in: 1...Limits.dimension) ?? [1, 1]
        guard dilations == [1, 1] else {
            throw node.unsupported("dilations \(dilations)", supported: "[1, 1]")
        }
        let window = Window(
            kernelHeight: kernel[0], kernelWidth: kernel[1], strideHeight: strides[0], strideWidth: strides[1],
            padTop: pads[0], padLeft: pads[1], padBottom: pads[2], padRight: pads[3])
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
            size: shape.height, kernel: given.kernelHeight, stride: given.strideHeight, upper: upper)
        let columns = GraphTranslator.samePadding(
            size: shape.width, kernel: given.kernelWidth, stride: given.strideWidth, upper: upper)
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
            let kernel = "\(window.kernelHeight)x\(window.kernelWidth)"
            throw node.invalid("the kernel \(kernel) does not fit the padded input \(shape)")
        }
        return Shape(channels: channels, height: height, width: width)
    }
}
