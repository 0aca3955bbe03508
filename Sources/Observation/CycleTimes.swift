// When cycles begin, in picoseconds: an exact fraction, rounded for each cycle alone, so that nothing accumulates.
//
// Cycle t begins at t * 10^6 / MHz, rounded to the nearest picosecond, and clk falls in its middle, rounded down. The
// clock's frequency is taken as the decimal number that it was written as.

/// The times of a clock's edges.
public struct CycleTimes: Sendable, Equatable {
    /// The period is `numerator / denominator` picoseconds.
    private let numerator: UInt128
    private let denominator: UInt128
    /// The period where it is a whole number.
    private let whole: UInt64?

    /// A clock of a positive frequency of up to 17 digits.
    public init(megahertz: Double) {
        precondition(megahertz > 0 && megahertz.isFinite, "a clock needs a frequency")
        // "333.25" is 33325 / 10^2; "1e-05" and "1e+16" have a power behind the digits.
        let parts = "\(megahertz)".split(separator: "e")
        let halves = parts[0].split(separator: ".")
        let fraction = halves.count > 1 ? halves[1] : ""
        let power = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - fraction.count
        let digits = UInt128(halves[0] + fraction) ?? 1
        self.init(
            numerator: 1_000_000 * Self.power(of10: max(0, -power)),
            denominator: digits * Self.power(of10: max(0, power)))
    }

    /// A clock with a period of whole picoseconds.
    public init(picoseconds: UInt64) { self.init(numerator: UInt128(picoseconds), denominator: 1) }

    private init(numerator: UInt128, denominator: UInt128) {
        self.numerator = numerator
        self.denominator = denominator
        whole = numerator % denominator == 0 ? UInt64(numerator / denominator) : nil
    }

    private static func power(of10 exponent: Int) -> UInt128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    /// The time at which a cycle begins.
    public func start(of cycle: Int) -> UInt64 {
        if let whole { return UInt64(cycle) * whole }
        return UInt64((2 * UInt128(cycle) * numerator + denominator) / (2 * denominator))
    }

    /// The time at which the clock falls in a cycle.
    public func middle(of cycle: Int) -> UInt64 {
        if let whole { return UInt64(cycle) * whole + whole / 2 }
        return UInt64((2 * UInt128(cycle) + 1) * numerator / (2 * denominator))
    }
}
