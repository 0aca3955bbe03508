// Section `array`: the accelerator's sizes.

import Accelerator
import Networks

/// The array of processing elements.
package struct ArraySettings: Sendable, Hashable {
    /// How lanes work together, with the keys that only that family has.
    package enum Family: Sendable, Hashable {
        case vector
        case convolver(ConvolverSettings)

        /// The family's name, as `array.family` has it.
        package var name: String {
            switch self {
            case .vector: "vector"
            case .convolver: "convolver"
            }
        }
    }

    /// What one lane does in a cycle.
    package var element: ProcessingElement.Kind
    package var family: Family
    package var outputs: Int
    package var inputs: Int
    package var pixels: Int
    /// Powers of two of a weight that a svpe lane adds in one cycle.
    package var terms: Int
    /// Bits of a stored weight; nil takes what the quantization needs.
    package var weightBits: Int?
    /// Width of the accumulators; nil takes a width that 2^14 products cannot overflow.
    package var accumulatorBits: Int?
    /// An affine layer and a ReLU on the read path; nil: where the network needs it.
    package var preActivation: Bool?
    /// Family `vector`: kernels whose columns stand apart; nil: where the network has such.
    package var dilation: Bool?

    /// Largest array, in lanes.
    var mostLanes: Int {
        switch family {
        case .vector: 8192
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
    /// The keys of family `convolver`, for those that list them; nil: the family has none.
    var convolver: ConvolverSettings? {
        switch family {
        case .vector: nil
        case .convolver(let convolver): convolver
        }
    }

    init(_ node: ConfigNode?, file: String) throws {
        let keys = [
            "family", "pe", "outputs", "inputs", "pixels", "kernel", "taps", "row_length", "column_adders", "terms",
            "weight_bits", "accumulator_bits", "pre_activation", "dilation",
        ]
        let section = try ConfigSection(node, path: "array", keys: keys, file: file)
        let familyName = try section.word("family", oneOf: ["vector", "convolver"])
        let kinds = ProcessingElement.Kind.allCases.map(\.rawValue)
        element = try section.word("pe", oneOf: kinds).flatMap(ProcessingElement.Kind.init) ?? .svpe
        outputs = try section.integer("outputs", in: 1...64) ?? 16
        inputs = try section.integer("inputs", in: 1...64) ?? 16
        pixels = try section.integer("pixels", in: 1...64) ?? 1
        family =
            familyName == "convolver" ? .convolver(try ConvolverSettings(section, pixels: pixels)) : .vector
        switch family {
        case .convolver: break
        case .vector:
            for key in ConvolverSettings.keys where section.node(key) != nil {
                throw section.error(key, "is a key of family convolver; family vector runs every kernel: remove it")
            }
        }
        terms = try section.integer("terms", in: 1...2) ?? 1
        if terms > element.mostTerms {
            throw section.error("terms", "is 2; a vpe lane multiplies once per cycle; accepted: 1")
        }
        weightBits = try section.integer("weight_bits", in: 1...16)
        accumulatorBits = try section.integer("accumulator_bits", in: 16...48)
        preActivation = try section.word("pre_activation", oneOf: ["auto", "true", "false"]).flatMap(Bool.init)
        dilation = try section.word("dilation", oneOf: ["auto", "true", "false"]).flatMap(Bool.init)
        switch family {
        case .vector: break
        case .convolver:
            guard dilation != true else {
                throw section.error(
                    "dilation", "is true; family convolver has zeros in its kernels instead; accepted: auto, false")
            }
        }
    }
}
