// The settings of a trace comparison.

/// Which signals of two traces are compared, when, and how.
public struct TraceDiffOptions: Sendable, Equatable {
    /// A path prefix, e.g. `TOP.design`, taken off the paths of the first file. Signals without it are left out.
    public var prefixA: String
    /// The same for the second file.
    public var prefixB: String
    /// The signals compared, by path behind the prefix; nil for all. Each pattern must match in one of the files.
    public var filter: SignalFilter?
    /// Only what both files have counts: signals of both, in the times of both.
    public var commonOnly: Bool
    /// The sample times in the first file. When only one file has them, every time unit of the other one is a
    /// sample; when neither has, the files are compared at every time at which one of them changes.
    public var samplingA: TraceSampling?
    /// The sample times in the second file.
    public var samplingB: TraceSampling?
    /// Whether an unknown bit equals everything; otherwise it equals only an unknown bit. A signal is unknown
    /// before its first value.
    public var unknownMatchesAnything: Bool
    /// The number of differing signals after which the comparison stops, at least 1.
    public var limit: Int

    /// Options; every parameter has the default described at its property.
    public init(
        prefixA: String = "", prefixB: String = "", filter: SignalFilter? = nil, samplingA: TraceSampling? = nil,
        samplingB: TraceSampling? = nil, unknownMatchesAnything: Bool = false, limit: Int = 1,
        commonOnly: Bool = false
    ) {
        self.prefixA = prefixA
        self.prefixB = prefixB
        self.filter = filter
        self.samplingA = samplingA
        self.samplingB = samplingB
        self.unknownMatchesAnything = unknownMatchesAnything
        self.limit = limit
        self.commonOnly = commonOnly
    }
}
