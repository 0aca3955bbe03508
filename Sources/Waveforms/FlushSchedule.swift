// When a recorder puts into the file what it has: a killed run lacks the last seconds only.

import Foundation

/// Moments by the clock: soon after the start, then at doubling intervals up to a longest.
public struct FlushSchedule: Sendable {
    private let longest: Double
    private var interval: Double
    private var due: Double?

    /// A schedule in seconds. Sections of a waveform compress badly when they are small, and what a run loses when it is
    /// killed is worth at most `longest` of its time.
    public init(first: Double = 0.5, longest: Double = 4) {
        self.longest = longest
        interval = first
    }

    /// Whether a moment has come since the last one; the first call starts the clock.
    public mutating func isDue() -> Bool { isDue(at: ProcessInfo.processInfo.systemUptime) }

    mutating func isDue(at now: Double) -> Bool {
        guard let moment = due else {
            due = now + interval
            return false
        }
        guard now >= moment else { return false }
        interval = min(longest, interval * 2)
        due = now + interval
        return true
    }
}
