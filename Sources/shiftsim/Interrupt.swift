import Diagnostics
import Foundation
import Output
import Synchronization

/// Ctrl-C and SIGTERM. A run that asks for them ends by itself, with what was finished; before it asks, and in commands
/// that never do, the first signal removes what is unfinished and ends the program. So does the second in every case.
enum Interrupt {
    private static let isSent = Atomic<Bool>(false)
    private static let isAskedFor = Atomic<Bool>(false)
    private static let alarm = Atomic<Int32>(-1)

    /// Whether a signal has come. Who asks once must go on asking.
    static var isRequested: Bool {
        if !isAskedFor.load(ordering: .relaxed) { isAskedFor.store(true, ordering: .relaxed) }
        return isSent.load(ordering: .relaxed)
    }

    /// Watches for signals from now on.
    static func install() {
        // A handler may do next to nothing: it wakes a thread that may do everything.
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        alarm.store(ends[1], ordering: .relaxed)
        let source = ends[0]
        Thread.detachNewThread {
            var byte: UInt8 = 0
            while read(source, &byte, 1) != 1 {}
            Console.message("shiftsim: interrupted")
            Leftovers.end(ExitStatus.interrupted.rawValue)
        }
        // A parent that starts programs from a thread with blocked signals hands that mask on.
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&mask, number)
            signal(number) { _ in Interrupt.receive() }
        }
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    private static func receive() {
        let isFirst = !isSent.exchange(true, ordering: .relaxed)
        if isFirst && isAskedFor.load(ordering: .relaxed) { return }
        var byte: UInt8 = 1
        _ = write(alarm.load(ordering: .relaxed), &byte, 1)
    }
}
