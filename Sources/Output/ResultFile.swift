// One file of results. It is written under a hidden name beside its place, which ends like its own, synced and renamed:
// a run that fails leaves an older file as it was. A waveform of a simulation whose name is free is written in its place,
// so that it can be opened while the run goes on and after a run that was killed (docs/decisions/014).

import Diagnostics
import Foundation
import Synchronization

/// Where a command puts a single file.
package final class ResultFile: Sendable {
    private let place: Place
    private let option: String
    /// Nil for a device or pipe, which many may write.
    private let lock: PlaceLock?
    private let isEnded = Atomic<Bool>(false)
    /// Where the bytes go until `publish`.
    package let workingPath: String

    private init(_ place: Place, _ option: String, _ lock: PlaceLock?, _ workingPath: String) {
        self.place = place
        self.option = option
        self.lock = lock
        self.workingPath = workingPath
    }

    /// Takes the place: nobody else may write there. `growsInPlace`: the file is written under its own name if that is
    /// free. `option` is how the user named it. Throws `InputError` for a place that cannot be written.
    package static func prepare(_ path: String, option: String, growsInPlace: Bool = false) throws -> ResultFile {
        guard !path.isEmpty else {
            throw InputError(at: option, "is empty; accepted: a path in a folder that is there")
        }
        do {
            let place = try Place.find(path)
            guard place.missingFolders.isEmpty else { throw SystemError(ENOENT) }
            if let status = place.status {
                guard !status.isFolder else {
                    throw InputError(at: path, "is a folder (\(option)); accepted: a path of a file")
                }
                guard status.isFile else { return ResultFile(place, option, nil, place.path) }
                guard access(place.path, W_OK) == 0 else { throw SystemError() }
            }
            let lock = try PlaceLock.take(place.lockPath)
            OwnedTree.remove(place.newPath)
            let isInPlace = growsInPlace && place.status == nil
            if !isInPlace { Leftovers.add(place.newPath) }
            return ResultFile(place, option, lock, isInPlace ? place.path : place.newPath)
        } catch let error as SystemError {
            throw InputError(
                at: path,
                "the file cannot be written (\(option)): \(error.placeReason); accepted: a path in a folder that can be "
                    + "written")
        }
    }

    /// Whether the place is a pipe or a device, written where it stands.
    package var isStream: Bool { lock == nil }

    /// A text with the final path in place of the hidden one.
    package func named(_ text: String) -> String { text.replacing(place.newPath, with: place.path) }

    /// Writes all bytes of the file. Throws `InputError` with its final path and the system's reason.
    package func write(_ data: Data) throws {
        do {
            try WholeFile.write(data, to: workingPath)
        } catch var error as InputError {
            error.place = named(error.place)
            throw error
        }
    }

    /// Syncs the file and gives it its name. Throws `InputError`.
    package func publish() throws {
        do {
            if lock != nil {
                try SystemCall.sync(workingPath)
                if workingPath != place.path {
                    if let status = place.status { chmod(workingPath, status.st_mode & 0o7777) }
                    try Leftovers.whole { try SystemCall.rename(workingPath, to: place.path) }
                }
                try? SystemCall.sync(place.folder)
            }
        } catch let error as SystemError {
            discard()
            throw InputError(at: place.given, "the file cannot be written (\(option)): \(error.reason)")
        }
        end()
    }

    /// Removes what was not published; an older file stays as it was.
    package func discard() {
        guard !isEnded.load(ordering: .relaxed) else { return }
        if lock != nil { unlink(workingPath) }
        end()
    }

    private func end() {
        guard !isEnded.exchange(true, ordering: .relaxed) else { return }
        Leftovers.forget(place.newPath)
        lock?.release()
    }
}
