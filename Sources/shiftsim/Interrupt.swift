import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks the run to end, the second ends the program.
enum Interrupt {
    private static let flag = Atomic<Bool>(false)

    /// Whether a signal has come.
    static var isRequested: Bool { flag.load(ordering: .relaxed) }

    static func install() {
        flag.store(false, ordering: .relaxed)
        // A parent that starts programs from a thread with blocked signals hands that mask on.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGINT)
        sigaddset(&mask, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        signal(SIGINT) { _ in
            Interrupt.flag.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
        signal(SIGTERM) { _ in
            Interrupt.flag.store(true, ordering: .relaxed)
            signal(SIGTERM, SIG_DFL)
        }
    }
}
