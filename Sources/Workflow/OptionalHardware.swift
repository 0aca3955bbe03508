// Hardware that an array has only where its network needs it: the pre-activation on the read path, and the step of the
// kernel's columns.

import Accelerator
import Networks
import Schedule

enum OptionalHardware {
    /// Words of a RAMB36E2 at its widest: fewer take as many block memories.
    static let smallestDepth = 512

    /// Whether some convolution is dilated, or some affine layer or ReLU may not be taken in by the layer before it;
    /// decided without quantizing.
    static func mayNeed(_ network: Network) -> Bool {
        var readers: [String: Int] = [:]
        for name in network.layers.flatMap(\.inputs) { readers[name, default: 0] += 1 }
        let kinds = Dictionary(network.layers.map { ($0.name, $0.kind) }) { first, _ in first }
        return network.layers.contains { layer in
            let producer = layer.inputs.first.flatMap { kinds[$0] }
            let isSole = layer.inputs.first.map { readers[$0] == 1 } ?? false
            switch (layer.kind, producer) {
            case (.affine, .convolution), (.affine, .fullyConnected): return !isSole
            case (.relu, .convolution), (.relu, .fullyConnected), (.relu, .add), (.relu, .affine), (.relu, .maxPool),
                (.relu, .averagePool), (.relu, .globalAveragePool):
                return !isSole
            case (.affine, _), (.relu, _), (.clip, _): return true
            case (.convolution(let window, _, _, _, _), _): return window.dilationWidth > 1
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
        let words = try Scheduler.preActivationWords(network, for: parameters)
        var depth = OptionalHardware.smallestDepth
        while depth < words { depth *= 2 }
        return depth
    }

    /// Whether the array's kernels may have columns that stand apart.
    func dilates(for network: QuantizedNetwork) -> Bool {
        if let dilation = array.dilation { return dilation }
        switch array.family {
        case .vector:
            return network.layers.contains {
                !$0.isOnHost && $0.window.dilationWidth > 1 && $0.window.kernelWidth > 1
            }
        case .convolver: return false
        }
    }
}
