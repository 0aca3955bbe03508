import Workflow

/// One point of a sweep and what came of it.
public struct SweepRow: Sendable, Equatable, Encodable {
    /// Values of the axes.
    public var point: [String: String]
    /// Nil when the design could not be made.
    public var fits: Bool?
    /// Numbers of the report by key; resources only where the point was not simulated.
    public var numbers: [String: Double]
    /// Whether it was simulated, equals the reference model where that was checked, and passes every constraint.
    public var isCandidate: Bool
    /// Why there is no result.
    public var error: String?

    enum CodingKeys: String, CodingKey {
        case point, fits, numbers, error
        case isCandidate = "candidate"
    }
}
