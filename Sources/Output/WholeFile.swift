import Diagnostics
import Foundation

/// The one way to put bytes that are all there into a file.
package enum WholeFile {
    /// Writes a file, replacing what it held; `makingFolders` makes those above it. Throws `InputError` with the system's
    /// reason.
    package static func write(_ data: Data, to path: String, makingFolders: Bool = false) throws {
        do {
            if makingFolders { try makeFolders(above: path) }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw SystemError() }
            let result = Result { try SystemCall.write(data, to: descriptor) }
            // Some systems keep an error until here.
            let closed = close(descriptor)
            try result.get()
            guard closed == 0 else { throw SystemError() }
        } catch let error as SystemError {
            throw InputError(at: path, "the file cannot be written: \(error.reason)")
        }
    }

    /// Writes a text.
    package static func write(_ text: String, to path: String, makingFolders: Bool = false) throws {
        try write(Data(text.utf8), to: path, makingFolders: makingFolders)
    }

    private static func makeFolders(above path: String) throws(SystemError) {
        var missing: [String] = []
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        while !SystemCall.exists(folder.path) {
            missing.append(folder.path)
            folder.deleteLastPathComponent()
        }
        for folder in missing.reversed() {
            do { try SystemCall.makeFolder(folder) } catch { guard error.code == EEXIST else { throw error } }
        }
    }
}
