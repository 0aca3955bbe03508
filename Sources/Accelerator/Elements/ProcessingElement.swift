// Processing elements: what one lane does in a cycle. A kind is a file beside this one, which says its name, widths,
// register stages and accepted weights and builds its lane; here the kinds are listed.

import Design

/// The processing element of an array, with the width of its weights.
public enum ProcessingElement: Sendable, Hashable, Codable {
    /// A shift by an n-bit power-of-two code, in LUTs; n = 1...5.
    case svpe(weightBits: Int)
    /// A fixed-point multiply in a DSP48E2; weights of 4, 8 or 16 bits.
    case vpe(weightBits: Int)

    /// Kinds of processing elements, whatever the width of their weights.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case svpe, vpe

        private var lane: any LaneKind.Type {
            switch self {
            case .svpe: ShiftElement.self
            case .vpe: MultiplyElement.self
            }
        }

        /// What a lane is, for the table of keys.
        public var meaning: String { lane.meaning }
        /// Whether stored weights are codes of signed powers of two; else they are integers.
        public var storesPowersOfTwo: Bool { lane.storesPowersOfTwo }
        /// Widths of a stored weight, ascending.
        public var acceptedWeightBits: [Int] { lane.acceptedWeightBits }
        /// The same as text: a range, or a list.
        public var acceptedWidths: String {
            let widths = acceptedWeightBits
            let isRange = widths.count > 2 && widths.last! - widths.first! == widths.count - 1
            return isRange ? "\(widths.first!)...\(widths.last!)" : widths.map(String.init).joined(separator: ", ")
        }
        /// Most terms of a weight that a lane adds in one cycle.
        public var mostTerms: Int { lane.mostTerms }
        /// Whether lanes can hand a sum on to each other along the DSP48E2 cascade.
        public var cascades: Bool { lane.cascades }

        /// The element of this kind whose weights have so many bits.
        public func element(weightBits: Int) -> ProcessingElement {
            switch self {
            case .svpe: .svpe(weightBits: weightBits)
            case .vpe: .vpe(weightBits: weightBits)
            }
        }
    }

    /// Which kind it is.
    public var kind: Kind {
        switch self {
        case .svpe: .svpe
        case .vpe: .vpe
        }
    }

    /// What the kind's file says.
    var lane: any LaneKind {
        switch self {
        case .svpe(let bits): ShiftElement(weightBits: bits)
        case .vpe(let bits): MultiplyElement(weightBits: bits)
        }
    }

    /// The kind's name in configurations and reports.
    public var name: String { kind.rawValue }

    /// Bits of a stored weight.
    public var weightBits: Int {
        switch self {
        case .svpe(let bits), .vpe(let bits): bits
        }
    }

    /// Bits of a signed power of two's code (`PowerOfTwoCode`); nil: a stored weight is the integer itself.
    public var powerOfTwoBits: Int? { lane.powerOfTwoBits }

    /// Whether some stored weight is zero. Where none is, channels that do not exist must have zeros for activations.
    public var hasZeroWeight: Bool { lane.hasZeroWeight }
}

/// What one kind of processing element is, and how it is built in each family.
protocol LaneKind: Sendable {
    /// What the lane is: a noun phrase for the table of keys.
    static var meaning: String { get }
    /// See `ProcessingElement.Kind.storesPowersOfTwo`.
    static var storesPowersOfTwo: Bool { get }
    /// Widths of a stored weight, ascending.
    static var acceptedWeightBits: [Int] { get }
    /// Most terms of a weight that a lane adds in one cycle.
    static var mostTerms: Int { get }
    /// See `ProcessingElement.Kind.cascades`.
    static var cascades: Bool { get }

    /// Bits of a stored weight.
    var weightBits: Int { get }
    /// Whether stored weights are two's complement; else they are codes.
    var hasSignedWeights: Bool { get }
    /// See `ProcessingElement.powerOfTwoBits`.
    var powerOfTwoBits: Int? { get }
    /// See `ProcessingElement.hasZeroWeight`.
    var hasZeroWeight: Bool { get }
    /// Register stages of a lane after its operands.
    var stages: Int { get }
    /// See `AcceleratorParameters.passOctaves`.
    var passOctaves: Int { get }
    /// Family `convolver`: cycles between a cell's pixel register and the register of its active weight.
    var weightDelay: Int { get }
    /// Family `convolver`: a cell's sum leaves a DSP48E2, whose P is wider than the sum.
    var sumsInDSP: Bool { get }

    /// Bits of a product of `terms` terms, signed.
    func productBits(activationBits: Int, terms: Int) -> Int

    /// Family `vector`, in the current instance array: the product of `x` and a weight, `stages` cycles later.
    /// `weights` has a signal for each term, `enables` one for each stage.
    func makeProduct(_ x: Signal, _ weights: [Signal], enables: [Signal], _ builder: inout DesignBuilder) -> Signal

    /// Family `convolver`, in the current instance array: a cell of a chain. Adds the product of the pixel and the
    /// active weight to the sum of the cell before.
    func makeCell(_ cell: ConvolverCell, _ builder: inout DesignBuilder) -> Signal
}

/// Operands and control of one cell of a convolver's chain.
struct ConvolverCell {
    /// The masked pixel.
    var pixel: Signal
    /// The weight buffer's word, a signal for each term.
    var weights: [Signal]
    /// The sum of the cell before; nil: the first of its chain.
    var before: Signal?
    /// Bits of the cell's sum, signed.
    var sumBits: Int
    /// The shadow register takes the weight buffer's word.
    var load: Signal
    /// The shadow register's weight becomes the active one.
    var swap: Signal
    /// One for each register stage of the lane.
    var enables: [Signal]
}
