import Dispatch
import Flows
import Foundation
import Preparation
import Synchronization

/// The line on standard error, where that is a terminal, that says what is being done and how long it will take. It is
/// drawn when the phase changes and twice a second, and gone when the command ends.
final class ProgressLine: Sendable {
    private struct State {
        var progress: PhaseProgress?
        /// Of the phase, in nanoseconds.
        var began: UInt64 = 0
        var drawn = 0
        var isOver = false
    }
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "progress-line")

    /// Nil where nobody would see it, or nobody wants to.
    init?(quiet: Bool) {
        guard !quiet, isatty(STDERR_FILENO) == 1 else { return nil }
        tick()
    }

    /// Takes what is done now.
    func show(_ progress: PhaseProgress) {
        state.withLock { state in
            let before = state.progress?.phase
            state.progress = progress
            guard !ProgressLine.isSame(before, progress.phase) else { return }
            if !ProgressLine.isContinued(before, progress.phase) { state.began = DispatchTime.now().uptimeNanoseconds }
            draw(&state)
        }
    }

    /// Takes the line away; nothing is drawn from then on.
    func finish() {
        state.withLock { state in
            let isFirst = !state.isOver
            state.isOver = true
            guard isFirst, state.drawn > 0 else { return }
            ProgressLine.write("\r" + String(repeating: " ", count: state.drawn) + "\r")
        }
    }

    /// Draws twice a second until the end.
    private func tick() {
        queue.asyncAfter(deadline: .now() + 0.5) { [weak self] in
            guard let self else { return }
            let goes = state.withLock { state in
                if !state.isOver { draw(&state) }
                return !state.isOver
            }
            if goes { tick() }
        }
    }

    private func draw(_ state: inout State) {
        guard !state.isOver, let progress = state.progress else { return }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - state.began) / 1e9
        let text = ProgressText.line(progress, seconds: seconds, width: Terminal.columns(STDERR_FILENO) - 1)
        ProgressLine.write("\r" + text + String(repeating: " ", count: max(0, state.drawn - text.count)))
        state.drawn = text.count
    }

    private static func isSame(_ before: Phase?, _ now: Phase) -> Bool { before == now }

    /// Images, and points of a sweep, follow each other in one phase.
    private static func isContinued(_ before: Phase?, _ now: Phase) -> Bool {
        switch (before, now) {
        case (.simulating, .simulating), (.sweeping, .sweeping): true
        case (_, .reading), (_, .quantizing), (_, .elaborating), (_, .checking), (_, .simulating), (_, .sweeping): false
        }
    }

    private static func write(_ text: String) { Console.note(text) }
}

/// The terminal, where there is one.
enum Terminal {
    /// Columns of the terminal behind a descriptor, at least 40; 80 where there is none or it does not say.
    static func columns(_ descriptor: Int32) -> Int {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return max(40, Int(size.ws_col))
    }
}
