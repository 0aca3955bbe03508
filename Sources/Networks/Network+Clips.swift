// Clips as ReLUs: with y = relu(high - x), min(max(x, low), high) = low + relu(high - low - y).

extension Network {
    /// The same network without clips: each is affine layers and ReLUs, which the array has. Names of the layers in
    /// between are the clip's and a suffix.
    public var withoutClips: Network {
        var result = self
        let names = Set(layers.map(\.name))
        result.layers = layers.flatMap { layer -> [Layer] in
            guard case .clip(let minimum, let maximum) = layer.kind else { return [layer] }
            return layer.steps(
                Network.clipSteps(minimum: minimum, maximum: maximum, channels: layer.output.channels), names)
        }
        return result
    }

    private static func clipSteps(minimum: Float, maximum: Float, channels: Int) -> [LayerKind] {
        func affine(_ scale: Float, _ shift: Float) -> LayerKind {
            .affine(
                scale: [Float](repeating: scale, count: channels), shift: [Float](repeating: shift, count: channels))
        }
        let hasMinimum = minimum > -.infinity
        let last = hasMinimum && minimum != 0 ? [affine(1, minimum)] : []
        guard maximum < .infinity else {
            guard hasMinimum else { return [affine(1, 0)] }
            return (minimum == 0 ? [] : [affine(1, -minimum)]) + [.relu] + last
        }
        let upper: [LayerKind] = [affine(-1, maximum), .relu]
        return hasMinimum ? upper + [affine(-1, maximum - minimum), .relu] + last : upper + [affine(-1, maximum)]
    }
}

extension Layer {
    /// The layer as several, one after another; the last has its name.
    fileprivate func steps(_ kinds: [LayerKind], _ used: Set<String>) -> [Layer] {
        var input = inputs
        return kinds.enumerated().map { index, kind in
            let isLast = index == kinds.count - 1
            var between = "\(name)/\(index)"
            while used.contains(between) { between += "_" }
            let step = Layer(name: isLast ? name : between, kind: kind, inputs: input, output: output)
            input = [step.name]
            return step
        }
    }
}
