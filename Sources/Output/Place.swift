// Where a command is told to write: links followed, and everything that can be known before the run is known.

import Diagnostics
import Foundation

/// A path for results.
struct Place {
    /// As the user wrote it.
    let given: String
    /// Absolute, without links as far as it exists.
    let path: String
    /// Nil where nothing is there yet.
    let status: stat?
    /// Folders above that do not exist yet, outermost first.
    let missingFolders: [String]

    static let hiddenPrefixes = [".shiftsim-new-", ".shiftsim-old-", ".shiftsim-lock-"]

    var folder: String { URL(fileURLWithPath: path).deletingLastPathComponent().path }
    private var name: String { URL(fileURLWithPath: path).lastPathComponent }
    /// Where the results are made; ends like the path, so that a waveform there can be opened.
    var newPath: String { folder + "/" + Place.hiddenPrefixes[0] + name }
    /// Where an older result is for a moment, on file systems that cannot exchange two names.
    var oldPath: String { folder + "/" + Place.hiddenPrefixes[1] + name }
    var lockPath: String { folder + "/" + Place.hiddenPrefixes[2] + name }

    /// Finds a place. Throws `SystemError` where nothing can be written.
    static func find(_ given: String) throws(SystemError) -> Place {
        let absolute = URL(fileURLWithPath: given).standardizedFileURL.path
        do {
            let status = try SystemCall.status(absolute, followingLinks: true)
            // What is no file or folder, such as a pipe, is written where it stands.
            let isPlain = status.isFolder || status.isFile
            return Place(
                given: given, path: isPlain ? try SystemCall.realPath(absolute) : absolute, status: status,
                missingFolders: [])
        } catch {
            guard error.code == ENOENT, !SystemCall.exists(absolute) else { throw error }
        }
        var missing: [String] = []
        var above = URL(fileURLWithPath: absolute).deletingLastPathComponent()
        while !SystemCall.exists(above.path) {
            missing.insert(above.lastPathComponent, at: 0)
            above.deleteLastPathComponent()
        }
        guard try SystemCall.status(above.path, followingLinks: true).isFolder else { throw SystemError(ENOTDIR) }
        var folder = try SystemCall.realPath(above.path)
        let folders = missing.map { name in
            folder = (folder == "/" ? "" : folder) + "/" + name
            return folder
        }
        let name = URL(fileURLWithPath: absolute).lastPathComponent
        return Place(
            given: given, path: (folder == "/" ? "" : folder) + "/" + name, status: nil, missingFolders: folders)
    }

    /// The path of a file below this one; nil where it is elsewhere.
    func inside(_ file: String) -> String? {
        let absolute = URL(fileURLWithPath: file, relativeTo: URL(fileURLWithPath: path, isDirectory: true))
            .standardizedFileURL.path
        let found = (try? Place.find(absolute))?.path ?? absolute
        guard found.hasPrefix(path + "/") else { return nil }
        return String(found.dropFirst(path.count + 1))
    }
}
