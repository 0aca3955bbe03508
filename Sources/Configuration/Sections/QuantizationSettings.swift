// Section `quantization`: how weights and activations become integers.

import Quantizer

/// How the network is quantized.
package struct QuantizationSettings: Sendable, Hashable {
    /// Names of the schemes.
    package enum Scheme: String, Sendable, Hashable, CaseIterable {
        case nBQ = "n-bq"
        case lightNN1 = "lightnn-1"
        case lightNN2 = "lightnn-2"
        case flightNN = "flightnn"
        case fixed
        case asIs = "as-is"

        /// Accepted bits of a weight, or of a term where a weight has several.
        var weightWidths: [Int] {
            switch self {
            case .nBQ, .asIs: Array(QuantizationScheme.codeWidths)
            case .lightNN1, .lightNN2, .flightNN: Array(QuantizationScheme.termWidths)
            case .fixed: QuantizationScheme.fixedWidths
            }
        }

        /// The same for messages.
        var acceptedWeightBits: String {
            switch self {
            case .nBQ, .asIs, .lightNN1, .lightNN2, .flightNN: "\(weightWidths.first!)...\(weightWidths.last!)"
            case .fixed: weightWidths.map(String.init).joined(separator: ", ")
            }
        }

        /// Nil takes what the model has.
        var defaultWeightBits: Int? {
            switch self {
            case .nBQ: 3
            case .lightNN1, .lightNN2, .flightNN: 4
            case .fixed: 8
            case .asIs: nil
            }
        }
    }

    /// How weights become integers.
    package var scheme = Scheme.nBQ
    /// 1...5 for n-bq, of a term 3...5 for lightnn and flightnn, 4, 8 or 16 for fixed; nil takes what the model has
    /// (as-is).
    package var weightBits: Int? = 3
    /// Width of an activation, 8 or 16.
    package var activationBits = 16
    /// Rule of the n-BQ staircase; of no meaning in other schemes.
    package var thresholds = ThresholdRule.momentMatching
    /// The first and the last layer in wide fixed point.
    package var wideFirstAndLast = false
    /// Operating point of flightnn: mean terms of a weight, or, where there is a residual threshold, the thresholds
    /// below.
    package var meanTerms = 1.5
    /// FLightNN's t_1; nil: `meanTerms` is the operating point.
    package var residualThreshold: Double?
    /// FLightNN's t_0.
    package var pruneThreshold = 0.0
    /// Images that fix the activation ranges: a named source or an absolute path; nil takes those of the run.
    package var calibration: String?
    /// Number of these images; nil is `mostCalibrationImages`, or all that there are.
    package var calibrationImages: Int?
    /// Of how many images the ranges are taken where nothing is said.
    package static let mostCalibrationImages = 8
    /// Nil is `max`, and for a model of `shiftsim quantize` the exponents that it holds.
    package var calibrationMethod: CalibrationMethod?
    /// Of no meaning in other methods than `percentile`.
    package var percentile = 99.99
    /// What the scale of a tensor may be.
    package var activationScale = ActivationScaleRule.powerOfTwo
    /// Whether a quantized network of an earlier run is taken, and this one kept for later ones.
    package var cache = true

    /// What the quantizer is asked for, for a model that holds codes or not: n-bq keeps codes that are there.
    package func options(modelHasCodes: Bool) -> QuantizationOptions {
        let kind: QuantizationScheme =
            switch scheme {
            case .nBQ: modelHasCodes ? .asIs : .nBQ(bits: weightBits ?? 3)
            case .lightNN1: .lightNN(terms: 1, bits: weightBits ?? 4)
            case .lightNN2: .lightNN(terms: 2, bits: weightBits ?? 4)
            case .flightNN: .flightNN(bits: weightBits ?? 4)
            case .fixed: .fixed(bits: weightBits ?? 8)
            case .asIs: .asIs
            }
        return QuantizationOptions(
            scheme: kind, activationBits: activationBits,
            thresholds: scheme == .nBQ && kind != .asIs ? thresholds : nil,
            weightBits: kind == .asIs ? weightBits : nil, wideFirstAndLast: wideFirstAndLast && kind != .asIs,
            filterTerms: filterTerms, calibration: calibrationMethod ?? .max, percentile: percentile,
            usesStoredExponents: calibration == nil && calibrationMethod == nil, activationScale: activationScale)
    }

    private var filterTerms: FilterTermRule {
        guard let residualThreshold else { return .mean(meanTerms) }
        return .thresholds(first: pruneThreshold, second: residualThreshold)
    }
}

// MARK: - Keys

extension QuantizationSettings {
    static let keys = weightKeys + operatingPointKeys + activationKeys

    private static let weightKeys = [
        ConfigKey.word("quantization.scheme", \.quantization.scheme, "how weights become integers"),
        weightBitsKey,
        ConfigKey.integer(
            "quantization.activation_bits", \.quantization.activationBits, oneOf: QuantizationOptions.activationWidths,
            "signed"),
        ConfigKey.word("quantization.thresholds", \.quantization.thresholds, "rule of the n-BQ staircase")
            .only(when: { $0.quantization.scheme == .nBQ }, else: "only for scheme n-bq")
            .rule {
                $0.quantization.thresholds == .fixedFraction && $0.quantization.weightBits != 3
                    ? "fixed-fraction is published for weight_bits 3 only; accepted: nearest, moment-matching" : nil
            }
            .documented(accepted: "`moment-matching`, `nearest`, `fixed-fraction` (3 bits only)"),
        ConfigKey.boolean(
            "quantization.wide_first_and_last", \.quantization.wideFirstAndLast,
            "first and last layer in wide fixed point; not for as-is"
        ).rule {
            $0.quantization.wideFirstAndLast && $0.quantization.scheme == .asIs
                ? "true is not for scheme as-is; accepted: false" : nil
        },
    ]

    private static let weightBitsKey = ConfigKey(
        "quantization.weight_bits", .or("auto", .integers(1...16)),
        "of a term where a weight has several; `auto`, for as-is only: the model's"
    ) { section, name, configuration in
        let scheme = configuration.quantization.scheme
        let given = try section.integer(name, or: "auto", in: 1...16)
        configuration.quantization.weightBits = given ?? scheme.defaultWeightBits
        let isAccepted = given.map(scheme.weightWidths.contains) ?? (scheme == .asIs)
        guard let node = section.node(name), !isAccepted else { return }
        let widths = scheme == .asIs ? "auto, \(scheme.acceptedWeightBits)" : scheme.acceptedWeightBits
        configuration.conflict(
            "quantization.weight_bits", "\(node.summary); accepted for scheme \(scheme.rawValue): \(widths) (integer)")
    } write: { configuration, _ in
        configuration.quantization.weightBits.map { "\($0)" } ?? "auto"
    }.documented(
        accepted: "n-bq and as-is 1...5, lightnn and flightnn 3...5, fixed 4, 8, 16; as-is `auto`",
        default: "3, lightnn and flightnn 4, fixed 8, as-is `auto`")

    private static let operatingPointKeys = [
        ConfigKey.number(
            "quantization.mean_terms", \.quantization.meanTerms, in: FilterTermRule.means,
            "flightnn: terms of a weight on average; not with the next two"
        )
        .written { $0.quantization.residualThreshold == nil }
        .rule {
            $0.quantization.residualThreshold == nil
                ? nil
                : "not together with residual_threshold or prune_threshold; accepted: one operating point"
        },
        ConfigKey.number(
            "quantization.residual_threshold", \.quantization.residualThreshold, in: 0...1000,
            "flightnn: t_1, above which a filter gets a second term, in units of the layer's root mean square filter "
                + "norm"),
        ConfigKey.number(
            "quantization.prune_threshold", \.quantization.pruneThreshold, in: 0...1000,
            "flightnn: t_0, above which a filter gets a first term; with `residual_threshold` only"
        )
        .written { $0.quantization.residualThreshold != nil }
        .rule { $0.quantization.residualThreshold == nil ? "needs residual_threshold too" : nil },
    ].map { $0.only(when: { $0.quantization.scheme == .flightNN }, else: "only for scheme flightnn") }

    private static let activationKeys = [
        calibrationKey,
        ConfigKey.integer(
            "quantization.calibration_images", \.quantization.calibrationImages, or: "auto", in: 1...1000,
            "how many of them, see below; `auto`: 8, or all of the run's images where they are "
                + "fewer"),
        ConfigKey.word(
            "quantization.calibration_method", \.quantization.calibrationMethod, or: "auto",
            "range of a tensor (docs/internals/Numerics.md, 3); `auto`: `max`, and for a model that holds its exponents "
                + "those, see below"),
        ConfigKey.number(
            "quantization.percentile", \.quantization.percentile, in: QuantizationOptions.percentiles,
            "method percentile: per cent of the non-zero magnitudes that are not clipped"
        ).only(
            when: { $0.quantization.calibrationMethod == .percentile },
            else: "only for calibration_method percentile"),
        ConfigKey.word(
            "quantization.activation_scale", \.quantization.activationScale,
            "scale of a tensor: a power of two, or any number, in the 16-bit multiplier of each pass "
                + "(docs/internals/Numerics.md, 3)"),
        ConfigKey.boolean(
            "quantization.cache", \.quantization.cache,
            "take the network from an earlier run that quantized it alike, and keep it for later ones (Environment.md, "
                + "`SHIFTSIM_QUANTIZED`); changes no result"
        ).changingNoResult,
    ]

    private static let calibrationKey = ConfigKey(
        "quantization.calibration", .text("`auto`, or as `network.input.images`"),
        "images that fix the activation ranges; `auto`: the run's own source"
    ) { section, name, configuration in
        if case .scalar("auto", _) = section.node(name)?.content { return }
        let accepted = "auto, fashion-mnist, synthetic, or a path as in network.input.images"
        configuration.quantization.calibration = try section.images(name, accepted: accepted)
    } write: { configuration, form in
        configuration.quantization.calibration.map { ConfigKey.path($0, form) } ?? "auto"
    }
}
