// Section `quantization`: how weights and activations become integers.

import Foundation
import NetworkReaders
import Networks
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
    }

    package var scheme: Scheme
    /// 1...5 for n-bq, of a term 3...5 for lightnn and flightnn, 4, 8 or 16 for fixed; nil takes what the model has
    /// (as-is).
    package var weightBits: Int?
    package var activationBits: Int
    /// Rule of the n-BQ staircase; nil takes the quantizer's default.
    package var thresholds: ThresholdRule?
    package var wideFirstAndLast: Bool
    /// Operating point of flightnn: mean terms of a weight, or the thresholds below.
    package var meanTerms: Double?
    package var residualThreshold: Double?
    package var pruneThreshold: Double?
    /// Images that fix the activation ranges: a named source or an absolute path; nil takes those of the run.
    package var calibration: String?
    package var calibrationImages: Int
    /// Nil is `max`, and for a model of `shiftsim quantize` the exponents that it holds.
    package var calibrationMethod: CalibrationMethod?
    package var percentile: Double?
    package var activationScale: ActivationScaleRule

    static let keys = [
        "scheme", "weight_bits", "activation_bits", "thresholds", "wide_first_and_last", "mean_terms",
        "residual_threshold", "prune_threshold", "calibration", "calibration_images", "calibration_method",
        "percentile", "activation_scale",
    ]

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(node, path: "quantization", keys: QuantizationSettings.keys, file: file)
        let name = try section.word("scheme", oneOf: Scheme.allCases.map(\.rawValue))
        scheme = name.flatMap(Scheme.init) ?? .nBQ
        weightBits = try QuantizationSettings.weightBits(section, scheme)
        activationBits = try section.integer("activation_bits", oneOf: [8, 16]) ?? 16
        thresholds = try QuantizationSettings.thresholds(section, scheme, weightBits)
        wideFirstAndLast = try section.boolean("wide_first_and_last") ?? false
        if wideFirstAndLast && scheme == .asIs {
            throw section.error("wide_first_and_last", "true is not for scheme as-is; accepted: false")
        }
        meanTerms = try section.number("mean_terms", in: 1...2)
        residualThreshold = try section.number("residual_threshold", in: 0...1000)
        pruneThreshold = try section.number("prune_threshold", in: 0...1000)
        calibration = try QuantizationSettings.calibration(section)
        calibrationImages = try section.integer("calibration_images", in: 1...1000) ?? 8
        let methods = CalibrationMethod.allCases.map(\.rawValue)
        calibrationMethod = try section.word("calibration_method", oneOf: methods).flatMap(CalibrationMethod.init)
        percentile = try section.number("percentile", in: 50...100)
        let scales = ActivationScaleRule.allCases.map(\.rawValue)
        activationScale =
            try section.word("activation_scale", oneOf: scales).flatMap(ActivationScaleRule.init) ?? .powerOfTwo
        try checkTogether(section)
    }

    /// Keys that need others, or exclude them.
    private func checkTogether(_ section: ConfigSection) throws {
        for key in ["mean_terms", "residual_threshold", "prune_threshold"] where section.node(key) != nil {
            guard scheme == .flightNN else { throw section.error(key, "only for scheme flightnn") }
        }
        if meanTerms != nil, residualThreshold != nil || pruneThreshold != nil {
            throw section.error(
                "mean_terms", "not together with residual_threshold or prune_threshold; accepted: one operating point")
        }
        if pruneThreshold != nil, residualThreshold == nil {
            throw section.error("prune_threshold", "needs residual_threshold too")
        }
        if percentile != nil, calibrationMethod != .percentile {
            throw section.error("percentile", "only for calibration_method percentile")
        }
    }

    private static func weightBits(_ section: ConfigSection, _ scheme: Scheme) throws -> Int? {
        switch scheme {
        case .nBQ: try section.integer("weight_bits", in: 1...5) ?? 3
        case .lightNN1, .lightNN2, .flightNN: try section.integer("weight_bits", in: 3...5) ?? 4
        case .fixed: try section.integer("weight_bits", oneOf: [4, 8, 16]) ?? 8
        case .asIs: try section.integer("weight_bits", in: 1...5)
        }
    }

    private static func thresholds(
        _ section: ConfigSection, _ scheme: Scheme, _ weightBits: Int?
    ) throws -> ThresholdRule? {
        let names = ThresholdRule.allCases.map(\.rawValue)
        guard let name = try section.word("thresholds", oneOf: names) else { return nil }
        guard scheme == .nBQ else { throw section.error("thresholds", "only for scheme n-bq") }
        let rule = ThresholdRule(rawValue: name)
        if rule == .fixedFraction && weightBits != 3 {
            throw section.error(
                "thresholds", "fixed-fraction is published for weight_bits 3 only; accepted: nearest, moment-matching")
        }
        return rule
    }

    private static func calibration(_ section: ConfigSection) throws -> String? {
        let accepted = "fashion-mnist, synthetic, or a path as in network.input.images"
        guard let source = try section.string("calibration", accepted: accepted) else { return nil }
        if ImageReader.namedSources.contains(source) { return source }
        let path = NetworkSettings.absolute(source, from: section.node("calibration")?.directory ?? "")
        guard FileManager.default.fileExists(atPath: path) else {
            throw section.error("calibration", "'\(source)' is no file or folder; accepted: \(accepted)")
        }
        return path
    }

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
            scheme: kind, activationBits: activationBits, thresholds: kind == .asIs ? nil : thresholds,
            weightBits: kind == .asIs ? weightBits : nil, wideFirstAndLast: wideFirstAndLast && kind != .asIs,
            filterTerms: filterTerms, calibration: calibrationMethod ?? .max, percentile: percentile ?? 99.99,
            usesStoredExponents: calibration == nil && calibrationMethod == nil, activationScale: activationScale)
    }

    private var filterTerms: FilterTermRule {
        guard let residualThreshold else { return .mean(meanTerms ?? 1.5) }
        return .thresholds(first: pruneThreshold ?? 0, second: residualThreshold)
    }
}
