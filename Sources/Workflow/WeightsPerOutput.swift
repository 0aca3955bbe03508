// How many products an output of the array sums at most, before and after quantization.

import Networks

extension Network {
    /// Of the convolutions and, unless they are the host's, of the fully connected layers.
    func weightsPerOutput(hostsFullyConnected: Bool) -> Int {
        layers.reduce(0) { most, layer in
            switch layer.kind {
            case .convolution(_, let outputs, _, let weights, _): max(most, weights.values.count / max(1, outputs))
            case .fullyConnected(let outputs, let weights, _):
                hostsFullyConnected ? most : max(most, weights.values.count / max(1, outputs))
            default: most
            }
        }
    }
}

extension QuantizedNetwork {
    /// Of the convolutions that the array runs.
    var weightsPerOutput: Int {
        layers.reduce(0) { most, layer in
            guard case .convolution(let weights, _, _) = layer.operation, !layer.isOnHost else { return most }
            return max(most, weights.count / max(1, layer.outputShape.channels))
        }
    }
}
