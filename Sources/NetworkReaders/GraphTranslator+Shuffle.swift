// Channel shuffles (ShuffleNet, CVPR 2018, 3.1): the channels as a matrix of rows * columns, transposed, and back. In
// ONNX: Reshape to [N, rows, columns, H, W], Transpose, Reshape to [N, C, H, W]; or a Gather on the channel axis.

import Networks

extension GraphTranslator {
    /// The first Reshape: [N, rows, columns, H, W] or [N, rows, columns, H * W]; false for other shapes.
    mutating func openView(_ node: Node, _ input: Activation, sizes: [Int]) throws -> Bool {
        let shape = input.shape
        let area = [[shape.height, shape.width], [shape.height * shape.width]]
        guard sizes.count >= 4, sizes[0] == 1, sizes[1] * sizes[2] == shape.channels,
            area.contains(Array(sizes[3...])), !input.isFinal
        else { return false }
        var output = input
        output.pending = nil
        output.view = ShuffleView(sizes: Array(sizes[1...]))
        define(node, output)
        log.note(.mergeShuffle, node)
        return true
    }

    /// The last Reshape makes the layer, if there was a Transpose.
    mutating func closeView(_ node: Node, _ input: Activation, _ view: ShuffleView, sizes: [Int]) throws {
        let shape = input.shape
        guard sizes == [1, shape.channels, shape.height, shape.width] else {
            throw node.unsupported(
                "reshaping \(view.text) to \(sizes)", supported: "the map [N, \(shape)] after a channel shuffle")
        }
        var output = input
        output.view = nil
        if view.isTransposed {
            // Transposed sizes: output channel j * rows + i is input channel i * columns + j.
            let (columns, rows) = (view.sizes[0], view.sizes[1])
            let order = (0..<columns).flatMap { column in (0..<rows).map { $0 * columns + column } }
            let codes = output.codes
            output = try appendLayer(
                node, named: node.name, .permuteChannels(order: order), inputs: [input], shape: shape, rank: 4)
            output.codes = codes
        }
        define(node, output)
        log.note(.mergeShuffle, node)
    }

    /// Exchanges rows and columns.
    mutating func transpose(_ node: Node) throws {
        try node.acceptAttributes("perm")
        var input = try passedActivation(node, 0)
        let order = try node.integers("perm") ?? []
        if let shape = header.planarInput, node.input(0) == header.inputName {
            // The host writes the image, in whichever order.
            input.shape = shape
            define(node, input)
            return log.note(.removeReshape, node)
        }
        guard var view = input.view else {
            throw node.unsupported(
                "perm \(order) of \(input.shapeText)",
                supported: "the exchange of two channel axes between two Reshapes (channel shuffle)")
        }
        let wanted = [0, 2, 1] + (3..<view.sizes.count + 1).map { Int64($0) }
        guard order == wanted, !view.isTransposed else {
            throw node.unsupported("perm \(order) of \(input.shapeText)", supported: "perm \(wanted) once")
        }
        view.sizes.swapAt(0, 1)
        view.isTransposed = true
        input.view = view
        define(node, input)
        log.note(.mergeShuffle, node)
    }

    /// A Gather on the channel axis that takes each channel once.
    mutating func gather(_ node: Node) throws {
        try node.acceptAttributes("axis")
        let input = try movedActivation(node, 0)
        let axis = try normalized(node, node.integer("axis", default: 0), rank: input.rank)
        let channels = input.shape.channels
        let order = try integerConstant(node, 1).map { try normalized(node, $0, rank: channels) }
        let isVector = input.rank == 4 || input.shape.count == channels
        guard axis == 1, isVector, order.sorted() == Array(0..<channels), !input.isFinal else {
            throw node.unsupported(
                "\(order.count) indices on axis \(axis) of \(input.shapeText)",
                supported: "each channel once, on axis 1")
        }
        var output = try appendLayer(
            node, named: node.name, .permuteChannels(order: order), inputs: [input], shape: input.shape,
            rank: input.rank)
        output.codes = input.codes
        define(node, output)
    }
}
