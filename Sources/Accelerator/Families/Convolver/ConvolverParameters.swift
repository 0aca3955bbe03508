// Parameters of the `convolver` family: the array of the n-BQ-NN paper (section V, figures 5 to 8;
// docs/PaperComparison.md names the paper).

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
    /// Where the rows of a convolver are summed.
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

    /// Register stages of a masked pixel.
    static let pixelStages = 1
    /// Register stages of a column adder after a chain's sum.
    var columnStages: Int {
        switch columnAdders {
        case .dsp: 2
        case .lut: 1
        }
    }
}
