// Splits a plain or compressed VCD into words without holding it in memory.
//
// Unsafe memory: `position <= filled <= capacity`; a word is a range of the buffer and valid until the next call.

import CZlib

/// The words of a VCD file.
final class VCDInput {
    private let file: gzFile
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity = 1 << 18
    private var filled = 0
    private var position = 0
    private var reachedEnd = false
    private var isAtStart: Bool
    /// The offset, in unpacked bytes, of the start of the buffer.
    private var bufferOffset: Int
    /// The file ended inside a compressed block.
    private(set) var isCut = false
    /// The last word given stands at the end of the file without white space behind it, so that it may be the
    /// beginning of a longer one.
    private(set) var isWordOpen = false

    /// Opens a file at an offset in its unpacked text.
    init(path: String, offset: Int = 0) throws {
        guard let opened = gzopen(path, "rb") else { throw OutputFile.failure("open", path) }
        file = opened
        gzbuffer(opened, 1 << 17)
        buffer = .allocate(capacity: capacity)
        bufferOffset = offset
        isAtStart = offset == 0
        if offset > 0 && gzseek(opened, offset, SEEK_SET) != offset {
            throw Malformed(reason: "it became shorter since it was opened")
        }
    }

    deinit {
        gzclose(file)
        buffer.deallocate()
    }

    /// The offset of the next byte in the unpacked text.
    var offset: Int { bufferOffset + position }

    /// The next word, nil at the end; see `isWordOpen`.
    func word() throws -> UnsafeBufferPointer<UInt8>? {
        while true {
            while position < filled && buffer[position] <= 0x20 { position += 1 }
            if position < filled { break }
            if try !fill() { return nil }
        }
        var length = 0
        while true {
            let start = buffer + position
            let available = filled - position
            while length < available && start[length] > 0x20 { length += 1 }
            if length < available { break }
            if try !fill() {
                isWordOpen = true
                break
            }
        }
        defer { position += length }
        return UnsafeBufferPointer(start: buffer + position, count: length)
    }

    /// Moves the started word to the front and reads more behind it; false at the end.
    private func fill() throws -> Bool {
        if reachedEnd { return false }
        let rest = filled - position
        buffer.update(from: buffer + position, count: rest)
        bufferOffset += position
        position = 0
        filled = rest
        if filled == capacity { try grow() }
        let got = gzread(file, buffer + filled, UInt32(capacity - filled))
        if got < 0 { throw Malformed(reason: "its compressed data is damaged near byte \(offset)") }
        if got == 0 {
            reachedEnd = true
            var code: Int32 = 0
            gzerror(file, &code)
            if code == Z_BUF_ERROR { isCut = true }
            return false
        }
        filled += Int(got)
        if isAtStart { skipByteOrderMark() }
        return true
    }

    /// A UTF-8 byte order mark says nothing and is passed over.
    private func skipByteOrderMark() {
        isAtStart = false
        if filled >= 3 && buffer[0] == 0xEF && buffer[1] == 0xBB && buffer[2] == 0xBF { position = 3 }
    }

    private func grow() throws {
        guard capacity < TraceLimits.wordBytes else {
            throw TraceLimits.passed("the word at byte \(offset) is too long", TraceLimits.wordBytes)
        }
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
        larger.update(from: buffer, count: filled)
        buffer.deallocate()
        buffer = larger
        capacity *= 2
    }
}
