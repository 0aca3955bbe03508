// A file opened for writing, with errors that name the path and the system's reason.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A writable file descriptor that is closed with its owner.
final class OutputFile {
    let path: String
    /// The next byte `append` writes to.
    private(set) var position: UInt64 = 0
    /// Called after every write, so that tests can look at the states a killed run leaves.
    var didWrite: (() -> Void)?
    private var descriptor: Int32
    /// A pipe takes bytes at its end only: a VCD can be written into one, an FST cannot.
    private let isPipe: Bool

    /// Creates the file, or empties an existing one.
    init(path: String) throws(WaveformError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        isPipe = descriptor >= 0 && lseek(descriptor, 0, SEEK_CUR) < 0
        guard descriptor >= 0 else { throw Self.failure("create", path) }
    }

    deinit { if descriptor >= 0 { _ = systemClose(descriptor) } }

    static func failure(_ action: String, _ path: String) -> WaveformError {
        .file(action: action, path: path, reason: String(cString: strerror(errno)))
    }

    /// Writes at the end.
    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(WaveformError) {
        try write(bytes, at: position)
        position += UInt64(bytes.count)
    }

    /// Writes over earlier bytes.
    func write(_ bytes: UnsafeBufferPointer<UInt8>, at offset: UInt64) throws(WaveformError) {
        var done = 0
        while done < bytes.count {
            let start = bytes.baseAddress.unsafelyUnwrapped + done
            let written =
                isPipe && offset == position
                ? systemWrite(descriptor, start, bytes.count - done)
                : pwrite(descriptor, start, bytes.count - done, off_t(offset) + off_t(done))
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.failure("write", path)
            }
            done += written
        }
        didWrite?()
    }

    /// Cuts the file to `length` bytes.
    func truncate(to length: UInt64) throws(WaveformError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw Self.failure("write", path) }
        position = length
    }

    /// Closes the file and reports errors the system kept until then.
    func finish() throws(WaveformError) {
        guard descriptor >= 0 else { return }
        let result = systemClose(descriptor)
        descriptor = -1
        guard result == 0 else { throw Self.failure("write", path) }
    }

    /// Removes the file, for a writer that could not even complete its creation. Devices stay.
    func discard() {
        guard descriptor >= 0 else { return }
        var status = stat()
        if fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG { _ = unlink(path) }
        _ = systemClose(descriptor)
        descriptor = -1
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

/// Seconds of a clock that never runs backwards.
func monotonicSeconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int(now.tv_sec)
}

extension OutputFile {
    /// Whether two paths name the same existing file.
    static func isSame(_ first: String, _ second: String) -> Bool {
        var one = stat()
        var other = stat()
        guard stat(first, &one) == 0, stat(second, &other) == 0 else { return false }
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }
}
