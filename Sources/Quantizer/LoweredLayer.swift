import Networks

/// What the array will do with a window, weights still as the model has them.
enum LoweredOperation {
    /// Weights to be quantized.
    case convolution(Weights, groups: Int)
    /// A 1x1 convolution that copies channels: integer weights, one 1 per row or none.
    case copy([Int32])
    case maxPool
    case sumPool
    case host(HostFunction)
}

/// What happens to a tensor on its way to the array: x = relu(scale[c] * v + shift[c]).
struct LoweredPreActivation {
    /// Float tensor that is read: as `LoweredLayer.input`.
    var source: String
    var scale: [Double]
    var shift: [Double]
    var relu: Bool
    /// Float tensor that x is: the output of the last float layer in it.
    var tensor: String
}

/// One pass over the array: an operation and all that is fused behind it, in real numbers:
/// y = relu(scale[c] * operation(x) + shift[c] + residual).
struct LoweredLayer {
    var name: String
    var kind: String
    var operation: LoweredOperation
    var window: Window
    /// Float tensor that is read: the `tensor` of an earlier lowered layer, or the network's input.
    var input: String
    var residual: String?
    var preActivation: LoweredPreActivation?
    /// Of an average pooling whose divisor varies: factors of each output row and each output column.
    var divisors: (rows: [Int], columns: [Int])?
    var inputShape: Shape
    var outputShape: Shape
    var scale: [Double]
    var shift: [Double]
    var relu = false
    /// Float tensor that the layer produces: the output of the last float layer fused into it.
    var tensor: String
    /// The float tensor that a copy for a concatenation repeats under a name that the float network has not.
    var original: String?
    var macs: Int

    /// A maximum without scaling or sum: it hands its input's exponent through.
    var isPassThrough: Bool {
        guard case .maxPool = operation, residual == nil, preActivation == nil else { return false }
        return scale.allSatisfy { $0 == 1 } && shift.allSatisfy { $0 == 0 }
    }

    /// Tensor whose exponent the operation's operand has.
    var operand: String { preActivation?.tensor ?? input }

    var runsOnHost: Bool {
        if case .host = operation { return true }
        return false
    }

    var copiesChannels: Bool {
        if case .copy = operation { return true }
        return false
    }
}
