// What a configuration leaves open, as a run had it.

import Accelerator
import Configuration

extension Configuration {
    /// This configuration with what follows from its network and hardware filled in: run again, it gives the same
    /// results wherever its file stands. Without a network's images, what follows from them stays open.
    package func resolved(for network: PreparedNetwork?, on hardware: Hardware) -> Configuration {
        let parameters = hardware.accelerator.parameters
        var result = self
        for buffer in ConfiguredBuffer.allCases {
            guard let wordBits = parameters.wordBits(of: buffer) else { continue }
            result.buffers[keyPath: buffer.size] = builtKiB(of: buffer, wordBits: wordBits)
        }
        if let network {
            let isUsed =
                network.images.holdsBytes || network.images.available == nil || quantization.calibration != nil
            let normalization = isUsed ? network.pixels.normalization : nil
            result.network.mean = normalization.map { .list($0.mean) } ?? .none
            result.network.std = normalization.map { .list($0.std) } ?? .none
            result.quantization.calibrationImages = network.calibrationImages
        }
        result.array.weightBits = parameters.element.weightBits
        result.array.accumulatorBits = parameters.accumulatorBits
        result.array.preActivation = parameters.preActivationDepth != nil
        result.array.dilation = parameters.family.dilates
        result.array.cascade = parameters.cascade
        return result
    }
}

extension AcceleratorParameters {
    /// Bits of a word of a buffer; nil where the family has none.
    fileprivate func wordBits(of buffer: ConfiguredBuffer) -> Int? {
        switch buffer {
        case .ifmap: pixels * inputs * activationBits
        case .weight: inputs * outputs * terms * element.weightBits
        case .ofmap: pixels * outputs * activationBits
        case .psum:
            switch family {
            case .vector: nil
            case .convolver: outputs * accumulatorBits
            }
        }
    }
}
