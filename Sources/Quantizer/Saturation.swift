// Bounds at which a model saturates its activations. The array saturates too, at scales of its own, which follow from
// calibration images: a bound that no such image reaches is left out, any other becomes a clip.

import Networks

extension Quantizer {
    /// The network with a clip wherever a saturation of the model changes a value of a calibration image, and without
    /// notes of saturations. Throws `InputError` for images that do not fit. Cost: where there are any, that of running
    /// the float network on every image.
    public static func applyingSaturations(_ network: Network, calibration: [[Float]]) throws -> Network {
        guard !network.saturations.isEmpty else { return network }
        // A model of `shiftsim quantize` holds the array's own scales, and with them its bounds.
        if network.metadata[StoredQuantization.key] != nil { return network.clipped([:]) }
        var extremes: [String: (least: Float, largest: Float)] = [:]
        let whole = network.clipped(network.saturations)
        for image in calibration {
            for (name, values) in try FloatExecutor.inferAll(whole, input: image) {
                let known = extremes[name] ?? (0, 0)
                extremes[name] = values.reduce(known) { (min($0.least, $1), max($0.largest, $1)) }
            }
        }
        return network.clipped(
            network.saturations.filter { name, range in
                guard let found = extremes[name] else { return false }
                return found.least < range.lowerBound || found.largest > range.upperBound
            })
    }
}

extension Network {
    /// The network with a clip behind each of these layers, which their readers then read.
    fileprivate func clipped(_ ranges: [String: ClosedRange<Float>]) -> Network {
        var result = self
        result.saturations = [:]
        result.layers = []
        var names = Set(layers.map(\.name))
        var moved: [String: String] = [:]
        func add(_ name: String, _ shape: Shape) {
            guard let range = ranges[name] else { return }
            var clip = "\(name)/saturation"
            while !names.insert(clip).inserted { clip += "_" }
            let kind = LayerKind.clip(minimum: range.lowerBound, maximum: range.upperBound)
            result.layers.append(Layer(name: clip, kind: kind, inputs: [name], output: shape))
            moved[name] = clip
        }
        add(Network.inputName, input)
        for layer in layers {
            var layer = layer
            layer.inputs = layer.inputs.map { moved[$0] ?? $0 }
            result.layers.append(layer)
            add(layer.name, layer.output)
        }
        return result
    }
}
