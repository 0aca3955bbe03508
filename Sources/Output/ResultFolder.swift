// A folder of results that is whole or absent at every moment. It is made under a hidden name beside its target, synced,
// and put in place by one renaming; an older result changes places with it and is removed then. A folder that holds
// anything but an older result of the same command is refused before anything runs (docs/decisions/014).

import Diagnostics
import Foundation
import Synchronization

#if MUTANTS
    import Mutants
#endif

/// Where a command puts a folder.
package final class ResultFolder: Sendable {
    private let place: Place
    private let command: String
    private let option: String
    private let lock: PlaceLock
    private let isPublished = Mutex(false)

    private init(_ place: Place, _ command: String, _ option: String, _ lock: PlaceLock) {
        self.place = place
        self.command = command
        self.option = option
        self.lock = lock
    }

    // MARK: before anything runs

    /// Takes the place for a run of `command`: nobody else may write there, and everything is refused that could not be
    /// put there in the end. Throws `InputError`.
    package static func prepare(_ path: String, for command: String, option: String = "-o") throws -> ResultFolder {
        guard !path.isEmpty else {
            throw InputError(at: option, "is empty; accepted: a folder that can be made or written")
        }
        do {
            let place = try Place.find(path)
            var made: [String] = []
            do {
                for folder in place.missingFolders {
                    try SystemCall.makeFolder(folder)
                    made.append(folder)
                }
                return try take(place, command, option)
            } catch {
                for folder in made.reversed() { rmdir(folder) }
                throw error
            }
        } catch let error as SystemError {
            throw refusal(path, option, error.placeReason)
        }
    }

    private static func refusal(_ path: String, _ option: String, _ reason: String) -> InputError {
        InputError(
            at: path,
            "the folder cannot be written (\(option)): \(reason); accepted: a folder that can be made or written")
    }

    private static func take(_ place: Place, _ command: String, _ option: String) throws -> ResultFolder {
        let lock = try PlaceLock.take(place.lockPath)
        do {
            clearAfterAKilledRun(place)
            let before = try? SystemCall.status(place.path, followingLinks: false)
            if let before { try check(place, before, command, option) }
            try SystemCall.makeFolder(place.newPath)
            Leftovers.add(place.newPath)
            if let before { chmod(place.newPath, before.st_mode & 0o7777) }
            return ResultFolder(place, command, option, lock)
        } catch {
            lock.release()
            throw error
        }
    }

    private static func clearAfterAKilledRun(_ place: Place) {
        if SystemCall.exists(place.oldPath) {
            if !SystemCall.exists(place.path) { try? SystemCall.rename(place.oldPath, to: place.path) }
            OwnedTree.remove(place.oldPath)
        }
        OwnedTree.remove(place.newPath)
    }

    private static func check(_ place: Place, _ status: stat, _ command: String, _ option: String) throws {
        guard status.isFolder else { throw refusal(place.given, option, "it is a file") }
        if let stranger = stranger(in: place.path, command) {
            throw InputError(
                at: place.given,
                "the folder cannot be written (\(option)): \(stranger); accepted: a new or empty folder, or one with "
                    + "nothing but results of \(command)")
        }
        let working = FileManager.default.currentDirectoryPath
        guard working != place.path, !working.hasPrefix(place.path + "/") else {
            throw refusal(place.given, option, "it is the working directory, which cannot be replaced as a whole")
        }
        let above = try SystemCall.status(place.folder, followingLinks: true)
        guard above.st_dev == status.st_dev else {
            throw refusal(place.given, option, "it is a mount point, which cannot be replaced as a whole")
        }
    }

    /// Why a folder is not to be replaced; nil where it is empty or an older result of the command.
    private static func stranger(in folder: String, _ command: String) -> String? {
        if OwnedTree.isEmpty(folder) { return nil }
        #if MUTANTS
            if isPlanted("output-foreign") { return nil }
        #endif
        guard let marker = FolderMarker(of: folder) else {
            return
                "it is not empty, and no file \(FolderMarker.name) in it says that ShiftSim wrote it; move or remove it"
        }
        if marker.command != command { return "it holds results of \(marker.command)" }
        return marker.stranger(in: folder).map { "it holds '\($0)', which ShiftSim did not write; move it" }
    }

    // MARK: while the run goes

    /// The folder to fill.
    package var url: URL { URL(fileURLWithPath: place.newPath, isDirectory: true) }

    /// Whether an older result is there, which stays until this one is published.
    package var hasOlderResult: Bool { SystemCall.exists(place.path) && !OwnedTree.isEmpty(place.path) }

    /// The final path of a file that is given relative to the folder, or absolute.
    package func path(of file: String) -> String {
        URL(fileURLWithPath: file, relativeTo: URL(fileURLWithPath: place.path, isDirectory: true)).path
    }

    /// Where to write a file that belongs into the folder, given relative to it or absolute; nil for one elsewhere.
    package func workingPath(of file: String) throws -> String? {
        guard let inside = place.inside(file) else { return nil }
        let path = place.newPath + "/" + inside
        do {
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw InputError(at: file, "the file cannot be written: \(SystemError().reason)")
        }
        return path
    }

    /// Puts a file into the folder. Throws `InputError` with its final path and the system's reason.
    package func write(_ name: String, _ data: Data) throws {
        try fill { try WholeFile.write(data, to: $0.appendingPathComponent(name).path, makingFolders: true) }
    }

    /// Puts a text into the folder.
    package func write(_ name: String, text: String) throws { try write(name, Data(text.utf8)) }

    /// Lets `body` write into the folder; its errors name the final paths.
    package func fill<Result>(_ body: (URL) throws -> Result) throws -> Result {
        do {
            return try body(url)
        } catch var error as InputError {
            error.place = named(error.place)
            throw error
        }
    }

    /// A text with the final path in place of the hidden one.
    package func named(_ text: String) -> String { text.replacing(place.newPath, with: place.path) }

    // MARK: the end

    /// Syncs the folder and puts it in its place. `built` are folders and files that its own scripts will make. Throws
    /// `InputError` where that is impossible now; the results are kept beside the place then.
    package func publish(built: [String] = []) throws {
        do {
            try seal(built)
        } catch let error as SystemError {
            throw InputError(at: place.path, "the folder cannot be written (\(option)): \(error.reason)")
        }
        do {
            try Leftovers.whole {
                if SystemCall.exists(place.path), let stranger = ResultFolder.stranger(in: place.path, command) {
                    throw InputError(at: place.given, stranger)
                }
                try exchange()
            }
        } catch {
            throw keepBeside(because: error)
        }
        isPublished.withLock { $0 = true }
        try? SystemCall.sync(place.folder)
        finish()
    }

    /// Writes the marker, and syncs every file and folder.
    private func seal(_ built: [String]) throws {
        let files = OwnedTree.contents(place.newPath)
        let folders = files.filter { $0.isFolder }.map(\.path)
        let bare = folders.filter { folder in !files.contains { $0.path.hasPrefix(folder + "/") } }.map { $0 + "/" }
        let marker = FolderMarker(
            command: command, entries: Set(files.filter { !$0.isFolder }.map(\.path) + bare + built))
        try write(FolderMarker.name, text: marker.text)
        for entry in files where !entry.isFolder { try? SystemCall.sync("\(place.newPath)/\(entry.path)") }
        for path in [FolderMarker.name] + folders { try SystemCall.sync("\(place.newPath)/\(path)") }
        try SystemCall.sync(place.newPath)
    }

    private func exchange() throws {
        guard SystemCall.exists(place.path), !OwnedTree.isEmpty(place.path) else {
            return try SystemCall.rename(place.newPath, to: place.path)
        }
        do {
            try SystemCall.exchange(place.newPath, place.path)
        } catch  where [EINVAL, ENOSYS, ENOTSUP].contains(error.code) {
            // Not on this file system: for a moment no result is in the place. A run that is killed just then leaves
            // the older one under `oldPath`, from where the next run takes it back.
            try SystemCall.rename(place.path, to: place.oldPath)
            do {
                try SystemCall.rename(place.newPath, to: place.path)
            } catch {
                try SystemCall.rename(place.oldPath, to: place.path)
                throw error
            }
        }
    }

    /// Results that cost a long run are not thrown away because somebody else has used their place.
    private func keepBeside(because error: any Error) -> InputError {
        let reason = (error as? SystemError)?.reason ?? (error as? InputError)?.message ?? "\(error)"
        let free = OwnedTree.visibleName(beside: place.newPath, ending: "new")
        do throws(SystemError) {
            try SystemCall.rename(place.newPath, to: free)
        } catch {
            return InputError(at: place.given, "the folder cannot be written (\(option)): \(reason), \(error.reason)")
        }
        return InputError(
            at: place.given,
            "the folder could not be replaced when the run had ended: \(reason); the results are in \(free)")
    }

    /// Removes what was not published, and folders that were made for it.
    package func discard() {
        guard !isPublished.withLock({ $0 }) else { return }
        finish()
        for folder in place.missingFolders.reversed() { rmdir(folder) }
    }

    /// The hidden names go: an unfinished result, or the older one after the exchange.
    private func finish() {
        guard !isFinished.exchange(true, ordering: .relaxed) else { return }
        OwnedTree.remove(place.newPath)
        OwnedTree.remove(place.oldPath)
        Leftovers.forget(place.newPath)
        lock.release()
    }

    private let isFinished = Atomic<Bool>(false)
}
