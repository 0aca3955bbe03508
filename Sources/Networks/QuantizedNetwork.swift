// The integer network: what the reference model computes, the schedule compiles and the array runs.
//
// Every layer but those of the host is one pass over the array followed by one requantization:
//     x   = saturate(relu(roundHalfEvenShift(v * m[c] + b[c], s)), activationBits)        (pre-activation, if any)
//     acc = sum of w * x            (convolution)   or   sum / maximum of x over the window (pooling)
//     t   = acc >> preShift         (arithmetic; must fit 27 signed bits, the DSP48E2's A port)
//     u   = t * multiplier[c] + bias[c] + (residual << residualShift)         (48 signed bits)
//     y   = saturate(relu(roundHalfEvenShift(u, shift)), activationBits)
// docs/internals/Numerics.md derives the parameters.

/// How the array stores one layer's weights.
public enum WeightFormat: Sendable, Equatable, Codable {
    /// Each integer weight is 0 or +-2^k, k in 0 ..< max(1, 2^(bits-1) - 1); no zero when bits = 1. Runs in one
    /// pass on an `svpe` array of that n.
    case powerOfTwo(bits: Int)
    /// Each integer weight is a sum of at most `terms` signed powers of two 2^k, no two neighbouring, k in
    /// 0 ..< 2^(bits-1) - 1: LightNN-2 and FLightNN. On an `svpe` array of that n a pass each.
    case powerOfTwoSum(bits: Int, terms: Int)
    /// Signed integers of that many bits. On an `svpe` array each is a sum of power-of-two terms, a pass each.
    case fixed(bits: Int)
}

/// What the array does with a window.
public enum QuantizedOperation: Sendable, Equatable {
    /// weights [out][in/groups][kh][kw]; a fully connected layer is a convolution whose kernel is its input map.
    case convolution(weights: [Int32], format: WeightFormat, groups: Int)
    /// The largest integer of the window.
    case maxPool
    /// Sum over the window; the division is in the multiplier.
    case sumPool
    /// Real arithmetic on x * 2^inputExponent in double precision, rounded half to even to the output's exponent and
    /// saturated; on the host only. Scales with a mantissa do not occur here.
    case host(HostFunction, inputExponent: Int)
}

/// An affine layer and a ReLU on the way from memory to the array, before padding: what DenseNet's batch norms need.
/// Arrays have one entry per input channel; x = saturate(relu(roundHalfEvenShift(v * multiplier + bias, shift))).
public struct PreActivation: Sendable, Equatable, Codable {
    /// Signed, 16 bits.
    public var multiplier: [Int32]
    /// Signed, 48 bits; the sum fits 48 bits too.
    public var bias: [Int64]
    /// 0...47
    public var shift: Int
    /// Whether negative results become 0.
    public var relu: Bool
    /// x value = integer * mantissa * 2^exponent
    public var exponent: Int
    /// 1 ..< 2; 1 for power-of-two scales.
    public var mantissa: Double

    /// Stores what is given; `RequantizationSolver` proves that nothing overflows.
    public init(
        multiplier: [Int32], bias: [Int64], shift: Int, relu: Bool, exponent: Int, mantissa: Double = 1
    ) {
        self.multiplier = multiplier
        self.bias = bias
        self.shift = shift
        self.relu = relu
        self.exponent = exponent
        self.mantissa = mantissa
    }
}

/// Output rows and columns whose multipliers differ from the layer's: the border of an average pooling that does not
/// count its padding.
public struct PoolRegion: Sendable, Equatable, Codable {
    /// Rows of the output.
    public var rows: Range<Int>
    /// Columns of the output.
    public var columns: Range<Int>
    /// In place of `Requantization.multiplier`.
    public var multiplier: [Int32]

    /// Stores what is given.
    public init(rows: Range<Int>, columns: Range<Int>, multiplier: [Int32]) {
        self.rows = rows
        self.columns = columns
        self.multiplier = multiplier
    }
}

/// A tensor made of others by addressing alone: the channels of the parts one after another. All parts have one
/// exponent.
public struct Concatenation: Sendable, Equatable, Codable {
    /// Unique among layers and concatenations.
    public var name: String
    /// Names of layers, or `Network.inputName`; no concatenations.
    public var parts: [String]

    /// Stores what is given.
    public init(name: String, parts: [String]) {
        self.name = name
        self.parts = parts
    }
}

/// Requantization constants; formats in the file comment. Arrays have one entry per output channel.
public struct Requantization: Sendable, Equatable {
    /// Low bits of the accumulator that are dropped so that t fits 27 bits; 0 and more.
    public var preShift: Int
    /// Signed, 16 bits.
    public var multiplier: [Int32]
    /// Signed, 48 bits.
    public var bias: [Int64]
    /// Left shift that brings the residual to the unit of u; without a residual 0.
    public var residualShift: Int
    /// 0...47
    public var shift: Int
    /// Whether negative results become 0.
    public var relu: Bool

    /// Stores what is given; `RequantizationSolver` proves that nothing overflows.
    public init(
        preShift: Int, multiplier: [Int32], bias: [Int64], residualShift: Int = 0, shift: Int, relu: Bool
    ) {
        self.preShift = preShift
        self.multiplier = multiplier
        self.bias = bias
        self.residualShift = residualShift
        self.shift = shift
        self.relu = relu
    }
}

/// One layer of the integer network.
public struct QuantizedLayer: Sendable, Equatable {
    /// Name of the float layer that it computes; unique in the network.
    public var name: String
    /// The kind of the float layer it comes from, as in reports (`convolution`, `fully-connected`, `shortcut`, ...).
    public var kind: String
    /// What is summed or compared, with weights.
    public var operation: QuantizedOperation
    /// Window over the input; a fully connected layer's covers the whole map.
    public var window: Window
    /// Name of an earlier layer, of a concatenation of such, or `Network.inputName`.
    public var input: String
    /// What happens to the input before padding; nil for nothing.
    public var preActivation: PreActivation?
    /// Name of the tensor added in requantization, of the output's shape; nil for none.
    public var residual: String?
    /// Shape of `input`.
    public var inputShape: Shape
    /// Shape of the result.
    public var outputShape: Shape
    /// From accumulator to output integer.
    public var requantization: Requantization
    /// Poolings only: disjoint parts of the output with multipliers of their own.
    public var regions: [PoolRegion]
    /// Computed by the host's processor between two runs of the array.
    public var runsOnHost: Bool
    /// output value = integer * outputMantissa * 2^outputExponent
    public var outputExponent: Int
    /// 1 ..< 2; 1 for power-of-two scales.
    public var outputMantissa: Double
    /// Multiply-accumulates of the network's own definition: 0 for poolings and shortcuts.
    public var macs: Int

    /// Stores what is given; the reference model and the scheduler check what they rely on.
    public init(
        name: String, kind: String, operation: QuantizedOperation, window: Window, input: String, residual: String?,
        inputShape: Shape, outputShape: Shape, requantization: Requantization, outputExponent: Int, macs: Int,
        preActivation: PreActivation? = nil, regions: [PoolRegion] = [], runsOnHost: Bool = false,
        outputMantissa: Double = 1
    ) {
        self.name = name
        self.kind = kind
        self.operation = operation
        self.window = window
        self.input = input
        self.residual = residual
        self.inputShape = inputShape
        self.outputShape = outputShape
        self.requantization = requantization
        self.outputExponent = outputExponent
        self.macs = macs
        self.preActivation = preActivation
        self.regions = regions
        self.runsOnHost = runsOnHost
        self.outputMantissa = outputMantissa
    }
}

extension QuantizedLayer {
    /// Computed by the host, by choice or because no array can.
    public var isOnHost: Bool {
        if case .host = operation { return true }
        return runsOnHost
    }
}

/// An integer network with one input; the output is the last layer's.
public struct QuantizedNetwork: Sendable, Equatable {
    /// Name for reports.
    public var name: String
    /// Shape of one image.
    public var input: Shape
    /// input value = integer * inputMantissa * 2^inputExponent
    public var inputExponent: Int
    /// 1 ..< 2; 1 for power-of-two scales.
    public var inputMantissa: Double
    /// Width of every activation, 8 or 16 bits, signed.
    public var activationBits: Int
    /// In topological order; the array and the host compute them in this order.
    public var layers: [QuantizedLayer]
    /// Tensors made of others, in topological order.
    public var concatenations: [Concatenation]
    /// Parameters of the float network (weights, biases, normalization), for reports.
    public var parameters: Int

    /// Stores what is given.
    public init(
        name: String, input: Shape, inputExponent: Int, activationBits: Int, layers: [QuantizedLayer],
        parameters: Int, concatenations: [Concatenation] = [], inputMantissa: Double = 1
    ) {
        self.name = name
        self.input = input
        self.inputExponent = inputExponent
        self.activationBits = activationBits
        self.layers = layers
        self.parameters = parameters
        self.concatenations = concatenations
        self.inputMantissa = inputMantissa
    }

    /// Multiply-accumulates of one image.
    public var macs: Int { layers.reduce(0) { $0 + $1.macs } }
}

/// A feature map of integers, channel-major (C, H, W).
public struct IntegerTensor: Sendable, Equatable {
    /// Channels, rows, columns.
    public var shape: Shape
    /// `shape.count` integers.
    public var values: [Int32]

    /// Traps where the number of values is not `shape.count`.
    public init(shape: Shape, values: [Int32]) {
        precondition(values.count == shape.count)
        self.shape = shape
        self.values = values
    }

    /// A map of zeros.
    public init(zeros shape: Shape) {
        self.init(shape: shape, values: [Int32](repeating: 0, count: shape.count))
    }
}
