// Files that a later run may use and that nobody misses: whole, or not there. Each is written under a hidden name of its
// own and renamed, so that runs side by side never see half a file. A folder that cannot be written, or files that cannot
// be read, are as good as an empty cache.

import Diagnostics
import Foundation

/// A folder of such files, no larger than a bound.
package struct CacheFolder: Sendable {
    /// The folder; it is made when the first file is kept.
    package let path: String
    /// Bytes that all files together may have.
    package let mostBytes: Int
    /// What the names of its files end in; whatever else is there is left alone.
    package let ending: String

    private static let hidden = ".new-"
    /// Unfinished files of runs that were killed are older than this, in seconds.
    private static let longestWrite = 3600.0

    /// Nothing is read or made yet.
    package init(_ path: String, mostBytes: Int, ending: String) {
        self.path = path
        self.mostBytes = mostBytes
        self.ending = ending
    }

    /// Whether there is a folder of that path, or one might be made: no file stands in its way.
    package static func isPossible(_ path: String) -> Bool {
        var place = URL(fileURLWithPath: path)
        while true {
            if let status = try? SystemCall.status(place.path, followingLinks: true) { return status.isFolder }
            guard !SystemCall.exists(place.path), place.path != "/" else { return false }
            place.deleteLastPathComponent()
        }
    }

    /// The bytes of a file, which counts as used now; nil where there is none, or one that another user has put there.
    package func read(_ name: String) -> Data? {
        let file = place(name)
        guard let status = try? SystemCall.status(file, followingLinks: false), status.isFile,
            status.st_uid == geteuid(), Int(status.st_size) <= mostBytes + 4096
        else { return nil }
        let data = FileManager.default.contents(atPath: file)
        if data != nil { utimes(file, nil) }
        return data
    }

    /// Keeps bytes behind a head, and lets go of the files that were not used for longest where they are too many. Nothing happens
    /// where the folder cannot be written.
    package func keep(_ head: Data, _ bytes: UnsafeRawBufferPointer, as name: String) {
        guard head.count + bytes.count <= mostBytes else { return }
        let new = "\(path)/\(CacheFolder.hidden)\(getpid())-\(UUID().uuidString)\(ending)"
        Leftovers.add(new)
        defer { Leftovers.forget(new) }
        do {
            try WholeFile.write(head, bytes, to: new)
            try Leftovers.whole { try SystemCall.rename(new, to: place(name)) }
        } catch {
            unlink(new)
            return
        }
        trim()
    }

    private func place(_ name: String) -> String { "\(path)/\(name)\(ending)" }

    private func trim() {
        var files: [(path: String, bytes: Int, used: Double)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where name.hasSuffix(ending) {
            let file = "\(path)/\(name)"
            guard let status = try? SystemCall.status(file, followingLinks: false), status.isFile else { continue }
            #if canImport(Darwin)
                let changed = status.st_mtimespec
            #else
                let changed = status.st_mtim
            #endif
            let used = Double(changed.tv_sec) + Double(changed.tv_nsec) / 1e9
            guard name.hasPrefix(CacheFolder.hidden) else {
                files.append((file, Int(status.st_size), used))
                continue
            }
            if Date().timeIntervalSince1970 - used > CacheFolder.longestWrite { unlink(file) }
        }
        var bytes = files.reduce(0) { $0 + $1.bytes }
        for file in files.sorted(by: { ($0.used, $0.path) < ($1.used, $1.path) }) where bytes > mostBytes {
            unlink(file.path)
            bytes -= file.bytes
        }
    }
}
