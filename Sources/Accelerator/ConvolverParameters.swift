// Parameters of the `convolver` family: the array of the n-BQ-NN paper (section V, figures 5 to 8).

/// Sizes of a K x K convolver and of the psum buffer behind a cluster.
public struct ConvolverParameters: Sendable, Hashable, Codable {
    /// Where the K adders that sum a convolver's rows are.
    public enum ColumnAdders: String, Sendable, Hashable, Codable, CaseIterable {
        /// DSP48E2, as in the paper: C + PCIN.
        case dsp
        /// LUTs and CARRY8.
        case lut
    }

    /// K: the grid's rows (chains) and columns (cells of a chain).
    public var kernel: Int
    /// Window sizes at which results can leave the grid, ascending, K the last.
    public var taps: [Int]
    /// Pixels that a line buffer holds: the longest row of a tile.
    public var rowLength: Int
    public var columnAdders: ColumnAdders
    /// Words of outputs accumulators: results of one output group and tile, where they take several streams.
    public var psumDepth: Int

    /// Accepted kernels.
    public static let kernels = [3, 5, 7, 11]

    /// `taps` besides the kernel itself.
    public init(
        kernel: Int, taps: [Int] = [], rowLength: Int = 512, columnAdders: ColumnAdders = .dsp, psumDepth: Int = 1024
    ) {
        self.kernel = kernel
        self.taps = Set(taps + [kernel]).sorted()
        self.rowLength = rowLength
        self.columnAdders = columnAdders
        self.psumDepth = psumDepth
    }

    /// Index of the smallest tap that holds a kernel; nil when the grid does not.
    public func tap(height: Int, width: Int) -> Int? { taps.firstIndex { $0 >= max(height, width) } }

    /// Register stages of a column adder after a chain's sum.
    public var columnStages: Int { columnAdders == .dsp ? 2 : 1 }
}

extension AcceleratorParameters {
    /// Cycles from one stream's first slot to the next one's at least, for weights of `words` words: the next set is
    /// asked for from the cycle after the first slot, one word a cycle; the stream begins 2 cycles after the last one
    /// (buffer latch, output register).
    public func convolverInterval(words: Int) -> Int { words + 1 + 2 }

    /// Cycles by which a result's marker is delayed before the pipeline's own latency, for a window at tap T and
    /// `padLeft` columns of padding: the window is complete T - 1 - padLeft slots after its marker, and its T rows are
    /// summed one cycle after the other.
    public static func resultDelay(tap: Int, padLeft: Int) -> Int { 2 * (tap - 1) - padLeft }

    /// Cycles from a delayed marker until the adder tree has its result: 2 (buffer latch, output register) + 1 (gated
    /// pixel) + cell stages + column stages + tree levels.
    public var convolverLatency: Int { 3 + laneStages + (convolver?.columnStages ?? 0) + treeLevels }

    /// Slots of one stream.
    public static func streamSlots(_ i: Instruction) -> Int {
        (i[StreamField.lastStreamRow] + 1) * (i[StreamField.lastSlot] + 1)
    }

    /// Streams of a convolution: one per output group, pass and input group.
    public static func streams(_ i: Instruction) -> Int {
        (i[ComputeField.lastOutputGroup] + 1) * (i[ComputeField.lastPass] + 1) * (i[ComputeField.lastInputGroup] + 1)
    }

    /// Cycles that the compute engine takes for a convolution on the convolver family:
    ///   1 (begin)
    /// + words + 2 (the first stream's weights: all words, buffer latch and output register)
    /// + max(slots, words + 3) for every stream but the last
    /// + slots up to the last result's marker
    /// + result delay + latency up to the adder tree + 1 (accumulator) + 5 (requantization)
    public func convolverCycles(_ i: Instruction) -> Int {
        let words = (i[ComputeField.lastKernelRow] + 1) * (i[ComputeField.lastKernelColumn] + 1)
        let interval = max(AcceleratorParameters.streamSlots(i), convolverInterval(words: words))
        let last = i[StreamField.lastStreamRow] * (i[StreamField.lastSlot] + 1) + i[StreamField.lastResultSlot] + 1
        return 1 + words + 2 + (AcceleratorParameters.streams(i) - 1) * interval + last + i[StreamField.resultDelay]
            + convolverLatency + 1 + 5
    }
}
