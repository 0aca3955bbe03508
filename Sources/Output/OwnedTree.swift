// Folders of results say what they hold: a marker file lists every file that ShiftSim wrote. Whatever else is in such a
// folder is somebody else's, and is neither replaced nor removed.

import Foundation

/// The marker of a folder.
struct FolderMarker: Equatable {
    static let name = ".shiftsim"
    private static let opening = "ShiftSim wrote this folder: "
    private static let explanation =
        "The next run into it replaces it as a whole, if it holds nothing but what is listed here."

    /// The command that wrote the folder.
    var command: String
    /// Paths in the folder; one that ends in "/" is a folder with everything in it.
    var entries: Set<String>

    var text: String {
        ([FolderMarker.opening + command, FolderMarker.explanation] + entries.sorted()).joined(separator: "\n") + "\n"
    }

    init(command: String, entries: Set<String>) {
        self.command = command
        self.entries = entries
    }

    /// The marker of a folder; nil where none says that ShiftSim wrote it.
    init?(of folder: String) {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(FolderMarker.name)") else { return nil }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count >= 2, lines[0].hasPrefix(FolderMarker.opening) else { return nil }
        command = String(lines[0].dropFirst(FolderMarker.opening.count))
        entries = Set(lines[2...])
    }

    /// The first thing in the folder that the marker does not list; nil where there is none.
    func stranger(in folder: String) -> String? {
        let parents = Set(entries.flatMap(FolderMarker.parents))
        return OwnedTree.contents(folder).sorted { $0.path < $1.path }.first { entry in
            if entry.path == FolderMarker.name { return false }
            let above = FolderMarker.parents(entry.path)
            if above.contains(where: { entries.contains($0 + "/") }) { return false }
            return entry.isFolder
                ? !parents.contains(entry.path) && !entries.contains(entry.path + "/") : !entries.contains(entry.path)
        }?.path
    }

    /// Folders of a path: "a/b/c" is in "a" and "a/b".
    private static func parents(_ path: String) -> [String] {
        let parts = path.split(separator: "/")
        return (1..<max(1, parts.count)).map { parts.prefix($0).joined(separator: "/") }
    }
}

/// Folders that this program made.
enum OwnedTree {
    struct Entry {
        var path: String
        var isFolder: Bool
    }

    /// Everything below a folder, links not followed.
    static func contents(_ folder: String) -> [Entry] {
        guard let names = FileManager.default.enumerator(atPath: folder) else { return [] }
        return names.compactMap { name in
            guard let path = name as? String,
                let status = try? SystemCall.status("\(folder)/\(path)", followingLinks: false)
            else { return nil }
            return Entry(path: path, isFolder: status.isFolder)
        }
    }

    /// Whether nothing is in a folder.
    static func isEmpty(_ folder: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? false
    }

    /// Removes a file, or a folder with all that this program put there. What is somebody else's (put there in the
    /// moment of replacing) gets a name that can be seen.
    static func remove(_ path: String) {
        if let marker = FolderMarker(of: path), marker.stranger(in: path) != nil {
            for entry in contents(path) where marker.entries.contains(entry.path) { unlink("\(path)/\(entry.path)") }
            unlink("\(path)/\(FolderMarker.name)")
            try? SystemCall.rename(path, to: visibleName(beside: path, ending: "left"))
        } else {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// A free name beside a hidden one.
    static func visibleName(beside path: String, ending: String) -> String {
        let url = URL(fileURLWithPath: path)
        var name = url.lastPathComponent
        for prefix in Place.hiddenPrefixes where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
        var number = 1
        while true {
            let suffix = number == 1 ? ending : "\(ending)\(number)"
            let free = url.deletingLastPathComponent().appendingPathComponent("\(name).\(suffix)").path
            if !SystemCall.exists(free) { return free }
            number += 1
        }
    }
}
