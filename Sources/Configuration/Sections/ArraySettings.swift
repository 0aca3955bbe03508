// Section `array`: the accelerator's sizes.

import Accelerator

/// The array of processing elements.
package struct ArraySettings: Sendable, Hashable {
    /// How lanes work together, as `array.family` names it.
    enum FamilyName: String, Sendable, Hashable, CaseIterable {
        case vector
        case convolver
    }

    /// How lanes work together, with the keys that only that family has.
    package enum Family: Sendable, Hashable {
        /// Output-stationary; its keys stand beside the sizes.
        case vector
        /// Weight-stationary, behind line buffers.
        case convolver(ConvolverSettings)
    }

    /// What one lane does in a cycle.
    package var element = ProcessingElement.Kind.svpe
    /// Output channels worked on in one cycle.
    package var outputs = 16
    /// Input channels worked on in one cycle.
    package var inputs = 16
    /// Output pixels worked on in one cycle.
    package var pixels = 1
    /// Powers of two of a weight that a svpe lane adds in one cycle.
    package var terms = 1
    /// Bits of a stored weight; nil takes what the quantization needs.
    package var weightBits: Int?
    /// Width of the accumulators; nil takes a width that 2^14 products cannot overflow.
    package var accumulatorBits: Int?
    /// An affine layer and a ReLU on the read path; nil: where the network needs it.
    package var preActivation: Bool?
    /// Family `vector`: kernels whose columns stand apart; nil: where the network has such.
    package var dilation: Bool?

    /// Family `vector`: where products are summed.
    package var sum = VectorParameters.Sum.tree
    /// Family `vector`: DSP48E2 of a cascade; nil: as many as there are inputs, or as packed products allow.
    package var cascade: Int?
    /// Family `vector`: what one DSP48E2 multiplies in a cycle.
    package var packing = VectorParameters.Packing.none

    var familyName = FamilyName.vector
    /// Of no meaning in family `vector`.
    fileprivate var convolver = ConvolverSettings()

    /// The family with its own keys.
    package var family: Family {
        switch familyName {
        case .vector: .vector
        case .convolver: .convolver(convolver)
        }
    }

    /// Lengths of chains that divide the inputs, as long as packed products allow, ascending.
    package var cascadeLengths: [Int] {
        let most = packing == .int8 ? PackedProducts.mostProducts : inputs
        return (1...inputs).filter { inputs % $0 == 0 && $0 <= most }
    }

    /// Largest array, in lanes.
    var mostLanes: Int {
        switch family {
        case .vector: 16384
        case .convolver: 32768
        }
    }
    /// Multiplies or shifts per cycle.
    var lanes: Int {
        switch family {
        case .vector: outputs * inputs * pixels
        case .convolver(let convolver): outputs * inputs * pixels * convolver.kernel * convolver.kernel
        }
    }
}

/// The grid of a convolver and its line buffers.
package struct ConvolverSettings: Sendable, Hashable {
    /// K of K x K cells.
    package var kernel = 3
    /// Taps besides the kernel, ascending.
    package var taps: [Int] = []
    /// Pixels that a line buffer holds.
    package var rowLength = 512
    /// Where a convolver's rows are summed.
    package var columnAdders = ConvolverParameters.ColumnAdders.dsp
}

// MARK: - Keys

extension ArraySettings {
    static let keys = sizeKeys + convolverKeys + elementKeys + sumKeys + [packingKey]

    private static let sizeKeys = [
        ConfigKey.word("array.family", \.array.familyName, "see docs/Architecture.md"),
        ConfigKey.word(
            "array.pe", \.array.element,
            "one lane: " + ProcessingElement.Kind.allCases.map(\.meaning).joined(separator: ", or ")),
        ConfigKey.integer(
            "array.outputs", \.array.outputs, in: 1...64,
            "output channels worked on in one cycle; up to 16,384 lanes = outputs * inputs * pixels, `convolver` up to "
                + "32,768 lanes = outputs * inputs * kernel * kernel"),
        ConfigKey.integer("array.inputs", \.array.inputs, in: 1...64, "input channels worked on in one cycle"),
        ConfigKey.integer(
            "array.pixels", \.array.pixels, in: 1...64, "output pixels worked on in one cycle; `convolver` 1"
        ).rule { configuration in
            guard configuration.array.familyName == .convolver, configuration.array.pixels != 1 else { return nil }
            return "is \(configuration.array.pixels); a convolver has one window per cycle; accepted: 1"
        },
    ]

    private static let convolverKeys: [ConfigKey] = [
        ConfigKey.integer(
            "array.kernel", \.array.convolver.kernel, oneOf: ConvolverParameters.kernels,
            "`convolver` only: K: a convolver has K x K cells; larger kernels are an error, but for fully connected "
                + "layers"),
        tapsKey,
        ConfigKey.integer(
            "array.row_length", \.array.convolver.rowLength, in: 1...4096,
            "`convolver` only: pixels that a line buffer holds; longer rows are cut into tiles"),
        ConfigKey.word(
            "array.column_adders", \.array.convolver.columnAdders,
            "`convolver` only: where a convolver's rows are summed"),
    ].map {
        $0.only(
            when: { $0.array.familyName == .convolver },
            else: "is a key of family convolver; family vector runs every kernel: remove it")
    }

    private static let tapsKey = ConfigKey(
        "array.taps", .list(.integersOf(ConvolverParameters.kernels), counts: 0...Int.max),
        "`convolver` only: smaller kernels, up to `kernel`, for which the cells beyond are clock-gated"
    ) { section, name, configuration in
        let kernels = ConvolverParameters.kernels
        let list = try section.list(name, accepted: kernels.map(String.init).joined(separator: ", ")) { node -> Int? in
            ConfigSection.integer(node).flatMap { kernels.contains($0) ? $0 : nil }
        }
        guard let list else { return }
        if let twice = list.first(where: { kernel in list.count { $0 == kernel } > 1 }) {
            throw section.error(name, "\(twice) is given twice; accepted: each kernel once")
        }
        configuration.array.convolver.taps = list.sorted()
    } write: { configuration, _ in
        "\(configuration.array.convolver.taps)"
    }.rule { configuration in
        let convolver = configuration.array.convolver
        guard let large = convolver.taps.last, large > convolver.kernel else { return nil }
        let within = ConvolverParameters.kernels.filter { $0 <= convolver.kernel }.map(String.init)
        return "\(large) lies outside array.kernel \(convolver.kernel); accepted: \(within.joined(separator: ", "))"
    }

    private static let sumKeys = [
        ConfigKey.word(
            "array.sum", \.array.sum,
            "`vector`: products are summed in a tree of LUTs, or, of `vpe`, along the DSP48E2 that multiply, the last one "
                + "of which accumulates"
        ).rule { configuration in
            let array = configuration.array
            guard array.sum == .cascade else { return nil }
            if array.familyName == .convolver {
                return "is cascade; family convolver sums its inputs in a tree, its cells along cascades of their own; "
                    + "accepted: tree"
            }
            guard array.element.cascades else {
                return
                    "is cascade; a \(array.element.rawValue) lane has no DSP48E2 that could hand a sum on; accepted: "
                    + "tree"
            }
            let device = configuration.device.device
            guard !device.takesEmittedText else { return nil }
            return
                "is cascade; a DSP48E1 of \(device.name) cannot add its own sum, its neighbour's and a product at once; "
                + "accepted: tree"
        },
        ConfigKey.integer(
            "array.cascade", \.array.cascade, or: "auto", in: 1...64,
            "`sum: cascade`: DSP48E2 of a chain, a divisor of `inputs`, no more than a column of the device has and, with "
                + "`packing: int8`, than \(PackedProducts.mostProducts); a dot product of several chains adds them in LUTs. "
                + "`auto`: as many as `inputs`, or the most that `packing` allows"
        ).only(
            when: { $0.array.sum == .cascade },
            else: "is a key of array.sum cascade; accepted: no such key with sum tree"
        ).rule { configuration in
            let (array, column) = (configuration.array, configuration.device.device.dspColumn.value)
            let lengths = array.cascadeLengths.filter { $0 <= column }
            guard let length = array.cascade, !lengths.contains(length) else { return nil }
            let limit =
                array.packing == .int8
                ? ", and with array.packing int8 at most \(PackedProducts.mostProducts) products" : ""
            return
                "is \(length); a chain has a part of the \(array.inputs) inputs, all chains alike\(limit); accepted: "
                + "auto, " + lengths.map(String.init).joined(separator: ", ")
        },
    ]

    private static let packingKey = ConfigKey.word(
        "array.packing", \.array.packing,
        "`vector`, `vpe`: products of a DSP48E2 in a cycle: one, or, `int8`, those of an activation of 8 bits with the "
            + "weights, of 8 bits, of two neighbouring outputs, whose number is even"
    ).rule { configuration in
        let (array, bits) = (configuration.array, PackedProducts.operandBits)
        guard array.packing == .int8 else { return nil }
        if array.familyName == .convolver {
            return "is int8; a family convolver cell has one DSP48E2 and one product; accepted: none"
        }
        guard array.element == .vpe else {
            return "is int8; a \(array.element.rawValue) lane has no DSP48E2; accepted: none"
        }
        guard array.outputs.isMultiple(of: 2) else {
            return "is int8; two outputs share a DSP48E2, and array.outputs is \(array.outputs); accepted: none, or "
                + "an even array.outputs"
        }
        guard configuration.quantization.activationBits == bits else {
            return "is int8; quantization.activation_bits is \(configuration.quantization.activationBits); accepted: "
                + "none, or quantization.activation_bits \(bits)"
        }
        if let width = configuration.fixedWeightBits, width != bits {
            return configuration.packingNeedsBytes(weightBits: width)
        }
        let device = configuration.device.device
        guard !device.takesEmittedText else { return nil }
        return "is int8; port A of a DSP48E1 of \(device.name) has 25 bits, two weights take 27; accepted: none"
    }

    private static let elementKeys = [
        ConfigKey.integer(
            "array.terms", \.array.terms, in: 1...2,
            "powers of two of a weight that a `svpe` lane adds in one cycle; 1 runs two-term weights as two passes"
        ).rule {
            $0.array.terms > $0.array.element.mostTerms
                ? "is 2; a \($0.array.element.rawValue) lane multiplies once per cycle; accepted: 1" : nil
        },
        ConfigKey.integer(
            "array.weight_bits", \.array.weightBits, or: "auto", in: 1...16,
            "bits of a stored weight; `auto`: see below"
        ).documented(
            accepted: "`auto`, "
                + ProcessingElement.Kind.allCases.map { "\($0.rawValue) \($0.acceptedWidths)" }.joined(separator: ", ")
                + "; not wider than activations"),
        ConfigKey.integer(
            "array.accumulator_bits", \.array.accumulatorBits, or: "auto", in: 16...48,
            "`auto`: product bits + log2 of the most weights of an output, that at least 14; at most 48. Too few for "
                + "the network's weights is an error"),
        ConfigKey.automatic(
            "array.pre_activation", \.array.preActivation,
            "a normalization and a ReLU between memory and the buffers, which DenseNet needs; `auto`: where the "
                + "network does. `false` with such a network is an error"),
        ConfigKey.automatic(
            "array.dilation", \.array.dilation,
            "`vector`: kernels whose columns stand apart; `auto`: where the network has such. `convolver` has zeros in "
                + "its kernels instead, and needs taps of the extent"
        ).rule {
            $0.array.dilation == true && $0.array.familyName == .convolver
                ? "is true; family convolver has zeros in its kernels instead; accepted: auto, false" : nil
        },
    ]
}
