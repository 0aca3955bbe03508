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
