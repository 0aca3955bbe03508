// Nets by which a run is accounted for. The accelerator's elaboration names them; an observer counts them.

/// What the engines did in a cycle: nets of 1 bit each.
public struct RunProbes: Sendable, Hashable, Codable {
    /// A step of the compute engine's loop nest (or stream) is issued.
    public var computeIssue: NetID
    /// The compute engine holds an instruction.
    public var computeBusy: NetID
    /// The compute engine's instruction waits for results to be stored.
    public var computeWaitsForStore: NetID
    /// A store instruction has finished.
    public var storeFinish: NetID

    /// All nets exist in one Design.
    public init(computeIssue: NetID, computeBusy: NetID, computeWaitsForStore: NetID, storeFinish: NetID) {
        self.computeIssue = computeIssue
        self.computeBusy = computeBusy
        self.computeWaitsForStore = computeWaitsForStore
        self.storeFinish = storeFinish
    }
}
