// The progress line of a command: what it does, how far it is, and the time that is left or has passed.

import Preparation

/// A phase, and how much of it is done.
package struct PhaseProgress: Sendable, Equatable {
    /// What is done.
    package var phase: Phase
    /// 0...1; nil where nobody knows.
    package var fraction: Double?

    /// A phase at its beginning, unless told otherwise.
    package init(_ phase: Phase, _ fraction: Double? = nil) {
        self.phase = phase
        self.fraction = fraction
    }
}

/// Words for the progress line.
package enum ProgressText {
    /// One line of at most `width` characters. `seconds` are those since the phase began.
    package static func line(_ progress: PhaseProgress, seconds: Double, width: Int = 80) -> String {
        var text = words(progress.phase)
        if let fraction = progress.fraction, fraction > 0 {
            text += ": \(Int(100 * min(1, fraction))) %, \(time(seconds * (1 - min(1, fraction)) / fraction)) left"
        } else {
            text += ", \(time(seconds)) so far"
        }
        return String(text.prefix(max(0, width)))
    }

    private static func words(_ phase: Phase) -> String {
        switch phase {
        case .reading: "reading"
        case .quantizing: "quantizing"
        case .elaborating: "elaborating"
        case .simulating(let image, let count): "simulating image \(image) of \(count)"
        case .checking: "checking"
        case .sweeping(let done, let count): "\(done) of \(count) points"
        }
    }

    /// Such as `7 s`, `3 min 20 s` or `2 h 5 min`.
    private static func time(_ seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 1e9)).rounded(.up))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }
}
