// Whether a network needs the pre-activation on the read path, and of what size.

import Accelerator
import Networks
import Schedule

enum PreActivationNeed {
    /// Words of a RAMB36E2 at its widest: fewer take as many block memories.
    static let smallestDepth = 512

    /// Whether some affine layer or ReLU of a network may not be taken in by the layer before it; decided without
    /// quantizing.
    static func mayBe(_ network: Network) -> Bool {
        var readers: [String: Int] = [:]
        for name in network.layers.flatMap(\.inputs) { readers[name, default: 0] += 1 }
        let kinds = Dictionary(network.layers.map { ($0.name, $0.kind) }) { first, _ in first }
        return network.layers.contains { layer in
            let producer = layer.inputs.first.flatMap { kinds[$0] }
            let isSole = layer.inputs.first.map { readers[$0] == 1 } ?? false
            switch layer.kind {
            case .affine:
                switch producer {
                case .convolution, .fullyConnected: return !isSole
                default: return true
                }
            case .relu:
                switch producer {
                case .convolution, .fullyConnected, .add, .affine, .maxPool, .averagePool, .globalAveragePool:
                    return !isSole
                default: return true
                }
            case .clip: return true
            default: return false
            }
        }
    }
}

extension Configuration {
    /// Words of pre-activation constants of the array; nil: it has no pre-activation. Throws `InputError` where the
    /// network needs one and the configuration forbids it.
    func preActivationDepth(_ parameters: AcceleratorParameters, for network: QuantizedNetwork) throws -> Int? {
        let layer = network.layers.first { $0.preActivation != nil && !$0.isOnHost }
        if array.preActivation == false {
            if let layer {
                throw error(
                    "array.pre_activation",
                    "is false; layer \(layer.name) needs a normalization or a ReLU on the read path; accepted: auto, true"
                )
            }
            return nil
        }
        if array.preActivation == nil && layer == nil { return nil }
        let planes = try Scheduler.mostPlanes(network, for: parameters)
        var depth = PreActivationNeed.smallestDepth
        while depth < planes { depth *= 2 }
        return depth
    }
}
