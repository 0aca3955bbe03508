/// One layer of the first image; every image takes the same cycles.
public struct LayerReport: Sendable, Codable, Equatable {
    public var name: String
    public var kind: String
    public var macs: Int
    /// compute_cycles + stall_cycles + fill_drain; of kind `host`: by the host's time model.
    public var cycles: Int
    /// Prediction of `cycles` without simulation, for memory that never makes the array wait.
    public var predictedCycles: Int
    public var startCycle: Int
    public var endCycle: Int
    /// Cycles in which a step of the loop nest was issued.
    public var computeCycles: Int
    public var stallCycles: Int
    public var fillDrain: Int
    /// macs / (lanes * cycles); 0 on the host.
    public var utilization: Double
    public var dramReadBytes: Int
    public var dramWriteBytes: Int
    /// Filters of 0, 1 and 2 signed powers of two; absent where there are none such.
    public var filtersByTerms: [Int]?
    /// Passes of single filters: F1 + 2 * F2 on lanes of one term.
    public var filterPasses: Int?

    /// F0/F1/F2.
    var filtersText: String? { filtersByTerms.map { $0.map(String.init).joined(separator: "/") } }
}
