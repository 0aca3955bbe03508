// How large the buffers of an array may be. The range follows from the width of their words, which some arrays know
// only with their network; what is asked for is built or refused.

import Accelerator
import Diagnostics

/// The buffers with a size in section `buffers`.
package enum ConfiguredBuffer: CaseIterable, Sendable {
    case ifmap, weight, ofmap, psum

    /// The key of its size.
    package var key: String {
        switch self {
        case .ifmap: "buffers.ifmap_kib"
        case .weight: "buffers.weight_kib"
        case .ofmap: "buffers.ofmap_kib"
        case .psum: "buffers.psum_kib"
        }
    }

    /// Where its size is kept.
    package var size: WritableKeyPath<BufferSettings, Int> {
        switch self {
        case .ifmap: \.ifmapKiB
        case .weight: \.weightKiB
        case .ofmap: \.ofmapKiB
        case .psum: \.psumKiB
        }
    }
}

extension Configuration {
    /// KiB of a buffer: as configured, else the default, but no more than the array can address. Throws `InputError`
    /// for a configured size that this array cannot have.
    package func kib(of buffer: ConfiguredBuffer, wordBits: Int) throws -> Int {
        let asked = buffers[keyPath: buffer.size]
        let built = builtKiB(of: buffer, wordBits: wordBits)
        guard built != asked, gives(buffer.key) else { return built }
        let range = AcceleratorParameters.bufferKiB(wordBits: wordBits)
        let words = AcceleratorParameters.depths
        throw error(
            buffer.key,
            "is \(asked), \(asked * 8192 / wordBits) words of \(wordBits) bits; accepted for this array: "
                + "\(range.lowerBound)...\(min(range.upperBound, BufferSettings.mostKiB)), from \(words.lowerBound) to \(words.upperBound) words"
        )
    }

    /// The same of an array that was built.
    package func builtKiB(of buffer: ConfiguredBuffer, wordBits: Int) -> Int {
        let range = AcceleratorParameters.bufferKiB(wordBits: wordBits)
        return min(max(buffers[keyPath: buffer.size], range.lowerBound), range.upperBound)
    }

    /// Throws `InputError` for buffers whose words do not depend on the network and that this array cannot have.
    func checkBuffers() throws {
        let activations = quantization.activationBits * array.pixels
        _ = try kib(of: .ifmap, wordBits: activations * array.inputs)
        _ = try kib(of: .ofmap, wordBits: activations * array.outputs)
        if let bits = fixedWeightBits {
            _ = try kib(of: .weight, wordBits: array.inputs * array.outputs * array.terms * bits)
        }
        if array.familyName == .convolver, let bits = array.accumulatorBits {
            _ = try kib(of: .psum, wordBits: array.outputs * bits)
        }
    }
}
