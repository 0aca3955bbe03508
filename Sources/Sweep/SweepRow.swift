/// One point of a sweep and what came of it.
package struct SweepRow: Sendable, Equatable, Encodable {
    /// Values of the axes.
    package var point: [String: String]
    /// Nil when the design could not be made.
    package var fits: Bool?
    /// Numbers of the report by key; resources only where the point was not simulated.
    package var numbers: [String: Double]
    /// Whether it was simulated, equals the reference model where that was checked, and passes every constraint.
    package var isCandidate: Bool
    /// Why there is no result.
    package var error: String?

    enum CodingKeys: String, CodingKey {
        case point, fits, numbers, error
        case isCandidate = "candidate"
    }
}
