import Configuration
import Quantizer

/// How floats became integers.
package struct QuantizationSection: Sendable, Codable, Equatable {
    /// As configured.
    package var scheme: String
    /// Width asked for; absent where the model's codes have their own.
    package var weightBits: Int?
    /// Bits of an activation.
    package var activationBits: Int
    /// Images that the activation ranges were taken from; absent, as the exponents are, where no ranges are taken.
    package var calibrationImages: Int?
    /// As configured.
    package var activationScale: String
    /// Of the network's input.
    package var inputExponent: Int?
    /// Of the network's output.
    package var outputExponent: Int?
    /// Real value = integer * mantissa * 2^exponent; absent where it is 1.
    package var inputMantissa: Double?
    /// As `inputMantissa`, of the output.
    package var outputMantissa: Double?

    /// The quantization of a run.
    static func figures(of run: FinishedRun) -> QuantizationSection {
        let settings = run.configuration.quantization
        let network = run.data?.network
        let (quantized, output) = (network?.quantized, network?.quantized.layers.last)
        return QuantizationSection(
            scheme: settings.scheme.rawValue, weightBits: settings.weightBits,
            activationBits: settings.activationBits,
            calibrationImages: network?.quantization.calibrationImages,
            activationScale: settings.activationScale.rawValue, inputExponent: quantized?.inputExponent,
            outputExponent: output?.outputExponent ?? quantized?.inputExponent,
            inputMantissa: quantized.flatMap { $0.inputMantissa == 1 ? nil : $0.inputMantissa },
            outputMantissa: output.flatMap { $0.outputMantissa == 1 ? nil : $0.outputMantissa })
    }
}

extension QuantizationSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<QuantizationSection>] = [
        ReportField("scheme", \.scheme, "as configured").oneOf(QuantizationSettings.Scheme.allCases.map(\.rawValue)),
        ReportField(
            "weight_bits", \.weightBits, unit: "bits", "as configured; absent where the model's codes have their own"),
        ReportField("activation_bits", \.activationBits, unit: "bits", "as configured").oneOf([8, 16]),
        ReportField(
            "calibration_images", \.calibrationImages,
            "images that the activation ranges were taken from; absent in mode `timing`, which takes none"
        ).onlyWithData,
        ReportField("activation_scale", \.activationScale, "as configured")
            .oneOf(ActivationScaleRule.allCases.map(\.rawValue)),
        ReportField(
            "input_exponent", \.inputExponent,
            "of the input: value = integer * mantissa * 2^exponent; absent in mode `timing`, as the next three"
        ).atLeast(nil).onlyWithData,
        ReportField("output_exponent", \.outputExponent, "the same of the output; absent in mode `timing`")
            .atLeast(nil).onlyWithData,
        ReportField("input_mantissa", \.inputMantissa, "absent where it is 1").atLeast(1).onlyWithData,
        ReportField("output_mantissa", \.outputMantissa, "absent where it is 1").atLeast(1).onlyWithData,
    ]
}
