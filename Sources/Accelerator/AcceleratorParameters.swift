import Fabric

// Parameters of the generator. Everything that shapes the hardware is here; nothing of a network is.

/// The processing element: what one lane does in a cycle.
public enum ProcessingElement: Sendable, Hashable, Codable {
    /// A shift by an n-bit power-of-two code, in LUTs; n = 1...5.
    case svpe(weightBits: Int)
    /// A fixed-point multiply in a DSP48E2; weights of 4, 8 or 16 bits.
    case vpe(weightBits: Int)

    public var name: String {
        switch self {
        case .svpe: "svpe"
        case .vpe: "vpe"
        }
    }

    /// Bits of a stored weight.
    public var weightBits: Int {
        switch self {
        case .svpe(let bits), .vpe(let bits): bits
        }
    }

    /// Whether a lane shifts.
    var isShift: Bool {
        switch self {
        case .svpe: true
        case .vpe: false
        }
    }

    /// Largest magnitude of a weight, as a power of two's exponent (svpe) or bits without sign (vpe).
    var magnitudeBits: Int {
        switch self {
        case .svpe(let bits): PowerOfTwoCode.largestExponent(bits: bits)
        case .vpe(let bits): bits - 1
        }
    }
}

/// Sizes of an array and its buffers, in the terms of the configuration file.
public struct AcceleratorParameters: Sendable, Hashable, Codable {
    public var element: ProcessingElement
    /// Signed powers of two of a weight that a lane adds in one cycle: 1 or 2; vpe has 1.
    public var terms: Int
    /// The `convolver` family's own sizes; nil: the `vector` family.
    public var convolver: ConvolverParameters?
    /// Pp: output pixels worked on in one cycle.
    public var pixels: Int
    /// Pm: input channels worked on in one cycle.
    public var inputs: Int
    /// Pn: output channels worked on in one cycle.
    public var outputs: Int
    /// 8 or 16, signed.
    public var activationBits: Int
    /// Width of the accumulators.
    public var accumulatorBits: Int
    /// Words of pixels * inputs activations.
    public var ifmapDepth: Int
    /// Words of inputs * outputs weights, each of `terms` codes.
    public var weightDepth: Int
    /// Words of pixels * outputs activations; also the depth of the residual buffer.
    public var ofmapDepth: Int
    /// Words of outputs requantization constants.
    public var constantDepth: Int
    /// Words of pre-activation constants, one per plane of a layer's input; nil: no pre-activation on the read path.
    public var preActivationDepth: Int?
    /// Family `vector`: the columns of a kernel may stand apart (dilation). The family `convolver` dilates by zeros in
    /// its kernels.
    public var dilates = false

    /// Sums of 2^14 products never overflow the default accumulator.
    public static let accumulationBits = 14

    public init(
        element: ProcessingElement, pixels: Int, inputs: Int, outputs: Int, activationBits: Int,
        ifmapBytes: Int, weightBytes: Int, ofmapBytes: Int, constantDepth: Int = 512,
        convolver: ConvolverParameters? = nil, terms: Int = 1, preActivationDepth: Int? = nil
    ) {
        precondition(terms == 1 || (terms == 2 && element.isShift))
        self.element = element
        self.terms = terms
        self.convolver = convolver
        self.pixels = pixels
        self.inputs = inputs
        self.outputs = outputs
        self.activationBits = activationBits
        let product = activationBits + element.magnitudeBits + terms - 1
        accumulatorBits = min(48, product + AcceleratorParameters.accumulationBits)
        let depth = AcceleratorParameters.depth
        ifmapDepth = depth(ifmapBytes, pixels * inputs * activationBits)
        weightDepth = depth(weightBytes, inputs * outputs * element.weightBits * terms)
        ofmapDepth = depth(ofmapBytes, pixels * outputs * activationBits)
        self.constantDepth = constantDepth
        self.preActivationDepth = preActivationDepth
    }

    /// Words of a buffer of that many bytes.
    public static func depth(_ bytes: Int, wordBits: Int) -> Int {
        min(BlockMemoryShape.maximumDepth, max(16, bytes * 8 / wordBits))
    }

    /// Multiplies or shifts per cycle.
    public var lanes: Int { pixels * inputs * outputs * (convolver.map { $0.kernel * $0.kernel } ?? 1) }

    /// Channels that one memory beat carries: the granule of every feature map in external memory.
    public var granule: Int {
        var (a, b) = (inputs, outputs)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }

    /// Bytes of a beat: a power of two, as AXI data widths are.
    public var beatBytes: Int {
        var bytes = 1
        while bytes * 8 < granule * activationBits { bytes *= 2 }
        return bytes
    }

    /// Weights (of svpe: codes) per activation-wide field of a beat.
    public var weightsPerField: Int { activationBits / element.weightBits }
    /// Weights (codes) that one beat carries.
    public var weightsPerBeat: Int { granule * weightsPerField }
    /// Beats of one word of the weight buffer.
    public var weightBeats: Int { (inputs * outputs * terms + weightsPerBeat - 1) / weightsPerBeat }

    /// Bits of one channel's requantization constants: multiplier 16, bias 48.
    public static let constantBits = 64
    /// Beats of one word of the constant buffer.
    public var constantBeats: Int {
        let fields = outputs * AcceleratorParameters.constantBits / activationBits
        return (fields + granule - 1) / granule
    }

    /// Beats of one word of pre-activation constants.
    public var preActivationBeats: Int { AcceleratorParameters.constantBits / activationBits }
    /// Cycles that the pre-activation adds between memory and the buffers: 1 (constants) + 3 (A/B, M, P) + 1 (rounding)
    /// + 1 (saturation).
    public var preActivationStages: Int { preActivationDepth == nil ? 0 : 6 }
    /// Cycles of one load besides a cycle per position, from memory that answers at once: 1 to begin, 1 request, 1 write
    /// and the pre-activation.
    public var loadOverhead: Int { 3 + preActivationStages }

    /// Levels of the adder tree over the inputs.
    public var treeLevels: Int {
        var levels = 0
        while (1 << levels) < inputs { levels += 1 }
        return levels
    }

    /// Octaves that one pass of svpe covers: the accumulator is multiplied by 2^passOctaves between the passes of a
    /// multi-term weight. 0 for vpe, which needs one pass.
    public var passOctaves: Int {
        switch element {
        case .svpe(let bits): max(1, PowerOfTwoCode.magnitudes(bits: bits))
        case .vpe: 0
        }
    }

    /// Cycles from the last step of a tile until the compute engine is free: 2 (buffer latch, output register) + lane
    /// stages + tree levels + 1 (accumulator) + 5 (requantization: A/B, M, P, rounding, saturation).
    public var drainCycles: Int { 2 + laneStages + treeLevels + 1 + 5 }
    /// The same for pooling: 2 (buffer) + 1 (pooling lane) + 5.
    public var poolDrainCycles: Int { 2 + 1 + 5 }
    /// Cycles of one tile besides the steps of its loop nest: 1 to begin and the drain.
    public var tileOverhead: Int { 1 + drainCycles }
    public var poolTileOverhead: Int { 1 + poolDrainCycles }

    /// Register stages of a lane after its operands.
    public var laneStages: Int {
        switch element {
        case .svpe: 1
        case .vpe: 3
        }
    }
}
