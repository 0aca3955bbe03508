// The file of `quantize`: a model that appears whole or not at all.

import Diagnostics
import Foundation
import Output

/// Where a command puts a single model.
struct ModelFile {
    private let path: String
    private let file: ResultFile

    /// Takes the place. Throws `InputError` for a path where no .onnx file can be.
    static func prepare(_ path: String) throws -> ModelFile {
        guard path.lowercased().hasSuffix(".onnx") else {
            throw InputError(at: path, "is no name of a model (-o); accepted: a path ending in .onnx")
        }
        return ModelFile(path: path, file: try ResultFile.prepare(path, option: "-o"))
    }

    /// Throws `InputError` when this is the file that is read.
    func require(isNot source: String?) throws {
        func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        guard let source, real(path) == real(source) else { return }
        throw InputError(at: path, "is the model itself (-o); accepted: another path")
    }

    /// Writes the bytes, lets `check` look at them in a file that ends like this one, and gives the file its name.
    func write(_ data: Data, check: (String) throws -> Void) throws {
        if file.isStream {
            // What goes into a pipe cannot be read back: a copy is looked at.
            let folder = try TemporaryFolder.make()
            let copy = folder.url.appendingPathComponent("model.onnx").path
            try WholeFile.write(data, to: copy)
            try withExtendedLifetime(folder) { try check(copy) }
        }
        try file.write(data)
        if !file.isStream { try check(file.workingPath) }
        try file.publish()
    }

    /// Removes what was not published.
    func discard() { file.discard() }
}
