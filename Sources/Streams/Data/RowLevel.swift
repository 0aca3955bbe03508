// Vector units that rows are computed on.

import RowKernels

/// Who computes rows.
package enum RowLevel: Sendable, Hashable {
    /// this module
    case swift
    /// the C kernels, for the vector unit that `rk_level` numbers
    case c(Int32)

    /// The best that this processor runs.
    package static var best: RowLevel { .c(rk_level()) }

    /// Whether vectors count toggles. Without them rows would be written down for nothing but their toggles, which takes
    /// longer than the plain kernel does.
    package var countsToggles: Bool {
        if case .c(1...) = self { return true }
        return false
    }

    /// All that this processor runs, by name, the best one last.
    package static var available: KeyValuePairs<String, RowLevel> {
        switch rk_level() {
        case 0: ["swift": .swift, "c": .c(0)]
        case 1: ["swift": .swift, "c": .c(0), "avx2": .c(1)]
        default: ["swift": .swift, "c": .c(0), "avx2": .c(1), "avx512": .c(2)]
        }
    }
}
