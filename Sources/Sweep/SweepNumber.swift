// Numbers as text: sweep.csv, and the values of a range.

import Foundation

enum SweepNumber {
    /// A number with the digits that a double carries, 15: integers exactly, and no digits that come from computing in
    /// binary (0.1 + 0.2 is 0.3).
    static func text(_ value: Double) -> String {
        if value == value.rounded() && abs(value) < 1e15 { return String(Int(value)) }
        return Double(String(format: "%.15g", value)).map { "\($0)" } ?? "\(value)"
    }
}
