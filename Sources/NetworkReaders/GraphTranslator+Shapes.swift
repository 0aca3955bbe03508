// Nodes that move or drop values: reshaping to and from vectors, Dropout, Identity, Cast and a last Softmax make no
// layer; Slice + Pad is ResNet's option-A shortcut. Channel shuffles are in GraphTranslator+Shuffle.swift.

import Networks

extension GraphTranslator {
    /// Makes the node's output the same activation as its input.
    mutating func pass(_ node: Node) throws {
        var input = try passedActivation(node, 0)
        input.pending = nil
        define(node, input)
    }

    mutating func removeNode(_ node: Node) throws {
        try node.acceptAttributes("ratio", "seed")
        if node.operation == "Dropout", node.input(2) != nil {
            guard case .integer(let mode) = try constant(node, 2).elements, mode == [0] else {
                throw node.unsupported("training_mode", supported: "inference")
            }
        }
        try pass(node)
        removed.append("\(node.name) (\(node.operation))")
        log.note(.removeIdentity, node)
    }

    /// Between floating types, or of the integers that ConvInteger gives.
    mutating func cast(_ node: Node) throws {
        try node.acceptAttributes("to", "saturate", "round_mode")
        let value = try node.integer("to", default: 1)
        let accepted: [Onnx_TensorProto.DataType] = [.float, .float16, .double, .bfloat16]
        guard accepted.contains(where: { Int64($0.rawValue) == value }) else {
            throw node.unsupported("a cast to element type \(value)", supported: "floating types")
        }
        _ = try activation(node, 0)
        try pass(node)
        log.note(.removeIdentity, node)
    }

    /// A Softmax over the classes does not change which class is largest.
    mutating func softmax(_ node: Node) throws {
        try node.acceptAttributes("axis")
        var input = try activation(node, 0)
        // Until opset 12 the default is axis 1 and everything after it; then it is the last axis alone.
        let axis = try node.integer("axis", default: opset < 13 ? 1 : -1)
        let isVector = input.shape.height == 1 && input.shape.width == 1
        guard axis == 1 || (axis == -1 && input.rank == 2), isVector || input.rank == 2 else {
            throw node.unsupported(
                "axis \(axis) of \(input.shapeText)", supported: "the class axis of [N, classes]")
        }
        input.isFinal = true
        input.pending = nil
        define(node, input)
        removed.append("\(node.name) (\(node.operation))")
        log.note(.removeSoftmax, node)
    }

    mutating func flatten(_ node: Node) throws {
        try node.acceptAttributes("axis")
        let input = try movedActivation(node, 0)
        let axis = try node.integer("axis", default: 1)
        guard axis == 1 || axis == 1 - Int64(input.rank) else {
            throw node.unsupported("axis \(axis)", supported: "axis 1")
        }
        reshape(node, input, rank: 2)
    }

    /// Drops rows and columns of a map of one pixel.
    mutating func squeeze(_ node: Node) throws {
        try node.acceptAttributes("axes")
        let input = try movedActivation(node, 0)
        let axes = try axes(node, rank: input.rank)
        guard input.rank == 4, input.shape.height * input.shape.width == 1, let axes, axes.sorted() == [2, 3] else {
            throw node.unsupported(
                "axes \(axes ?? []) of \(input.shapeText)", supported: "the axes 2 and 3 of [N, C, 1, 1]")
        }
        reshape(node, input, rank: 2)
    }

    /// Adds rows and columns to a vector of channels.
    mutating func unsqueeze(_ node: Node) throws {
        try node.acceptAttributes("axes")
        let input = try movedActivation(node, 0)
        let axes = try axes(node, rank: 4)
        guard input.rank == 2, input.shape.height * input.shape.width == 1, let axes, axes.sorted() == [2, 3] else {
            throw node.unsupported(
                "axes \(axes ?? []) of \(input.shapeText)", supported: "the axes 2 and 3 of a vector of channels")
        }
        reshape(node, input, rank: 4)
    }

    private mutating func reshape(_ node: Node, _ input: Activation, rank: Int) {
        var output = input
        output.rank = rank
        output.pending = nil
        define(node, output)
        log.note(.removeReshape, node)
    }

    /// To a vector [N, F], back to the map [N, C, H, W], or to and from the matrix of a channel shuffle.
    mutating func reshape(_ node: Node) throws {
        var input = try passedActivation(node, 0)
        if input.view == nil { input = try movedActivation(node, 0) }
        let target = try integerConstant(node, 1)
        let map = [1, input.shape.channels, input.shape.height, input.shape.width]
        let given = input.view.map { [1] + $0.sizes } ?? (input.rank == 4 ? map : [1, input.shape.count])
        let sizes = try resolved(node, target, from: given)
        if let view = input.view { return try closeView(node, input, view, sizes: sizes) }
        if sizes == map { return reshape(node, input, rank: 4) }
        if sizes == [1, input.shape.count] { return reshape(node, input, rank: 2) }
        guard input.rank == 4, try openView(node, input, sizes: sizes) else {
            throw node.unsupported(
                "reshaping \(input.shapeText) to \(target)",
                supported: "[N, -1], [N, F], the map itself and the first step of a channel shuffle")
        }
    }

    // MARK: - Slice and Pad

    /// Keeps every stride-th row and column from the top left.
    mutating func slice(_ node: Node) throws {
        try node.acceptAttributes("axes", "ends", "starts")
        let input = try featureMap(node)
        let (starts, ends, axes, steps) = try sliceRanges(node)
        let sizes = [1, input.shape.channels, input.shape.height, input.shape.width]
        var strides = [1, 1, 1, 1]
        var seen: Set<Int> = []
        for index in starts.indices {
            let axis = try normalized(node, axis: axes[index])
            let size = Int64(sizes[axis])
            let (start, end, step) = (starts[index], ends[index], steps[index])
            guard seen.insert(axis).inserted else { throw node.invalid("axis \(axis) is sliced twice") }
            guard step >= 1, step <= Int64(Limits.dimension), axis > 1 || step == 1 else {
                throw node.unsupported(
                    "step \(step) on axis \(axis)", supported: "equal positive steps on the axes H and W")
            }
            // From the start: 0, or so far negative that it is clamped to 0.
            guard start == 0 || start <= -size else {
                throw node.unsupported("start \(start) on axis \(axis)", supported: "0")
            }
            let stop = end < 0 ? max(0, end + size) : min(end, size)
            let kept = (stop + step - 1) / step
            guard kept == (size + step - 1) / step else {
                throw node.unsupported("end \(end) on axis \(axis) of size \(size)", supported: "the whole axis")
            }
            strides[axis] = Int(step)
        }
        guard strides[2] == strides[3] else {
            throw node.unsupported(
                "steps \(strides[2]) and \(strides[3]) on H and W", supported: "equal steps on the axes H and W")
        }
        let stride = strides[2]
        let shape = Shape(
            channels: input.shape.channels, height: (input.shape.height + stride - 1) / stride,
            width: (input.shape.width + stride - 1) / stride)
        let kind = LayerKind.subsample(stride: stride, channelsBefore: 0, channelsAfter: 0)
        try append(node, kind, inputs: [input], shape: shape, rank: 4, pending: .padding)
    }

    /// Zero channels before and after; joins the subsampling it follows.
    mutating func pad(_ node: Node) throws {
        try node.acceptAttributes("mode", "pads", "value")
        let input = try featureMap(node)
        let mode = try node.string("mode", default: "constant")
        guard mode == "constant" else { throw node.unsupported("mode '\(mode)'", supported: "constant") }
        guard try padValue(node) == 0 else { throw node.unsupported("a value other than 0", supported: "0") }
        let pads = try pads(node)
        if let spatial = pads.spatial { return try pad(node, input, spatial, channels: pads.before + pads.after) }
        let (before, after) = (pads.before, pads.after)
        let shape = Shape(
            channels: input.shape.channels + before + after, height: input.shape.height, width: input.shape.width)
        guard Limits.accepts(shape) else {
            throw node.invalid("the output \(shape) exceeds \(Limits.elements) elements")
        }
        if input.pending == .padding, case .subsample(let stride, _, _)? = layer(input.layer)?.kind {
            let kind = LayerKind.subsample(stride: stride, channelsBefore: before, channelsAfter: after)
            updateLayer(input.layer, kind: kind, shape: shape)
            log.note(.mergeShortcut, node, "into \(input.layer)")
            return define(node, Activation(layer: input.layer, shape: shape, rank: 4))
        }
        let kind = LayerKind.subsample(stride: 1, channelsBefore: before, channelsAfter: after)
        try append(node, kind, inputs: [input], shape: shape, rank: 4)
    }

    /// Zeros around a map become padding of the convolutions that read it.
    private mutating func pad(
        _ node: Node, _ input: Activation, _ padding: SpatialPadding, channels: Int
    ) throws {
        guard channels == 0 else {
            throw node.unsupported("pads on the channel axis and others", supported: "one of them")
        }
        var output = input
        output.pending = nil
        output.padding = padding
        define(node, output)
        log.note(.mergePadding, node)
    }

    func sliceRanges(_ node: Node) throws -> (starts: [Int64], ends: [Int64], axes: [Int64], steps: [Int64]) {
        let fromInputs = node.proto.input.count > 1
        guard let starts = try fromInputs ? integerConstant(node, 1) : node.integers("starts"),
            let ends = try fromInputs ? integerConstant(node, 2) : node.integers("ends")
        else { throw node.invalid("starts or ends are missing") }
        let axesGiven = try node.input(3) == nil ? node.integers("axes") : integerConstant(node, 3)
        let axes = axesGiven ?? starts.indices.map { Int64($0) }
        let steps = try node.input(4) == nil ? starts.map { _ in 1 } : integerConstant(node, 4)
        guard starts.count == ends.count, starts.count == axes.count, starts.count == steps.count else {
            throw node.invalid("starts, ends, axes and steps differ in length")
        }
        return (starts, ends, axes, steps)
    }

    private func normalized(_ node: Node, axis: Int64) throws -> Int {
        guard axis >= -4, axis < 4 else { throw node.invalid("axis \(axis); accepted are -4 to 3") }
        return Int(axis < 0 ? axis + 4 : axis)
    }

    private func padValue(_ node: Node) throws -> Float {
        guard node.input(2) != nil else { return try node.float("value", default: 0) }
        let values = try realConstant(node, 2).values
        guard values.count == 1 else { throw node.invalid("the padding value is not one number") }
        return values[0]
    }

    /// Channels before and after, and rows and columns around a map.
    private func pads(_ node: Node) throws -> (before: Int, after: Int, spatial: SpatialPadding?) {
        let fromInputs = node.proto.input.count > 1
        guard let pads = try fromInputs ? integerConstant(node, 1) : node.integers("pads") else {
            throw node.invalid("pads are missing")
        }
        let axesGiven = try node.input(3) == nil ? nil : integerConstant(node, 3)
        let axes = try (axesGiven ?? [0, 1, 2, 3]).map { try normalized(node, axis: $0) }
        guard pads.count == 2 * axes.count, Set(axes).count == axes.count else {
            throw node.invalid("\(pads.count) pads; needed are two for each of the axes \(axes)")
        }
        var channels = (before: 0, after: 0)
        var spatial = SpatialPadding()
        for (index, axis) in axes.enumerated() {
            let (before, after) = (pads[index], pads[index + axes.count])
            let range = 0...Int64(axis == 0 ? 0 : Limits.dimension)
            guard range.contains(before), range.contains(after) else {
                throw node.unsupported(
                    "pads \(before) and \(after) on axis \(axis)",
                    supported: "pads of 0 or more behind the batch axis")
            }
            switch axis {
            case 1: channels = (Int(before), Int(after))
            case 2: (spatial.top, spatial.bottom) = (Int(before), Int(after))
            case 3: (spatial.left, spatial.right) = (Int(before), Int(after))
            default: break
            }
        }
        return (channels.before, channels.after, spatial == SpatialPadding() ? nil : spatial)
    }
}
