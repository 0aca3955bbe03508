import Diagnostics
import Networks

/// What to quantize to.
public struct QuantizationOptions: Sendable, Equatable, Codable {
    /// How weights become integers.
    public var scheme: QuantizationScheme
    /// Width of every activation: 8 or 16 bits, signed.
    public var activationBits: Int
    /// Rule of the n-BQ staircase; nil takes `momentMatching`, the best after training (docs/internals/Numerics.md).
    public var thresholds: ThresholdRule?
    /// Scheme `asIs`: the width to store the model's power-of-two codes in, 1...5; nil takes the smallest.
    public var weightBits: Int?
    /// Largest integer weight of a layer without codes under `asIs`, and of the first and last layer under
    /// `wideFirstAndLast`. The default is 85 = 64 + 16 + 4 + 1: up to it every integer is a sum of at most
    /// four signed powers of two of octaves 0...6, so such a layer takes four passes on an `svpe` array.
    public var wideWeightLimit: Int
    /// Keep the first and the last layer with weights in wide fixed point; not for `asIs`. The papers do not.
    public var wideFirstAndLast: Bool
    /// Scheme `flightNN`: how many terms its filters have.
    public var filterTerms: FilterTermRule
    /// What the scale of a tensor may be.
    public var activationScale: ActivationScaleRule
    /// How activation ranges follow from the calibration images.
    public var calibration: CalibrationMethod
    /// Method `percentile`: per cent of the non-zero magnitudes of a tensor that are not clipped.
    public var percentile: Double
    /// Scheme `asIs`: take the activation exponents that a model written by `shiftsim quantize` holds.
    public var usesStoredExponents: Bool

    /// The widths of activations that exist.
    public static let activationWidths = [8, 16]
    /// The percentiles that method `percentile` takes.
    public static let percentiles = 50.0...100

    /// Stores what is given; `Quantizer.quantize` checks it.
    public init(
        scheme: QuantizationScheme, activationBits: Int = 16, thresholds: ThresholdRule? = nil,
        weightBits: Int? = nil, wideWeightLimit: Int = 85, wideFirstAndLast: Bool = false,
        filterTerms: FilterTermRule = .mean(1.5), calibration: CalibrationMethod = .max, percentile: Double = 99.99,
        usesStoredExponents: Bool = true, activationScale: ActivationScaleRule = .powerOfTwo
    ) {
        self.scheme = scheme
        self.activationBits = activationBits
        self.thresholds = thresholds
        self.weightBits = weightBits
        self.wideWeightLimit = wideWeightLimit
        self.wideFirstAndLast = wideFirstAndLast
        self.filterTerms = filterTerms
        self.calibration = calibration
        self.percentile = percentile
        self.usesStoredExponents = usesStoredExponents
        self.activationScale = activationScale
    }

    /// Throws an `InputError` for a width or rule that does not exist.
    func validate() throws {
        func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: ", ") }
        func require(_ condition: Bool, _ key: String, _ message: String) throws {
            if !condition { throw InputError(at: "quantization.\(key)", message) }
        }
        try require(
            Self.activationWidths.contains(activationBits), "activation_bits",
            "is \(activationBits); accepted: \(list(Self.activationWidths))")
        try require((1...127).contains(wideWeightLimit), "wide_weight_limit", "accepted: 1...127")
        try require(Self.percentiles.contains(percentile), "percentile", "is \(percentile); accepted: 50...100")
        switch scheme {
        case .nBQ(let bits):
            try require(
                QuantizationScheme.codeWidths.contains(bits), "weight_bits",
                "is \(bits); scheme n-bq accepts \(QuantizationScheme.codeWidths)")
            try require(
                thresholds != .fixedFraction || bits == 3, "thresholds",
                "fixed-fraction is published for 3 bits only; accepted: nearest, moment-matching")
        case .fixed(let bits):
            try require(
                QuantizationScheme.fixedWidths.contains(bits), "weight_bits",
                "is \(bits); scheme fixed accepts \(list(QuantizationScheme.fixedWidths))")
        case .lightNN(let terms, let bits):
            try require([1, 2].contains(terms), "scheme", "lightnn-\(terms); accepted: lightnn-1, lightnn-2")
            try require(
                QuantizationScheme.termWidths.contains(bits), "weight_bits",
                "is \(bits); scheme lightnn-\(terms) accepts \(QuantizationScheme.termWidths)")
        case .flightNN(let bits):
            try require(
                QuantizationScheme.termWidths.contains(bits), "weight_bits",
                "is \(bits); scheme flightnn accepts \(QuantizationScheme.termWidths)")
            try filterTerms.validate()
        case .asIs:
            try require(
                weightBits.map(QuantizationScheme.codeWidths.contains) ?? true, "weight_bits",
                "is \(weightBits ?? 0); scheme as-is accepts \(QuantizationScheme.codeWidths)")
        }
    }
}

/// Where the n-bit staircase changes level.
public enum ThresholdRule: String, Sendable, Codable, CaseIterable {
    /// 0.02, 0.07 and 0.14 of max |W|: the authors' published code. Defined for n = 3 only.
    case fixedFraction = "fixed-fraction"
    /// Mean and mean square of |W| are kept (equation 18 of the paper).
    case momentMatching = "moment-matching"
    /// Nearest level, at the scale of least squared error.
    case nearest
}

/// What the scale of an activation tensor may be: the real value of its integer 1.
public enum ActivationScaleRule: String, Sendable, Equatable, Hashable, Codable, CaseIterable {
    /// A power of two: requantization is a shift but for what a layer's weights and batch normalization ask.
    case powerOfTwo = "power-of-two"
    /// Any number, in the 16-bit multiplier behind each pass; up to an octave more of each range is used.
    case multiplier
}

/// How the range of a tensor, and so its power-of-two exponent, follows from the calibration images. The network's
/// output is never clipped: it takes `max` whatever the method.
public enum CalibrationMethod: String, Sendable, Codable, CaseIterable {
    /// The largest magnitude.
    case max
    /// A percentile of the non-zero magnitudes.
    case percentile
    /// The range of least Kullback-Leibler divergence between the values and their quantized distribution.
    case kl
    /// The range of least mean squared error.
    case mse
}
