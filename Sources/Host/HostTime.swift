// How long the host takes for a layer, by the table of its processor (HostProcessor). Machine/HostSteps makes cycles of
// it.

import Networks

extension QuantizedLayer {
    /// Seconds of the layer on the ZCU102's cores (`HostProcessor.zcu102`).
    package func hostSeconds(activationBytes: Int) -> Double {
        let maps = (inputShape.count + outputShape.count) * activationBytes
        switch operation {
        case .convolution(let weights, let format, _):
            let weightBytes = format.bits > 8 ? 2 : 1
            return HostProcessor.zcu102.seconds(macs: macs, powers: 0, bytes: weights.count * weightBytes + maps)
        case .maxPool, .sumPool:
            let steps = outputShape.count * window.kernelHeight * window.kernelWidth
            return HostProcessor.zcu102.seconds(macs: steps, powers: 0, bytes: maps)
        case .host(.localResponseNormalization(let constants), _):
            let count = outputShape.count
            return HostProcessor.zcu102.seconds(macs: count * constants.size, powers: count, bytes: maps)
        }
    }
}

extension WeightFormat {
    fileprivate var bits: Int {
        switch self {
        case .powerOfTwo(let bits), .powerOfTwoSum(let bits, _), .fixed(let bits): bits
        }
    }
}
