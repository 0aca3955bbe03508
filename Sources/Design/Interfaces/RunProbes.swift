// Nets by which a run is accounted for. The accelerator's elaboration names them; an observer counts them.

/// What the engines did in a cycle.
public struct RunProbes: Sendable, Hashable, Codable {
    /// The compute engine and what it waits for.
    public var compute: ComputeProbes
    /// The load engine works on an instruction; 1 bit.
    public var loadBusy: NetID
    /// The store engine works on an instruction; 1 bit.
    public var storeBusy: NetID
    /// A compute instruction has finished; 1 bit.
    public var computeFinish: NetID
    /// A store instruction has finished; 1 bit.
    public var storeFinish: NetID

    /// All of them.
    public var nets: [NetID] {
        let stream = compute.stream
        return [
            compute.issue, compute.busy, compute.waitsForStore, stream.valid, stream.ended, stream.takesLoad,
            stream.loadTokens, loadBusy, storeBusy, computeFinish, storeFinish,
        ]
    }

    /// All nets exist in one Design.
    public init(
        compute: ComputeProbes, loadBusy: NetID, storeBusy: NetID, computeFinish: NetID, storeFinish: NetID
    ) {
        self.compute = compute
        self.loadBusy = loadBusy
        self.storeBusy = storeBusy
        self.computeFinish = computeFinish
        self.storeFinish = storeFinish
    }
}

/// What the compute engine did in a cycle: nets of 1 bit each.
public struct ComputeProbes: Sendable, Hashable, Codable {
    /// A step of the loop nest (or stream) is issued.
    public var issue: NetID
    /// The engine works on an instruction.
    public var busy: NetID
    /// The instruction waits for results to be stored, and for nothing else.
    public var waitsForStore: NetID
    /// Its instruction stream.
    public var stream: StreamProbes

    /// All nets exist in one Design.
    public init(issue: NetID, busy: NetID, waitsForStore: NetID, stream: StreamProbes) {
        self.issue = issue
        self.busy = busy
        self.waitsForStore = waitsForStore
        self.stream = stream
    }
}

/// The compute engine's instruction, and the tokens of the loads that it takes.
public struct StreamProbes: Sendable, Hashable, Codable {
    /// An instruction is there; 1 bit.
    public var valid: NetID
    /// The stream has ended; 1 bit.
    public var ended: NetID
    /// The instruction takes a token of the loads; 1 bit.
    public var takesLoad: NetID
    /// Tokens of the loads that are there, 4 bits.
    public var loadTokens: NetID

    /// All nets exist in one Design.
    public init(valid: NetID, ended: NetID, takesLoad: NetID, loadTokens: NetID) {
        self.valid = valid
        self.ended = ended
        self.takesLoad = takesLoad
        self.loadTokens = loadTokens
    }
}
