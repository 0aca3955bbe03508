// The float layer graph that readers produce and quantizers consume. Layers are in topological order.

/// What a layer computes. Weights are row-major float arrays in the field's usual order.
public enum LayerKind: Sendable, Equatable {
    /// weights [out][in/groups][kh][kw]; bias [out] or empty.
    case convolution(window: Window, outputs: Int, groups: Int, weights: Weights, bias: [Float])
    /// weights [out][in], input flattened channel-major (C, H, W); bias [out] or empty.
    case fullyConnected(outputs: Int, weights: Weights, bias: [Float])
    /// y = scale[c] * x + shift[c]: an inference-time batch normalization or a Mul/Add pair.
    case affine(scale: [Float], shift: [Float])
    /// max(x, 0).
    case relu
    /// Element-wise sum of two inputs of equal shape.
    case add
    /// The largest value of each window; padding never wins.
    case maxPool(Window)
    /// The sum of each window over its divisor.
    case averagePool(Window, divisor: AverageDivisor)
    /// The mean of each channel: output 1 x 1.
    case globalAveragePool
    /// Spatial subsampling with a stride from the top left, then zero channels before and after
    /// (ResNet's option-A shortcut: ONNX Slice + Pad).
    case subsample(stride: Int, channelsBefore: Int, channelsAfter: Int)
    /// The channels of all inputs one after another; equal rows and columns.
    case concat
    /// Output channel c is input channel `order[c]` (ShuffleNet: ONNX Reshape + Transpose + Reshape).
    case permuteChannels(order: [Int])
    /// min(max(x, minimum), maximum); either bound may be infinite.
    case clip(minimum: Float, maximum: Float)
    /// What only the host computes; the output's shape is the input's.
    case host(HostFunction)

    /// The field's name for the kind, as it stands in reports.
    public var name: String {
        switch self {
        case .convolution: "convolution"
        case .fullyConnected: "fully-connected"
        case .affine: "affine"
        case .relu: "relu"
        case .add: "add"
        case .maxPool: "max-pool"
        case .averagePool: "average-pool"
        case .globalAveragePool: "global-average-pool"
        case .subsample: "subsample"
        case .concat: "concat"
        case .permuteChannels: "permute-channels"
        case .clip: "clip"
        case .host(let function): function.name
        }
    }
}

/// Weights as floats, and where the model already stores integer codes, those too:
/// value = codes[i] * codeScale exactly, codeScale a power of two.
public struct Weights: Sendable, Equatable {
    /// Real weights, in the order that the layer kind names.
    public var values: [Float]
    /// Integer codes in the same order; nil where the model has none.
    public var codes: [Int32]?
    /// Real value of code 1; nil exactly where `codes` is.
    public var codeScale: Float?

    /// Stores what is given; that codes and values agree is for the reader of a model to see to.
    public init(values: [Float], codes: [Int32]? = nil, codeScale: Float? = nil) {
        self.values = values
        self.codes = codes
        self.codeScale = codeScale
    }
}

/// One node of the graph. Inputs name earlier layers, or `Network.inputName`.
public struct Layer: Sendable, Equatable {
    /// Unique in the network; other layers name it as their input.
    public var name: String
    /// What it computes, with weights.
    public var kind: LayerKind
    /// Names of its operands: two for `add`, one or more for `concat`, else one.
    public var inputs: [String]
    /// Shape of its result.
    public var output: Shape

    /// Stores what is given: shapes are not checked against kind and inputs.
    public init(name: String, kind: LayerKind, inputs: [String], output: Shape) {
        self.name = name
        self.kind = kind
        self.inputs = inputs
        self.output = output
    }
}

/// A feed-forward network with one input and one output (that of the last layer).
public struct Network: Sendable, Equatable {
    /// What layers call the network's input; no layer has this name.
    public static let inputName = "input"

    /// What a model file calls its input and its output.
    public struct Borders: Sendable, Equatable {
        /// Name of the input tensor.
        public var input: String
        /// 4 for [N, C, H, W], 2 for [N, F].
        public var inputRank: Int
        /// Name of the output tensor.
        public var output: String

        /// The borders of a file.
        public init(input: String, inputRank: Int, output: String) {
            self.input = input
            self.inputRank = inputRank
            self.output = output
        }
    }

    /// Name for reports: a built-in name, or that of the model.
    public var name: String
    /// Shape of one image.
    public var input: Shape
    /// In topological order: a layer stands after all that it reads.
    public var layers: [Layer]
    /// Free-form properties of the model file (`weight_format`, `pot_bits`, `input_mean`, `input_std`, `classes`, ...).
    public var metadata: [String: String]
    /// The tensors at the borders of the model file; nil where there is none.
    public var borders: Borders?
    /// Layers (or `inputName`) whose values the model saturates where it quantizes them. The quantizer has scales of its
    /// own, and makes clips of those bounds that calibration images reach.
    public var saturations: [String: ClosedRange<Float>]

    /// Stores what is given; readers and builders check before.
    public init(
        name: String, input: Shape, layers: [Layer], metadata: [String: String] = [:],
        saturations: [String: ClosedRange<Float>] = [:]
    ) {
        self.name = name
        self.input = input
        self.layers = layers
        self.metadata = metadata
        self.saturations = saturations
    }

    /// Shape of a layer's output, or of the input, by name; nil when there is no such layer.
    public func shape(of name: String) -> Shape? {
        if name == Network.inputName { return input }
        return layers.first { $0.name == name }?.output
    }
}
