/// One point of a sweep and what came of it.
package struct SweepRow: Sendable, Equatable, Encodable {
    /// Values by key.
    package var point: [String: String]
    /// Nil when the design could not be made.
    package var fits: Bool?
    /// Numbers of the report by key; resources only where the point was not simulated.
    package var numbers: [String: Double] = [:]
    /// Whether it was simulated (or estimated), equals the reference model where that was checked, and passes every
    /// constraint.
    package var isCandidate = false
    /// Why there is no result.
    package var error: String?
    /// Whether it has all the numbers of its mode.
    var isEvaluated = false
    /// Whether it counts as one that may run: it fits, or may be larger than the part.
    var mayRun = false
    /// The resource that the design needs most of; nil when it could not be made.
    var limiting: String?

    enum CodingKeys: String, CodingKey {
        case point, fits, numbers, error
        case isCandidate = "candidate"
    }

    /// A point of which nothing is known yet.
    init(point: [String: String]) { self.point = point }
}
