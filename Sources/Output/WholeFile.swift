// The one way to put bytes into a file of results, with the system's reason where it takes no more.

import Diagnostics
import Foundation

/// A file that grows from its beginning to its end.
package final class GrowingFile {
    private let path: String
    private var descriptor: Int32

    /// Makes the file, or empties it. Throws `InputError`.
    package init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw GrowingFile.failure(path, SystemError()) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Writes at the end. Throws `InputError`.
    package func append(_ data: Data) throws {
        do { try SystemCall.write(data, to: descriptor) } catch { throw GrowingFile.failure(path, error) }
    }

    /// Closes the file; some systems keep an error until then. Throws `InputError`.
    package func finish() throws {
        guard descriptor >= 0 else { return }
        let status = close(descriptor)
        descriptor = -1
        guard status == 0 else { throw GrowingFile.failure(path, SystemError()) }
    }

    /// Writes bytes where they lie. Throws `InputError`.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        do { try SystemCall.write(bytes, to: descriptor) } catch { throw GrowingFile.failure(path, error) }
    }

    fileprivate static func failure(_ path: String, _ error: SystemError) -> InputError {
        InputError(at: path, "the file cannot be written: \(error.reason)")
    }
}

/// Files whose bytes are all there.
package enum WholeFile {
    /// Writes a file, replacing what it held; `makingFolders` makes those above it. Throws `InputError`.
    package static func write(_ data: Data, to path: String, makingFolders: Bool = false) throws {
        if makingFolders { try makeFolders(above: path) }
        let file = try GrowingFile(path)
        try file.append(data)
        try file.finish()
    }

    /// Writes bytes behind a head, where they lie; makes the folders above the file. Throws `InputError`.
    static func write(_ head: Data, _ bytes: UnsafeRawBufferPointer, to path: String) throws {
        try makeFolders(above: path)
        let file = try GrowingFile(path)
        try file.append(head)
        try file.append(bytes)
        try file.finish()
    }

    /// Writes a text.
    package static func write(_ text: String, to path: String, makingFolders: Bool = false) throws {
        try write(Data(text.utf8), to: path, makingFolders: makingFolders)
    }

    private static func makeFolders(above path: String) throws {
        var missing: [String] = []
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        while !SystemCall.exists(folder.path) {
            missing.append(folder.path)
            folder.deleteLastPathComponent()
        }
        for folder in missing.reversed() {
            do throws(SystemError) {
                try SystemCall.makeFolder(folder)
            } catch {
                // Somebody else may have made it meanwhile.
                guard error.code == EEXIST else { throw GrowingFile.failure(path, error) }
            }
        }
    }
}
