// The calls of the system that writing needs, each with the system's reason where it fails.

import Foundation

/// What the system says when it refuses.
package struct SystemError: Error, Equatable {
    /// `errno`.
    package let code: Int32

    /// The error of a code, by default of the last call.
    package init(_ code: Int32 = errno) { self.code = code }

    /// "No space left on device".
    package var reason: String { String(cString: strerror(code)) }
}

enum SystemCall {
    /// Writes all bytes, whatever part of them a call takes.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let written = Foundation.write(descriptor, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
            if written >= 0 {
                done += written
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            default: throw SystemError()
            }
        }
    }

    /// Writes all of some data.
    static func write(_ data: Data, to descriptor: Int32) throws(SystemError) {
        let failure = data.withUnsafeBytes { bytes -> SystemError? in
            do throws(SystemError) {
                try write(bytes, to: descriptor)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    static func makeFolder(_ path: String, mode: mode_t = 0o777) throws(SystemError) {
        guard mkdir(path, mode) == 0 else { throw SystemError() }
    }

    static func rename(_ path: String, to target: String) throws(SystemError) {
        guard Foundation.rename(path, target) == 0 else { throw SystemError() }
    }

    /// Lets two paths change their names in one step.
    static func exchange(_ path: String, _ other: String) throws(SystemError) {
        #if canImport(Glibc)
            // Glibc declares it for GNU sources only, which Swift's module of it is not.
            typealias Rename =
                @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
            guard let symbol = dlsym(nil, "renameat2") else { throw SystemError(ENOSYS) }
            let exchange: UInt32 = 1 << 1
            let status = unsafeBitCast(symbol, to: Rename.self)(AT_FDCWD, path, AT_FDCWD, other, exchange)
        #else
            let status = renamex_np(path, other, UInt32(RENAME_SWAP))
        #endif
        guard status == 0 else { throw SystemError() }
    }

    /// Waits until a file or folder is on the device. Kinds that cannot be synced count as synced.
    static func sync(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else { throw SystemError() }
    }

    /// Where a path leads; links are followed only if asked for.
    static func status(_ path: String, followingLinks: Bool) throws(SystemError) -> stat {
        var status = stat()
        guard (followingLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { throw SystemError() }
        return status
    }

    /// Whether there is anything of that name, a link to nothing included.
    static func exists(_ path: String) -> Bool { (try? status(path, followingLinks: false)) != nil }

    /// The path without links.
    static func realPath(_ path: String) throws(SystemError) -> String {
        guard let found = realpath(path, nil) else { throw SystemError() }
        defer { free(found) }
        return String(cString: found)
    }
}

extension stat {
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isFile: Bool { st_mode & S_IFMT == S_IFREG }
}
