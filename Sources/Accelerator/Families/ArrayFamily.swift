// Array families: how lanes stand in the array and in which order they work. A family is a folder: its parameters, its
// compute engine, its array and its cycles. What all families have in common is in Shared and in Engines.

/// The array's family with the sizes that only it has.
public enum ArrayFamily: Sendable, Hashable, Codable {
    /// Output-stationary: `pixels` x `outputs` units of `inputs` lanes, one kernel position a cycle.
    case vector(VectorParameters)
    /// Weight-stationary: `outputs` clusters of `inputs` convolvers of K x K cells, behind line buffers.
    case convolver(ConvolverParameters)

    /// The family's name in configurations and reports.
    public var name: String {
        switch self {
        case .vector: "vector"
        case .convolver: "convolver"
        }
    }

    /// Kernel positions worked on in one cycle, for each input and output.
    public var kernelPositions: Int {
        switch self {
        case .vector: 1
        case .convolver(let convolver): convolver.kernel * convolver.kernel
        }
    }

    /// DSP48E2 of a chain that sums products over the inputs; nil: a tree in LUTs sums them.
    public var cascade: Int? {
        switch self {
        case .vector(let vector): vector.cascade
        case .convolver: nil
        }
    }

    /// What one DSP48E2 multiplies in a cycle.
    public var packing: VectorParameters.Packing {
        switch self {
        case .vector(let vector): vector.packing
        case .convolver: .none
        }
    }

    /// Whether the columns of a kernel may stand apart in the loop nest.
    public var dilates: Bool {
        switch self {
        case .vector(let vector): vector.dilates
        case .convolver: false
        }
    }
}
