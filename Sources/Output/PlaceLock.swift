// One run at a time for each place: an advisory lock on a hidden file beside it. The system frees the lock of a process
// that dies, so that the file alone says nothing.

import Diagnostics
import Foundation

/// A lock that is held until `release`.
final class PlaceLock: Sendable {
    private let path: String
    private let descriptor: Int32

    private init(_ path: String, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Takes the lock. Throws `SystemError` of EWOULDBLOCK where another run holds it.
    static func take(_ path: String) throws(SystemError) -> PlaceLock {
        while true {
            let descriptor = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw SystemError() }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let error = SystemError()
                close(descriptor)
                throw error
            }
            // The run before may have removed the file between opening and locking.
            var mine = stat()
            if fstat(descriptor, &mine) == 0, let there = try? SystemCall.status(path, followingLinks: false),
                mine.st_ino == there.st_ino, mine.st_dev == there.st_dev
            {
                Leftovers.add(path)
                return PlaceLock(path, descriptor)
            }
            close(descriptor)
        }
    }

    /// Removes the file and frees the lock, in this order: a waiting run must not lock a file that goes.
    func release() {
        unlink(path)
        Leftovers.forget(path)
        close(descriptor)
    }
}

extension SystemError {
    /// For messages about a place that is to be written.
    var placeReason: String {
        code == EWOULDBLOCK ? "another run is writing there; wait for its end, or write elsewhere" : reason
    }
}
