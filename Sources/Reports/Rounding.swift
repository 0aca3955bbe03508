// How numbers are rounded for people; which rounding a field has says its row (`shown`), the arithmetic is TextTable's.
// report.json, layers.csv and sweep.csv round nothing.

import Support

#if MUTANTS
    import Mutants
#endif

/// The form of a number in the tables of report.txt.
enum Rounding: Sendable, Equatable {
    /// To the next integer, in groups of three digits.
    case grouped
    /// To this many digits behind the point.
    case digits(Int)
    /// A ratio in percent, one digit behind the point.
    case percent

    /// A number's text.
    func text(_ number: Double) -> String {
        switch self {
        case .grouped: TextTable.fixed(number, 0)
        #if MUTANTS
            case .digits(let count): TextTable.fixed(number, isPlanted("report-rounding") ? count - 1 : count)
        #else
            case .digits(let count): TextTable.fixed(number, count)
        #endif
        case .percent: TextTable.percent(number)
        }
    }
}
