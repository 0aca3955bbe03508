// Standard output and standard error as they are found: full, closed, or a pipe whose reader has gone.

import Foundation
import Synchronization

/// The streams that every program is given.
package enum StandardStreams {
    /// Why a stream took no more bytes.
    package enum Failure: Equatable, Sendable {
        /// The reader of a pipe has gone: nobody to tell.
        case readerGone
        /// The system's reason, such as "No space left on device".
        case refused(String)
    }

    private static let closed = Mutex<Set<Int32>>([])

    /// To be called first of all. A write that fails is then an error and no signal; a file that is opened later never
    /// takes the place of a stream that was closed.
    package static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            guard fcntl(descriptor, F_GETFD) < 0, errno == EBADF else { continue }
            closed.withLock { _ = $0.insert(descriptor) }
            // The lowest free number is given out, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// Writes all bytes, or says why not.
    package static func write(_ data: Data, to descriptor: Int32) -> Failure? {
        if closed.withLock({ $0.contains(descriptor) }) { return .refused("it is closed") }
        do throws(SystemError) {
            try SystemCall.write(data, to: descriptor)
            return nil
        } catch {
            return error.code == EPIPE ? .readerGone : .refused(error.reason)
        }
    }
}
