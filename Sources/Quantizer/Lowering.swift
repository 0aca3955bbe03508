// From the float layer graph to array passes: each convolution, fully connected layer, pooling or shortcut takes
// in the affine layers, the addition and the ReLU that follow it and that nothing else reads.
//
// A chain is open at its tensor while exactly one layer reads that tensor. Order inside a chain: affine layers,
// then at most one addition, then ReLU. An affine layer or a ReLU that no chain can take in is a pre-activation of the
// layers that read it; where one cannot have it (an addition, a concatenation, the output) a copying layer makes it
// a tensor of its own. A concatenation is no layer but a name for its parts.

import Diagnostics
import Networks

struct Lowering {
    private let network: Network
    private let readers: [String: Int]
    private(set) var shapes: [String: Shape]
    private(set) var layers: [LoweredLayer] = []
    /// Tensors that exist only on the way to the array.
    private var preActivations: [String: LoweredPreActivation] = [:]
    /// Parts of tensors that are made by addressing.
    private(set) var concatenations: [Concatenation] = []
    private var folded: [String] = []

    /// Lowers a network. Throws `InputError` for a graph that is not one (unknown input, wrong shape).
    static func lower(_ network: Network) throws -> LoweredNetwork {
        guard let output = network.layers.last?.name else {
            throw InputError(at: "network \(network.name)", "has no layers")
        }
        var lowering = Lowering(network: network, output: output)
        for layer in network.layers {
            try lowering.check(layer)
            lowering.append(layer)
            lowering.shapes[layer.name] = layer.output
        }
        lowering.makeOutput(output)
        lowering.placeConcatenations()
        return LoweredNetwork(
            layers: lowering.layers, concatenations: lowering.concatenations, folded: lowering.folded)
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
        case .averagePool(let window, let divisor): appendAverage(layer, window, divisor)
        case .globalAveragePool:
            let shape = inputShape(of: layer)
            let window = Window(kernelHeight: shape.height, kernelWidth: shape.width)
            appendPool(layer, .sumPool, window: window, divisor: shape.height * shape.width)
        case .subsample(let stride, let before, _):
            appendCopy(layer, stride: stride, channelsBefore: before)
        case .concat: appendConcatenation(layer)
        case .permuteChannels(let order):
            layers.append(copy(layer, channels: order.enumerated().map { ($0.offset, $0.element) }))
        case .clip: preconditionFailure("\(layer.name): clips are rewritten before")
        case .host(let function):
            let input = tensor(layer.inputs[0])
            var lowered = chain(layer, .host(function), window: Window(kernel: 1))
            lowered.input = input
            layers.append(lowered)
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

    /// Equal divisors are one factor; others are kept by row and column.
    private mutating func appendAverage(_ layer: Layer, _ window: Window, _ divisor: AverageDivisor) {
        let (rows, columns) = divisor.separateCounts(window, input: inputShape(of: layer), output: layer.output)
        if Set(rows).count == 1, Set(columns).count == 1 {
            return appendPool(layer, .sumPool, window: window, divisor: rows[0] * columns[0])
        }
        var lowered = chain(layer, .sumPool, window: window)
        lowered.divisors = (rows, columns)
        layers.append(lowered)
    }

    /// A strided 1x1 convolution with one-hot weights: output channel c + channelsBefore copies channel c.
    private mutating func appendCopy(_ layer: Layer, stride: Int = 1, channelsBefore: Int = 0) {
        let channels = (0..<inputShape(of: layer).channels).map { ($0 + channelsBefore, $0) }
        layers.append(copy(layer, channels: channels, stride: stride))
    }

    /// A 1x1 convolution that copies channels.
    private func copy(
        _ layer: Layer, channels: [(output: Int, input: Int)], stride: Int = 1
    ) -> LoweredLayer {
        let inputs = inputShape(of: layer).channels
        var weights = [Int32](repeating: 0, count: layer.output.channels * inputs)
        for (output, input) in channels { weights[output * inputs + input] = 1 }
        var lowered = chain(layer, .copy(weights), window: Window(kernel: 1, stride: stride))
        lowered.kind = "shortcut"
        return lowered
    }

    private func chain(_ layer: Layer, _ operation: LoweredOperation, window: Window) -> LoweredLayer {
        let before = preActivations[layer.inputs[0]]
        return LoweredLayer(
            name: layer.name, kind: layer.kind.name, operation: operation, window: window,
            input: before?.source ?? layer.inputs[0], residual: nil, preActivation: before,
            inputShape: inputShape(of: layer), outputShape: layer.output,
            scale: [Double](repeating: 1, count: layer.output.channels),
            shift: [Double](repeating: 0, count: layer.output.channels), tensor: layer.name, macs: 0)
    }

    // MARK: Operations that extend a chain

    private mutating func appendAffine(_ layer: Layer, scale: [Float], shift: [Float]) {
        let index = openChain(layer.inputs[0]) { $0.residual == nil && !$0.relu }
        if index == nil, preActivations[layer.inputs[0]]?.relu == true { _ = tensor(layer.inputs[0]) }
        var before = preActivation(of: layer)
        for channel in scale.indices {
            let (factor, offset) = (Double(scale[channel]), Double(shift[channel]))
            if let index {
                layers[index].scale[channel] *= factor
                layers[index].shift[channel] = layers[index].shift[channel] * factor + offset
            } else {
                before.scale[channel] *= factor
                before.shift[channel] = before.shift[channel] * factor + offset
            }
        }
        if let index {
            layers[index].tensor = layer.name
            folded.append(layer.name)
        } else {
            preActivations[layer.name] = before
        }
    }

    private mutating func appendReLU(_ layer: Layer) {
        if let index = openChain(layer.inputs[0], accepts: { _ in true }) {
            layers[index].relu = true
            layers[index].tensor = layer.name
        } else {
            preActivations[layer.name] = preActivation(of: layer)
            preActivations[layer.name]?.relu = true
        }
    }

    /// The pre-activation that hands a layer's input on as the layer's output.
    private func preActivation(of layer: Layer) -> LoweredPreActivation {
        let channels = inputShape(of: layer).channels
        var before =
            preActivations[layer.inputs[0]]
            ?? LoweredPreActivation(
                source: layer.inputs[0], scale: [Double](repeating: 1, count: channels),
                shift: [Double](repeating: 0, count: channels), relu: false, tensor: "")
        before.tensor = layer.name
        return before
    }

    /// Makes a tensor one that exists in memory: a copying layer for one that is a pre-activation. The tensor's name.
    private mutating func tensor(_ name: String) -> String {
        guard let before = preActivations.removeValue(forKey: name), let shape = shapes[name] else { return name }
        let layer = Layer(name: name, kind: .relu, inputs: [before.source], output: shape)
        var lowered = copy(layer, channels: (0..<shape.channels).map { ($0, $0) })
        (lowered.scale, lowered.shift, lowered.relu) = (before.scale, before.shift, before.relu)
        layers.append(lowered)
        return name
    }

    /// A tensor that may be added: a concatenation's parts may stand apart in memory, so that it is copied.
    private mutating func addend(_ name: String) -> String {
        guard concatenations.contains(where: { $0.name == name }), let shape = shapes[name] else { return tensor(name) }
        let copied = unused("\(name)/whole")
        shapes[copied] = shape
        var lowered = copy(
            Layer(name: copied, kind: .concat, inputs: [name], output: shape),
            channels: (0..<shape.channels).map { ($0, $0) })
        lowered.original = name
        layers.append(lowered)
        return copied
    }

    private mutating func appendAddition(_ given: Layer) {
        var layer = given
        layer.inputs = given.inputs.map { addend($0) }
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
        guard readers[tensor] == 1, let index = layers.lastIndex(where: { $0.tensor == tensor }),
            !layers[index].runsOnHost
        else { return nil }
        return accepts(layers[index]) ? index : nil
    }

    private mutating func startCopy(_ layer: Layer) -> Int {
        appendCopy(layer)
        return layers.count - 1
    }

    /// The network's output is a tensor of the last layer.
    private mutating func makeOutput(_ name: String) {
        if let whole = concatenations.first(where: { $0.name == name }), let shape = shapes[name] {
            var lowered = copy(
                Layer(name: name, kind: .concat, inputs: [name], output: shape),
                channels: (0..<shape.channels).map { ($0, $0) })
            lowered.input = unused("\(name)/parts")
            concatenations.removeAll { $0.name == name }
            concatenations.append(Concatenation(name: lowered.input, parts: whole.parts))
            shapes[lowered.input] = shape
            return layers.append(lowered)
        }
        moveToEnd(tensor: tensor(name))
    }

    /// The parts one after another, those that are concatenations themselves part by part.
    private mutating func appendConcatenation(_ layer: Layer) {
        let parts = layer.inputs.flatMap { name in
            concatenations.first { $0.name == name }?.parts ?? [tensor(name)]
        }
        concatenations.append(Concatenation(name: layer.name, parts: parts))
    }

    /// Legal because nothing lowered so far reads the tensor.
    private mutating func moveToEnd(tensor: String) {
        guard let index = layers.lastIndex(where: { $0.tensor == tensor }) else { return }
        layers.append(layers.remove(at: index))
    }

    func inputShape(of layer: Layer) -> Shape { shapes[layer.inputs[0]] ?? network.input }

    // MARK: Concatenations

    /// Every tensor has one home in memory. The longest concatenations come first; one that is a consecutive stretch
    /// of an earlier one lies in it; any other part that has a home already is copied.
    private mutating func placeConcatenations() {
        var homes: [[String]] = []
        var housed = Set<String>()
        let order = concatenations.indices.sorted {
            (concatenations[$1].parts.count, $0) < (concatenations[$0].parts.count, $1)
        }
        for index in order {
            let parts = concatenations[index].parts
            if homes.contains(where: { LoweredNetwork.stretch(parts, in: $0) != nil }) { continue }
            for (position, part) in parts.enumerated() where !housed.insert(part).inserted {
                concatenations[index].parts[position] = insertCopy(of: part, for: concatenations[index].name, position)
                housed.insert(concatenations[index].parts[position])
            }
            homes.append(concatenations[index].parts)
        }
    }

    /// The name, longer where a layer of the network has it.
    private func unused(_ name: String) -> String {
        var name = name
        while shapes[name] != nil { name += "_" }
        return name
    }

    /// A copy of a tensor, made right behind it.
    private mutating func insertCopy(of part: String, for concatenation: String, _ position: Int) -> String {
        let name = unused("\(concatenation)/\(position)")
        let shape = layers.first { $0.tensor == part }?.outputShape ?? network.input
        shapes[part] = shape
        var lowered = copy(
            Layer(name: name, kind: .concat, inputs: [part], output: shape),
            channels: (0..<shape.channels).map { ($0, $0) })
        lowered.original = part
        shapes[name] = shape
        let place = layers.lastIndex { $0.tensor == part }.map { $0 + 1 } ?? 0
        layers.insert(lowered, at: place)
        return name
    }
}
