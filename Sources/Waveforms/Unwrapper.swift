// Unpacks an FST that stands in gzip data: the wrapper block of the format itself (type 254: length, unpacked length,
// a gzip member) or a plain `.fst.gz`. The content goes into a temporary file that has no name, since an FST is read
// at any offset; its size is bounded by that of the packed file.

import CZlib

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Makes the content of a wrapped FST readable at any offset.
enum Unwrapper {
    private static let blockBytes = 1 << 18

    /// Whether gzip data starts like an FST.
    static func holdsFST(_ input: InputFile) throws -> Bool {
        try GzipSource(input, offset: 0).firstByte() == FSTLayout.Block.header.rawValue
    }

    /// The content of a file with a wrapper block.
    static func unwrap(_ input: InputFile) throws -> InputFile {
        let head = FSTLayout.blockHead + 8
        guard input.count > head else { throw Malformed(reason: "it is cut: its wrapper block passes the end") }
        let stated = try input.read(at: FSTLayout.blockHead, count: 8).withReader { try $0.bigEndian64() }
        let content = try unpack(input, offset: head)
        guard UInt64(content.count) == stated else {
            throw Malformed(
                reason: "it is cut: \(content.count) of the \(stated) bytes that its wrapper holds are there")
        }
        return content
    }

    /// The content of gzip data from `offset` on.
    static func unpack(_ input: InputFile, offset: Int = 0) throws -> InputFile {
        let source = try GzipSource(input, offset: offset)
        let limit = max(TraceLimits.wrapperBytes, input.count * TraceLimits.wrapperRatio)
        let target = try temporaryFile()
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: blockBytes)
        defer { buffer.deallocate() }
        var count = 0
        do {
            while true {
                let got = try source.read(into: buffer, count: blockBytes)
                if got == 0 { return InputFile(path: input.path, descriptor: target, count: count) }
                count += got
                guard count <= limit else {
                    throw TraceLimits.passed("its gzip data unpacks to too many bytes for its size", limit)
                }
                try write(buffer, count: got, to: target)
            }
        } catch {
            _ = close(target)
            throw error
        }
    }

    private static func write(_ bytes: UnsafeMutablePointer<UInt8>, count: Int, to descriptor: Int32) throws {
        var done = 0
        while done < count {
            let written = systemWrite(descriptor, bytes + done, count - done)
            if written < 0 {
                if errno == EINTR { continue }
                throw OutputFile.failure("write", "\(folder)/shiftsim-fst")
            }
            done += written
        }
    }

    private static var folder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    /// A file of this process alone that goes with its descriptor.
    private static func temporaryFile() throws(WaveformError) -> Int32 {
        var template = Array("\(folder)/shiftsim-fst-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0 else { throw OutputFile.failure("create", path) }
        _ = unlink(path)
        return descriptor
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// Gzip data of a file.
private final class GzipSource {
    private let file: gzFile

    init(_ input: InputFile, offset: Int) throws {
        let descriptor = open(input.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, lseek(descriptor, off_t(offset), SEEK_SET) == off_t(offset),
            let opened = gzdopen(descriptor, "rb")
        else { throw OutputFile.failure("open", input.path) }
        file = opened
    }

    deinit { gzclose(file) }

    /// The first byte, nil where there is none; a cut further on does not matter yet.
    func firstByte() -> UInt8? {
        var byte: UInt8 = 0
        return gzread(file, &byte, 1) == 1 ? byte : nil
    }

    /// Reads up to `count` bytes; 0 at the end.
    func read(into target: UnsafeMutablePointer<UInt8>, count: Int) throws(Malformed) -> Int {
        let got = gzread(file, target, UInt32(count))
        var code: Int32 = 0
        gzerror(file, &code)
        guard got >= 0, code == Z_OK || code == Z_STREAM_END else {
            throw Malformed(
                reason: code == Z_BUF_ERROR ? "it is cut inside of its gzip data" : "its gzip data is damaged")
        }
        return Int(got)
    }
}
