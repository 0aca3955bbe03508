// A file opened for reading at any offset, and the unpacked content of one that is wrapped in gzip.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A readable file descriptor that is closed with its owner. Reading has no position, so that passes may share it.
final class InputFile: Sendable {
    let path: String
    /// The length in bytes when the file was opened.
    let count: Int
    private let descriptor: Int32

    init(path: String) throws(WaveformError) {
        self.path = path
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw OutputFile.failure("open", path) }
        descriptor = opened
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            count = 0
            throw OutputFile.failure("open", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            count = 0
            throw .file(action: "open", path: path, reason: "it is not a regular file")
        }
        count = Int(status.st_size)
    }

    /// A file that the caller opened.
    init(path: String, descriptor: Int32, count: Int) {
        self.path = path
        self.descriptor = descriptor
        self.count = count
    }

    deinit { _ = close(descriptor) }

    /// The bytes from `offset` on; they must lie inside the file.
    func read(at offset: Int, count wanted: Int) throws -> ByteStore {
        guard offset >= 0, wanted >= 0, offset <= count, wanted <= count - offset else { throw ByteReader.truncated }
        let store = try ByteStore(count: wanted)
        var done = 0
        while done < wanted {
            let got = pread(descriptor, store.base + done, wanted - done, off_t(offset + done))
            if got < 0 {
                if errno == EINTR { continue }
                throw OutputFile.failure("read", path)
            }
            guard got > 0 else { throw Malformed(reason: "it became shorter while it was read") }
            done += got
        }
        return store
    }
}
