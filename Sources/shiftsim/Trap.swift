import Diagnostics
import Foundation

/// A trap: a defect of this program, or memory that the system refused, which Swift cannot report otherwise. The user
/// gets one line instead of a dump of the stack; who wants the dump sets SWIFT_BACKTRACE.
enum Trap {
    private static let line: StaticString =
        "shiftsim: ended by a trap: a defect of this program, or memory that the system refused (ulimit -v, cgroups)\n"

    static func install() {
        guard ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] == nil else { return }
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
            signal(number) { _ in
                // Nothing but system calls here: the heap may be what failed.
                _ = write(STDERR_FILENO, Trap.line.utf8Start, Trap.line.utf8CodeUnitCount)
                _exit(ExitStatus.defect.rawValue)
            }
        }
    }
}
