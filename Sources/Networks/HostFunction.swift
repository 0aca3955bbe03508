// What no array computes: functions of a whole map in real numbers. They run on the host and keep the map's shape.
// Constants are in single precision, as models have them.

/// A function of one map.
public enum HostFunction: Sendable, Equatable {
    /// Each value over a power of the squares of its neighbours.
    case localResponseNormalization(LocalResponseNormalization)

    /// The field's name for the function, as it stands in reports.
    public var name: String {
        switch self {
        case .localResponseNormalization: "local-response-normalization"
        }
    }

    /// No negative inputs, no negative outputs.
    public var keepsSign: Bool {
        switch self {
        case .localResponseNormalization: true
        }
    }

    /// Which rule the constants break; nil: none.
    public var brokenRule: String? {
        switch self {
        case .localResponseNormalization(let constants):
            guard constants.size > 0 && constants.bias > 0 else { return "size and bias are positive" }
            return constants.alpha >= 0 && constants.beta >= 0 ? nil : "alpha and beta are not negative"
        }
    }
}

/// y = x / (bias + alpha / size * sum of x^2 over the channels c - (size - 1) / 2 ... c + size / 2)^beta (AlexNet,
/// NIPS 2012, 3.3; ONNX LRN).
public struct LocalResponseNormalization: Sendable, Equatable {
    /// Neighbouring channels that are summed, the channel itself included.
    public var size: Int
    /// Factor of the sum of squares, before the division by `size`.
    public var alpha: Float
    /// Exponent of the divisor.
    public var beta: Float
    /// Added to the scaled sum; keeps the divisor from 0.
    public var bias: Float

    /// Stores what is given; `HostFunction.brokenRule` judges it.
    public init(size: Int, alpha: Float, beta: Float, bias: Float) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.bias = bias
    }
}
