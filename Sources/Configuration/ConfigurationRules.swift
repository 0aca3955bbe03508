// Rules that involve several sections. A rule that concerns one key stands at its row, in the file of its section.

import Accelerator
import Diagnostics
import Fabric

extension Configuration {
    /// Throws `InputError` when keys that are right by themselves do not go together.
    package func validate() throws {
        try checkKeys()
        guard array.lanes <= array.mostLanes else {
            let cells =
                switch array.family {
                case .vector: "\(array.pixels) pixels"
                case .convolver(let convolver): "\(convolver.kernel) x \(convolver.kernel) cells"
                }
            throw error(
                "array.outputs",
                "\(array.outputs) x \(array.inputs) inputs x \(cells) are \(array.lanes) lanes; "
                    + "accepted: up to \(array.mostLanes)")
        }
        if array.familyName == .vector, gives("buffers.psum_kib") {
            throw error("buffers.psum_kib", "is a key of array.family convolver; family vector has no psum buffer")
        }
        if let bits = fixedWeightBits {
            try check(weightBits: bits)
            try checkActivations(weightBits: bits)
        }
        if array.element.storesPowersOfTwo, quantization.scheme == .fixed, array.weightBits == nil {
            let (element, widths) = (array.element.rawValue, array.element.acceptedWidths)
            throw error(
                "array.weight_bits", "missing; scheme fixed on \(element) lanes needs it; accepted: \(widths)")
        }
        try checkBuffers()
    }

    /// Throws `InputError` for a part without the primitives that the emitted text instantiates.
    package func checkPartTakesText() throws {
        let device = device.device
        guard !device.takesEmittedText else { return }
        let parts = Device.all.filter(\.takesEmittedText).map(\.name).joined(separator: ", ")
        throw error(
            "device.part",
            "\(device.name) has \(device.slice.name) and \(device.bram36.unit), the text instantiates DSP48E2 and "
                + "RAMB36E2; accepted: \(parts)", kind: .unsupported)
    }

    private func check(weightBits bits: Int) throws {
        guard array.element.acceptedWeightBits.contains(bits) else {
            let accepted = "\(array.element.acceptedWidths) for \(array.element.rawValue)"
            throw error(weightBitsKey, "is \(bits); accepted: \(accepted)")
        }
    }

    /// Throws `InputError` for weights that are wider than the activations.
    package func checkActivations(weightBits bits: Int) throws {
        guard bits <= quantization.activationBits else {
            throw error(
                weightBitsKey,
                "\(bits)-bit weights with quantization.activation_bits \(quantization.activationBits); "
                    + "accepted: weights no wider than activations")
        }
    }

    /// Why `array.packing` int8 does not go with weights of `bits` bits.
    package func packingNeedsBytes(weightBits bits: Int) -> String {
        "is int8; weights have \(bits) bits; accepted: none, or quantization.scheme fixed with "
            + "quantization.weight_bits \(PackedProducts.operandBits), or array.weight_bits "
            + "\(PackedProducts.operandBits)"
    }

    /// The key that says how wide the array's weights are.
    private var weightBitsKey: String { array.weightBits == nil ? "quantization.weight_bits" : "array.weight_bits" }

    /// The array's weight width where it does not depend on the model.
    package var fixedWeightBits: Int? {
        if let bits = array.weightBits { return bits }
        let storesPowersOfTwo = array.element.storesPowersOfTwo
        switch quantization.scheme {
        case .nBQ, .lightNN1, .lightNN2, .flightNN: return storesPowersOfTwo ? quantization.weightBits : nil
        case .fixed: return storesPowersOfTwo || quantization.wideFirstAndLast ? nil : quantization.weightBits
        case .asIs: return nil
        }
    }
}
