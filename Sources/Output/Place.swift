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
        let absolute = Place.absolute(given)
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
        let name = Place.name(absolute)
        var above = Place.above(absolute)
        while !SystemCall.exists(above) {
            missing.insert(Place.name(above), at: 0)
            above = Place.above(above)
        }
        // What is not there has no folder above it but the one that its name says.
        guard !(missing + [name]).contains("..") else { throw SystemError(ENOENT) }
        missing.removeAll { $0 == "." }
        guard try SystemCall.status(above, followingLinks: true).isFolder else { throw SystemError(ENOTDIR) }
        var folder = try SystemCall.realPath(above)
        let folders = missing.map { name in
            folder = (folder == "/" ? "" : folder) + "/" + name
            return folder
        }
        return Place(
            given: given, path: (folder == "/" ? "" : folder) + "/" + name, status: nil, missingFolders: folders)
    }

    /// The path from the root, without slashes at its end. Nothing is folded: ".." behind a link is above the
    /// folder that the link names, as the system has it.
    private static func absolute(_ path: String) -> String {
        var path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        while path.count > 1, path.last == "/" { path.removeLast() }
        return path
    }

    private static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }

    private static func above(_ path: String) -> String {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        return "/" + folder
    }

    /// The path of a file below this one; nil where it is elsewhere.
    func inside(_ file: String) -> String? {
        let absolute = file.hasPrefix("/") ? file : path + "/" + file
        let found = (try? Place.find(absolute))?.path ?? absolute
        guard found.hasPrefix(path + "/") else { return nil }
        return String(found.dropFirst(path.count + 1))
    }
}
