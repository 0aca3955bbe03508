/// Where the n-bit staircase changes level.
public enum ThresholdRule: String, Sendable, Codable, CaseIterable {
    /// 0.02, 0.07 and 0.14 of max |W|: the authors' published code. Defined for n = 3 only.
    case fixedFraction = "fixed-fraction"
    /// Mean and mean square of |W| are kept (equation 18 of the paper).
    case momentMatching = "moment-matching"
    /// Nearest level, at the scale of least squared error.
    case nearest
}
