// From the float layer graph to array passes: each convolution, fully connected layer, pooling or shortcut takes
// in the affine layers, the addition and the ReLU that follow it and that nothing else reads.
//
// A chain is open at its tensor while exactly one layer reads that tensor. Order inside a chain: affine layers,
// then at most one addition, then ReLU; a layer that comes in another order starts a copying layer of its own.

import Networks

struct Lowering {
    private let network: Network
    private let readers: [String: Int]
    private var shapes: [String: Shape]
    private var layers: [LoweredLayer] = []

    /// Lowers a network. Throws `InputError` for a graph that is not one (unknown input, wrong shape).
    static func lower(_ network: Network) throws -> [LoweredLayer] {
        guard let output = network.layers.last?.name else {
            throw InputError(at: "network \(network.name)", "has no layers")
        }
        var lowering = Lowering(network: network, output: output)
        for layer in network.layers {
            try lowering.check(layer)
            lowering.append(layer)
            lowering.shapes[layer.name] = layer.output
        }
        lowering.moveToEnd(tensor: output)
        return lowering.layers
    }

    private init(network: Network, output: String) {
        self.network = network
        var readers = [output: 1]
        for name in network.layers.flatMap(\.inputs) { readers[name, default: 0] += 1 }
        self.readers = readers
        shapes = [Network.inputName: network.input]
    }

    private mutating func append(_ layer: Layer) {
        switch layer.kind {
        case .convolution(let window, _, let groups, let weights, let bias):
            appendConvolution(layer, window: window, groups: groups, weights: weights, bias: bias)
        case .fullyConnected(_, let weights, let bias):
            let shape = inputShape(of: layer)
            let window = Window(kernelHeight: shape.height, kernelWidth: shape.width)
            appendConvolution(layer, window: window, groups: 1, weights: weights, bias: bias)
        case .affine(let scale, let shift): appendAffine(layer, scale: scale, shift: shift)
        case .relu: appendReLU(layer)
        case .add: appendAddition(layer)
        case .maxPool(let window): appendPool(layer, .maxPool, window: window, divisor: 1)
        case .averagePool(let window, _):
            let divisor = window.kernelHeight * window.kernelWidth
            appendPool(layer, .sumPool, window: window, divisor: divisor)
        case .globalAveragePool:
            let shape = inputShape(of: layer)
            let window = Window(kernelHeight: shape.height, kernelWidth: shape.width)
            appendPool(layer, .sumPool, window: window, divisor: shape.height * shape.width)
        case .subsample(let stride, let before, _):
            appendCopy(layer, stride: stride, channelsBefore: before)
        case .concat, .permuteChannels, .clip, .localResponseNormalization: break
        }
    }

    // MARK: Operations that start a chain

    private mutating func appendConvolution(
        _ layer: Layer, window: Window, groups: Int, weights: Weights, bias: [Float]
    ) {
        var lowered = chain(layer, .convolution(weights, groups: groups), window: window)
        lowered.macs = layer.macs
        if !bias.isEmpty { lowered.shift = bias.map(Double.init) }
        layers.append(lowered)
    }

    private mutating func appendPool(_ layer: Layer, _ operation: LoweredOperation, window: Window, divisor: Int) {
        var lowered = chain(layer, operation, window: window)
        lowered.scale = lowered.scale.map { $0 / Double(divisor) }
        layers.append(lowered)
    }

    /// A strided 1x1 convolution with one-hot weights: output channel c + channelsBefore copies channel c.
    private mutating func appendCopy(_ layer: Layer, stride: Int = 1, channelsBefore: Int = 0) {
        let inputs = inputShape(of: layer).channels
        var weights = [Int32](repeating: 0, count: layer.output.channels * inputs)
        for channel in 0..<inputs { weights[(channel + channelsBefore) * inputs + channel] = 1 }
        var lowered = chain(layer, .copy(weights), window: Window(kernel: 1, stride: stride))
        lowered.kind = "shortcut"
        layers.append(lowered)
    }

    private func chain(_ layer: Layer, _ operation: LoweredOperation, window: Window) -> LoweredLayer {
        LoweredLayer(
            name: layer.name, kind: layer.kind.name, operation: operation, window: window, input: layer.inputs[0],
            residual: nil, inputShape: inputShape(of: layer), outputShape: layer.output,
            scale: [Double](repeating: 1, count: layer.output.channels),
            shift: [Double](repeating: 0, count: layer.output.channels), tensor: layer.name, macs: 0)
    }

    // MARK: Operations that extend a chain

    private mutating func appendAffine(_ layer: Layer, scale: [Float], shift: [Float]) {
        let index = openChain(layer.inputs[0]) { $0.residual == nil && !$0.relu } ?? startCopy(layer)
        for channel in scale.indices {
            let factor = Double(scale[channel])
            layers[index].scale[channel] *= factor
            layers[index].shift[channel] = layers[index].shift[channel] * factor + Double(shift[channel])
        }
        layers[index].tensor = layer.name
    }

    private mutating func appendReLU(_ layer: Layer) {
        let index = openChain(layer.inputs[0]) { _ in true } ?? startCopy(layer)
        layers[index].relu = true
        layers[index].tensor = layer.name
    }

    private mutating func appendAddition(_ layer: Layer) {
        let candidates = layer.inputs.compactMap { name in openChain(name) { $0.residual == nil && !$0.relu } }
        guard let index = candidates.max() else {
            layers[startCopy(layer)].residual = layer.inputs[1]
            return
        }
        let other = layers[index].tensor == layer.inputs[0] ? layer.inputs[1] : layer.inputs[0]
        layers[index].residual = other
        let isLate = layers.lastIndex { $0.tensor == other }.map { $0 > index } ?? false
        layers[index].tensor = layer.name
        if isLate { moveToEnd(tensor: layer.name) }
    }

    /// Index of the chain that ends at a tensor which only one layer reads, if `accepts` it.
    private func openChain(_ tensor: String, accepts: (LoweredLayer) -> Bool) -> Int? {
        guard readers[tensor] == 1, let index = layers.lastIndex(where: { $0.tensor == tensor }) else { return nil }
        return accepts(layers[index]) ? index : nil
    }

    private mutating func startCopy(_ layer: Layer) -> Int {
        appendCopy(layer)
        return layers.count - 1
    }

    /// Legal because nothing lowered so far reads the tensor.
    private mutating func moveToEnd(tensor: String) {
        guard let index = layers.lastIndex(where: { $0.tensor == tensor }) else { return }
        layers.append(layers.remove(at: index))
    }

    private func inputShape(of layer: Layer) -> Shape { shapes[layer.inputs[0]] ?? network.input }
}

// MARK: Checks

extension Lowering {
    /// Names, operand counts, shapes and array lengths of one layer.
    private func check(_ layer: Layer) throws {
        func require(_ condition: Bool, _ message: String) throws {
            if !condition { throw InputError(at: "layer \(layer.name) (\(layer.kind.name))", message) }
        }
        try require(shapes[layer.name] == nil, "the name is used twice")
        try require(layer.inputs.count == (layer.kind == .add ? 2 : 1), "has \(layer.inputs.count) inputs")
        for name in layer.inputs { try require(shapes[name] != nil, "input '\(name)' is not an earlier layer") }
        let input = inputShape(of: layer)
        let output = layer.output
        let expected = try expectedShape(of: layer, input: input)
        try require(expected == output, "declares output \(output), but computes \(expected)")
        switch layer.kind {
        case .convolution(let window, let outputs, let groups, let weights, let bias):
            try require(input.channels % groups == 0 && outputs % groups == 0, "groups do not divide the channels")
            let patch = input.channels / groups * window.kernelHeight * window.kernelWidth
            try require(weights.values.count == outputs * patch, "has \(weights.values.count) weights")
            try require(bias.isEmpty || bias.count == outputs, "has \(bias.count) biases")
        case .fullyConnected(let outputs, let weights, let bias):
            try require(weights.values.count == outputs * input.count, "has \(weights.values.count) weights")
            try require(bias.isEmpty || bias.count == outputs, "has \(bias.count) biases")
        case .affine(let scale, let shift):
            try require(scale.count == input.channels && shift.count == input.channels, "one entry per channel")
        case .add:
            try require(shapes[layer.inputs[1]] == input, "adds tensors of different shapes")
        default: break
        }
    }

    private func expectedShape(of layer: Layer, input: Shape) throws -> Shape {
        func windowed(_ window: Window, channels: Int) -> Shape {
            Shape(
                channels: channels, height: window.outputHeight(input.height),
                width: window.outputWidth(input.width))
        }
        return switch layer.kind {
        case .convolution(let window, let outputs, _, _, _): windowed(window, channels: outputs)
        case .fullyConnected(let outputs, _, _): Shape(channels: outputs, height: 1, width: 1)
        case .affine, .relu, .add, .permuteChannels, .clip, .localResponseNormalization: input
        case .concat:
            Shape(
                channels: layer.inputs.reduce(0) { $0 + (shapes[$1]?.channels ?? 0) }, height: input.height,
                width: input.width)
        case .maxPool(let window), .averagePool(let window, _): windowed(window, channels: input.channels)
        case .globalAveragePool: Shape(channels: input.channels, height: 1, width: 1)
        case .subsample(let stride, let before, let after):
            Shape(
                channels: before + input.channels + after, height: (input.height - 1) / stride + 1,
                width: (input.width - 1) / stride + 1)
        }
    }
}
