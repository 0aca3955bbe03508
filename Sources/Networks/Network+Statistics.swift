// Counts that reports and budgets use: multiply-accumulates and parameters, by layer and in total.

extension Layer {
    /// Trained numbers: weights, biases, and two per channel of an affine layer.
    public var parameters: Int {
        switch kind {
        case .convolution(_, _, _, let weights, let bias): weights.values.count + bias.count
        case .fullyConnected(_, let weights, let bias): weights.values.count + bias.count
        case .affine(let scale, let shift): scale.count + shift.count
        default: 0
        }
    }

    /// Multiply-accumulates of one image. Only convolutions and fully connected layers have any; a bias,
    /// an affine layer, a pooling and an addition count as none, as is usual in the field.
    public var macs: Int {
        switch kind {
        case .convolution(_, let outputs, _, let weights, _):
            weights.values.count / max(outputs, 1) * output.count
        case .fullyConnected(_, let weights, _): weights.values.count
        default: 0
        }
    }
}

extension Network {
    /// Multiply-accumulates of one image.
    public var macs: Int { layers.reduce(0) { $0 + $1.macs } }

    /// Whether a layer's weights are codes already.
    public var hasCodes: Bool {
        layers.contains { layer in
            switch layer.kind {
            case .convolution(_, _, _, let weights, _), .fullyConnected(_, let weights, _): weights.codes != nil
            default: false
            }
        }
    }

    /// Trained numbers: weights, biases and normalization.
    public var parameters: Int { layers.reduce(0) { $0 + $1.parameters } }
}
