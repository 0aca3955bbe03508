// Section `quantization`: how weights and activations become integers.

import Foundation
import NetworkReaders
import Networks
import Quantizer

/// How the network is quantized.
public struct QuantizationSettings: Sendable, Hashable {
    /// Names of the schemes that this version has.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        case nBQ = "n-bq"
        case fixed
        case asIs = "as-is"
    }

    public var scheme: Scheme
    /// 1...5 for n-bq, 4, 8 or 16 for fixed; nil takes what the model has (as-is).
    public var weightBits: Int?
    public var activationBits: Int
    /// Rule of the n-BQ staircase; nil takes the quantizer's default.
    public var thresholds: ThresholdRule?
    public var wideFirstAndLast: Bool
    /// Images that fix the activation ranges: a named source or an absolute path; nil takes those of the run.
    public var calibration: String?
    public var calibrationImages: Int

    static let later = ["lightnn-1", "lightnn-2", "flightnn"]

    init(_ node: ConfigNode?, file: String) throws {
        let keys = [
            "scheme", "weight_bits", "activation_bits", "thresholds", "wide_first_and_last", "calibration",
            "calibration_images",
        ]
        let section = try ConfigSection(node, path: "quantization", keys: keys, file: file)
        let names = Scheme.allCases.map(\.rawValue)
        let name = try section.word("scheme", oneOf: names, later: QuantizationSettings.later)
        scheme = name.flatMap(Scheme.init) ?? .nBQ
        weightBits = try QuantizationSettings.weightBits(section, scheme)
        activationBits = try section.integer("activation_bits", oneOf: [8, 16]) ?? 16
        thresholds = try QuantizationSettings.thresholds(section, scheme, weightBits)
        wideFirstAndLast = try section.boolean("wide_first_and_last") ?? false
        if wideFirstAndLast && scheme != .nBQ {
            throw section.error("wide_first_and_last", "true is for scheme n-bq only; accepted: false")
        }
        calibration = try QuantizationSettings.calibration(section)
        calibrationImages = try section.integer("calibration_images", in: 1...1000) ?? 8
    }

    private static func weightBits(_ section: ConfigSection, _ scheme: Scheme) throws -> Int? {
        switch scheme {
        case .nBQ: try section.integer("weight_bits", in: 1...5) ?? 3
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
    func options(modelHasCodes: Bool) -> QuantizationOptions {
        let kind: QuantizationScheme =
            switch scheme {
            case .nBQ: modelHasCodes ? .asIs : .nBQ(bits: weightBits ?? 3)
            case .fixed: .fixed(bits: weightBits ?? 8)
            case .asIs: .asIs
            }
        return QuantizationOptions(
            scheme: kind, activationBits: activationBits, thresholds: kind == .asIs ? nil : thresholds,
            weightBits: kind == .asIs ? weightBits : nil, wideFirstAndLast: wideFirstAndLast && kind != .asIs)
    }
}
