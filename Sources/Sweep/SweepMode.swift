// What a sweep does with each point.

import Configuration

/// The key `mode` of a sweep file.
package enum SweepMode: String, Sendable, CaseIterable {
    /// Simulates, and counts toggles.
    case full
    /// Simulates.
    case functional
    /// Simulates cycles, and no data.
    case timing
    /// Resources, peak rates and predicted cycles, without simulation.
    case estimate

    /// `run.mode` of the points.
    var run: RunSettings.Mode {
        switch self {
        case .full: .full
        case .functional, .estimate: .functional
        case .timing: .timing
        }
    }
}
