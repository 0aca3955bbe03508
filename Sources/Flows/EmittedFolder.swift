// The folder of `emit-rtl`: only a new or empty folder, or one that emit-rtl has written, is written.

import Diagnostics
import Foundation

/// A folder that appears whole or not at all.
struct EmittedFolder {
    private let path: String

    init(_ path: String) { self.path = path }

    /// The file that marks a folder as written by `emit-rtl`.
    private static let marker = ".shiftsim-emit-rtl"

    /// Lets `fill` write a hidden folder beside the target, and renames it. Throws `InputError` when the target holds
    /// anything else or cannot be written.
    func write(_ fill: (URL) throws -> Void) throws {
        let target = URL(fileURLWithPath: path).standardizedFileURL
        try checkIsOurs(target)
        let staging = target.deletingLastPathComponent().appendingPathComponent(".shiftsim-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: staging) }
        do {
            try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
            try fill(staging)
            try Data().write(to: staging.appendingPathComponent(EmittedFolder.marker))
            try? FileManager.default.removeItem(at: target)
            try FileManager.default.moveItem(at: staging, to: target)
        } catch let error as CocoaError {
            throw InputError(at: "-o \(path)", "cannot be written: \(error.localizedDescription)")
        }
    }

    private func checkIsOurs(_ target: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: target.path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue else { throw InputError(at: "-o \(path)", "is a file; accepted: a folder") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: target.path)) ?? []
        if names.isEmpty || names.contains(EmittedFolder.marker) { return }
        throw InputError(
            at: "-o \(path)", "is not empty; accepted: a new or empty folder, or one that emit-rtl has written")
    }
}
