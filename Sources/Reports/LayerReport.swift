/// One layer of the first image; every image takes the same cycles.
package struct LayerReport: Sendable, Codable, Equatable {
    package var name: String
    package var kind: String
    package var macs: Int
    /// compute_cycles + stall_cycles + fill_drain; of kind `host`: by the host's time model.
    package var cycles: Int
    /// Prediction of `cycles` without simulation, for memory that never makes the array wait.
    package var predictedCycles: Int
    package var startCycle: Int
    package var endCycle: Int
    /// Cycles in which a step of the loop nest was issued.
    package var computeCycles: Int
    package var stallCycles: Int
    package var fillDrain: Int
    /// macs / (lanes * cycles); 0 on the host.
    package var utilization: Double
    package var dramReadBytes: Int
    package var dramWriteBytes: Int
    /// Filters of 0, 1 and 2 signed powers of two; absent where there are none such.
    package var filtersByTerms: [Int]?
    /// Passes of single filters: F1 + 2 * F2 on lanes of one term.
    package var filterPasses: Int?

    /// F0/F1/F2.
    var filtersText: String? { filtersByTerms.map { $0.map(String.init).joined(separator: "/") } }
}
