// A quantity that is known within bounds. Bounds are added as they stand: they hold whatever goes together with what.

/// A value between a low and a high bound.
public struct EnergyRange: Sendable, Hashable, Codable {
    /// The best guess.
    public var value: Double
    /// At least that.
    public var low: Double
    /// At most that.
    public var high: Double

    /// A value with its bounds.
    public init(_ value: Double, low: Double, high: Double) { (self.value, self.low, self.high) = (value, low, high) }

    /// Nothing.
    public static let zero = EnergyRange(0, low: 0, high: 0)

    /// Sum, bound by bound.
    public static func + (a: EnergyRange, b: EnergyRange) -> EnergyRange {
        EnergyRange(a.value + b.value, low: a.low + b.low, high: a.high + b.high)
    }

    /// Adds, bound by bound.
    public static func += (a: inout EnergyRange, b: EnergyRange) { a = a + b }

    /// Product of two quantities that are not negative, bound by bound.
    public static func * (a: EnergyRange, b: EnergyRange) -> EnergyRange {
        EnergyRange(a.value * b.value, low: a.low * b.low, high: a.high * b.high)
    }

    /// So many times; the factor is not negative.
    public static func * (a: EnergyRange, factor: Double) -> EnergyRange {
        EnergyRange(a.value * factor, low: a.low * factor, high: a.high * factor)
    }
}
