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
}
