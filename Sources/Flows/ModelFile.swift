// One file that appears whole or not at all: written under a hidden name beside its place, and renamed.

import Diagnostics
import Foundation

/// Where a command puts a single model.
struct ModelFile {
    private let path: String
    private let url: URL

    /// Throws `InputError` for a path where no .onnx file can be.
    init(_ path: String) throws {
        self.path = path
        url = URL(fileURLWithPath: path).standardizedFileURL
        guard path.lowercased().hasSuffix(".onnx") else {
            throw InputError(at: path, "is no name of a model (-o); accepted: a path ending in .onnx")
        }
        let folder = url.deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            FileManager.default.isWritableFile(atPath: folder)
        else {
            throw InputError(
                at: path, "the file cannot be written (-o); accepted: a path in a folder that can be written")
        }
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            throw InputError(at: path, "is a folder (-o); accepted: a path ending in .onnx")
        }
    }

    /// Throws `InputError` when this is the file that is read.
    func require(isNot source: String?) throws {
        guard let source else { return }
        let other = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
        guard url.resolvingSymlinksInPath().path != other else {
            throw InputError(at: path, "is the model itself (-o); accepted: another path")
        }
    }

    /// Writes the bytes, lets `check` look at them under a hidden name that ends like the file's, and renames.
    func write(_ data: Data, check: (String) throws -> Void) throws {
        let hidden = url.deletingLastPathComponent().appendingPathComponent(".shiftsim-\(UUID().uuidString).onnx")
        defer { try? FileManager.default.removeItem(at: hidden) }
        do {
            try data.write(to: hidden)
        } catch {
            throw InputError(at: path, "the file cannot be written (-o)")
        }
        try check(hidden.path)
        guard rename(hidden.path, url.path) == 0 else {
            throw InputError(at: path, "the file cannot be written (-o): \(String(cString: strerror(errno)))")
        }
    }
}
