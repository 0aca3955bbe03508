// A folder for files that nobody keeps, in TMPDIR. A killed run's folder is removed by the next run that needs one.

import Diagnostics
import Foundation

/// A folder that goes with its owner.
package final class TemporaryFolder: Sendable {
    /// The folder.
    package let url: URL
    private let lock: PlaceLock

    private init(_ url: URL, _ lock: PlaceLock) {
        self.url = url
        self.lock = lock
    }

    private static let prefix = "shiftsim-tmp-"
    private static let lockName = ".lock"

    /// Makes a folder. Throws `EnvironmentProblem` with the system's reason.
    package static func make() throws -> TemporaryFolder {
        let place = FileManager.default.temporaryDirectory
        clear(place.path)
        let path = place.appendingPathComponent("\(prefix)\(getpid())-\(UUID().uuidString)").path
        do throws(SystemError) {
            try SystemCall.makeFolder(path, mode: 0o700)
            Leftovers.add(path)
            return TemporaryFolder(URL(fileURLWithPath: path), try PlaceLock.take("\(path)/\(lockName)"))
        } catch {
            throw EnvironmentProblem(
                message:
                    "the folder for temporary files '\(place.path)' cannot be written: \(error.reason); set TMPDIR "
                    + "to a folder that can")
        }
    }

    /// Removes folders of processes that are dead: no such number, and their lock is free.
    private static func clear(_ place: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(place)/\(name)"
            guard let process = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }), kill(process, 0) != 0,
                errno == ESRCH, let status = try? SystemCall.status(path, followingLinks: false), status.isFolder,
                status.st_uid == geteuid(), let lock = try? PlaceLock.take("\(path)/\(lockName)")
            else { continue }
            OwnedTree.remove(path)
            lock.release()
        }
    }

    deinit {
        OwnedTree.remove(url.path)
        lock.release()
        Leftovers.forget(url.path)
    }
}
