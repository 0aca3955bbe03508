// What must go when the program ends before its work is done: unfinished files and folders, locks, children. One lock
// guards the list and every renaming into place, so that nothing half-removed ever gets a name that users see.

import Foundation
import Synchronization

/// The unfinished things of this process.
package enum Leftovers {
    private struct Known {
        var paths: Set<String> = []
        var children: Set<pid_t> = []
    }

    private static let known = Mutex(Known())

    static func add(_ path: String) { known.withLock { _ = $0.paths.insert(path) } }

    static func forget(_ path: String) { known.withLock { _ = $0.paths.remove(path) } }

    /// Runs steps that put something in its place: all of them or, when the program is ending, none.
    static func whole<Result>(_ steps: () throws -> Result) rethrows -> Result {
        try known.withLock { _ in try steps() }
    }

    /// A program that was started: it is told to end when this one does.
    package static func add(child: pid_t) { known.withLock { _ = $0.children.insert(child) } }

    /// A program that has ended.
    package static func forget(child: pid_t) { known.withLock { _ = $0.children.remove(child) } }

    /// Waits for ever where the program is ending already: whoever meets an error for that reason must not report it.
    package static func waitIfEnding() { known.withLock { _ in } }

    /// Removes all that is unfinished and ends the program with a status.
    package static func end(_ status: Int32) -> Never {
        known.withLock { known in
            for child in known.children { kill(child, SIGTERM) }
            for path in known.paths {
                // Another thread may be writing there still.
                for _ in 0..<100 where SystemCall.exists(path) {
                    OwnedTree.remove(path)
                    if SystemCall.exists(path) { usleep(10_000) }
                }
            }
            _exit(status)
        }
    }
}
