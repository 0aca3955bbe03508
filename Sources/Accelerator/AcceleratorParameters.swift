// Parameters of the generator. Everything that shapes the hardware is here; nothing of a network is.

import Fabric

/// What an array works on in one cycle.
public struct ArraySize: Sendable, Hashable, Codable {
    /// Pp: output pixels.
    public var pixels: Int
    /// Pm: input channels.
    public var inputs: Int
    /// Pn: output channels.
    public var outputs: Int
    /// Signed powers of two of a weight that a lane adds; 1 where a lane multiplies.
    public var terms: Int

    /// One term unless said otherwise.
    public init(pixels: Int, inputs: Int, outputs: Int, terms: Int = 1) {
        self.pixels = pixels
        self.inputs = inputs
        self.outputs = outputs
        self.terms = terms
    }
}

/// Sizes of the on-chip buffers that every array has.
public struct BufferSizes: Sendable, Hashable, Codable {
    /// Bytes of activations that the array reads.
    public var ifmapBytes: Int
    /// Bytes of stored weights.
    public var weightBytes: Int
    /// Bytes of results; the residual buffer is as large.
    public var ofmapBytes: Int
    /// Words of requantization constants.
    public var constantDepth: Int

    /// 512 words of constants, which a RAMB36E2 holds at its widest, unless said otherwise.
    public init(ifmapBytes: Int, weightBytes: Int, ofmapBytes: Int, constantDepth: Int = 512) {
        self.ifmapBytes = ifmapBytes
        self.weightBytes = weightBytes
        self.ofmapBytes = ofmapBytes
        self.constantDepth = constantDepth
    }
}

/// Sizes of an array and its buffers, in the terms of the configuration file.
public struct AcceleratorParameters: Sendable, Hashable, Codable {
    /// What a lane does.
    public var element: ProcessingElement
    /// How lanes work together, with the sizes of that family alone.
    public var family: ArrayFamily
    /// Signed powers of two of a weight that a lane adds in one cycle: 1 or 2; vpe has 1.
    public var terms: Int
    /// Pp: output pixels worked on in one cycle; 1 on the family `convolver`.
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
    /// Bytes of a beat of weights and constants over bytes of a beat of activations: a power of two.
    public var weightBeatRatio: Int

    /// Sums of 2^14 products never overflow the default accumulator.
    public static let accumulationBits = 14

    /// Accumulators are as wide as `accumulationBits` says, at most 48 bits; there is no pre-activation; all beats are
    /// alike.
    public init(
        element: ProcessingElement, family: ArrayFamily = .vector(VectorParameters()), size: ArraySize,
        activationBits: Int, buffers: BufferSizes
    ) {
        precondition((1...element.kind.mostTerms).contains(size.terms))
        precondition(family.cascade.map { element.kind.cascades && size.inputs % $0 == 0 } ?? true)
        self.element = element
        self.family = family
        (pixels, inputs, outputs, terms) = (size.pixels, size.inputs, size.outputs, size.terms)
        self.activationBits = activationBits
        // Only the most negative activation times the most negative weight takes a product's last bit.
        let product = element.lane.productBits(activationBits: activationBits, terms: terms) - 1
        accumulatorBits = min(48, product + AcceleratorParameters.accumulationBits)
        let depth = AcceleratorParameters.depth
        ifmapDepth = depth(buffers.ifmapBytes, pixels * inputs * activationBits)
        weightDepth = depth(buffers.weightBytes, inputs * outputs * element.weightBits * terms)
        ofmapDepth = depth(buffers.ofmapBytes, pixels * outputs * activationBits)
        constantDepth = buffers.constantDepth
        preActivationDepth = nil
        weightBeatRatio = 1
    }

    /// Whole words that a buffer of that many bytes holds.
    public static func depth(_ bytes: Int, wordBits: Int) -> Int { bytes * 8 / wordBits }

    /// Words that a buffer may have: a tile's ping and pong need some, a column of block RAMs holds no more.
    public static let depths = 16...BlockMemoryShape.maximumDepth

    /// Sizes in KiB whose whole words are a number in `depths`.
    public static func bufferKiB(wordBits: Int) -> ClosedRange<Int> {
        let kib = 8192
        let least = (depths.lowerBound * wordBits + kib - 1) / kib
        return least...max(least, ((depths.upperBound + 1) * wordBits - 1) / kib)
    }

    /// Multiplies or shifts per cycle.
    public var lanes: Int { pixels * inputs * outputs * family.kernelPositions }

    // MARK: beats

    /// Channels that one beat of activations carries: the granule of every feature map in external memory,
    /// gcd(inputs, outputs).
    public var granule: Int {
        var (a, b) = (inputs, outputs)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }

    /// Bytes of a beat of activations: a power of two, as AXI data widths are.
    public var beatBytes: Int {
        var bytes = 1
        while bytes * 8 < granule * activationBits { bytes *= 2 }
        return bytes
    }

    /// Weights and constants come in beats of their own; activations have others.
    public var hasWideBeats: Bool { weightBeatRatio > 1 }
    /// Bytes of a beat of weights and constants.
    public var weightBeatBytes: Int { weightBeatRatio * beatBytes }
    /// Activation-wide fields of a beat of weights and constants: a wide one is full.
    public var weightBeatFields: Int { hasWideBeats ? weightBeatBytes * 8 / activationBits : granule }
    /// Weights (of svpe: codes) per activation-wide field of a beat.
    public var weightsPerField: Int { activationBits / element.weightBits }
    /// Weights (codes) that one beat carries.
    public var weightsPerBeat: Int { weightBeatFields * weightsPerField }
    /// Beats of one word of the weight buffer, the last one padded.
    public var weightBeats: Int { (inputs * outputs * terms + weightsPerBeat - 1) / weightsPerBeat }

    /// Bits of one channel's requantization constants: multiplier 16, bias 48.
    public static let constantBits = 64
    /// Beats of one word of the constant buffer.
    public var constantBeats: Int {
        let fields = outputs * AcceleratorParameters.constantBits / activationBits
        return (fields + weightBeatFields - 1) / weightBeatFields
    }

    /// Beats of one word of pre-activation constants.
    public var preActivationBeats: Int {
        let fields = granule * AcceleratorParameters.constantBits / activationBits
        return (fields + weightBeatFields - 1) / weightBeatFields
    }

    // MARK: lanes

    /// Register stages of a lane after its operands.
    public var laneStages: Int { element.lane.stages }

    /// DSP48E2 of a chain that sums products; nil: there are none.
    public var cascade: Int? { family.cascade }
    /// Chains of a dot product; without cascades each lane is one.
    public var chains: Int { inputs / (cascade ?? 1) }
    /// The last DSP48E2 of the one chain that has all inputs is the accumulator, too, unless it has two products.
    public var accumulatesInCascade: Bool { cascade == inputs && !packsProducts }

    /// Levels of the adder tree over the chains, a register stage each: ceil(log2 chains).
    public var treeLevels: Int {
        var levels = 0
        while (1 << levels) < chains { levels += 1 }
        return levels
    }

    /// Octaves that one pass of svpe covers: the accumulator is multiplied by 2^passOctaves between the passes of a
    /// multi-term weight. 0 for vpe, which needs one pass.
    public var passOctaves: Int { element.lane.passOctaves }
}
