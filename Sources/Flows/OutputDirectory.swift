// The folder of results. Files are written into a hidden folder inside it and renamed at the end, so that each
// appears whole or not at all.

import Diagnostics
import Foundation
import NetworkReaders
import Networks
import Quantizer
import Reports
import Support

/// Where a command puts its files.
package final class OutputDirectory: Sendable {
    private let folder: URL
    private let staging: URL
    /// Folders that did not exist before, outermost first: taken away again when nothing was written.
    private let created: [URL]

    /// Makes the folder, and makes sure that it can be written. Throws `InputError`.
    package init(_ path: String) throws {
        folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
        staging = folder.appendingPathComponent(".shiftsim-\(UUID().uuidString)", isDirectory: true)
        created = OutputDirectory.missing(folder)
        do {
            try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
        } catch {
            OutputDirectory.removeEmpty(created)
            throw InputError(
                at: path, "the folder cannot be written (-o); accepted: a folder that can be made or written")
        }
    }

    /// Folders of a path that do not exist, outermost first.
    private static func missing(_ folder: URL) -> [URL] {
        var result: [URL] = []
        var url = folder
        while url.path != "/", !FileManager.default.fileExists(atPath: url.path) {
            result.insert(url, at: 0)
            url.deleteLastPathComponent()
        }
        return result
    }

    private static func removeEmpty(_ folders: [URL]) {
        for folder in folders.reversed() { rmdir(folder.path) }
    }

    /// Removes what was not published, and the folder when it was made here and is empty.
    package func discard() {
        try? FileManager.default.removeItem(at: staging)
        OutputDirectory.removeEmpty(created)
    }

    /// Final path of a file that is written in place, such as a trace.
    package func path(of file: String) throws -> String {
        file.hasPrefix("/") ? file : folder.appendingPathComponent(file).path
    }

    /// Puts a file into the hidden folder.
    package func stage(_ name: String, _ data: Data) throws {
        do {
            try data.write(to: staging.appendingPathComponent(name))
        } catch {
            throw InputError(at: folder.appendingPathComponent(name).path, "the file cannot be written")
        }
    }

    /// Puts a text into the hidden folder.
    package func stage(_ name: String, text: String) throws { try stage(name, Data(text.utf8)) }

    /// Renames everything from the hidden folder into place.
    package func publish() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: staging.path).sorted() {
            let target = folder.appendingPathComponent(name)
            let isFolder = (try? target.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
            if isFolder { try FileManager.default.removeItem(at: target) }
            guard rename(staging.appendingPathComponent(name).path, target.path) == 0 else {
                throw InputError(at: target.path, "the file cannot be written: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Writes all files of a simulation.
    func write(_ outcome: SimulationOutcome, _ run: FinishedRun) throws {
        try stage("report.json", outcome.report.json())
        // The same bytes whatever terminal there is.
        try stage("report.txt", text: TextTable.$width.withValue(80) { outcome.text })
        try stage("layers.csv", text: LayerTable(outcome.report.layers).text)
        try stage("config.resolved.yaml", text: run.resolvedConfiguration.resolvedText)
        try stage("outputs.npy", try OutputDirectory.array(run.outputs.values))
        try stage("inputs.npy", try OutputDirectory.array(Array(run.network.inputs.prefix(run.images))))
        try stage("quantization.json", JSON.encode(run.network.quantization))
        try QuantizedNetworkArchive.write(
            run.network.quantized, to: staging.appendingPathComponent("quantized", isDirectory: true))
        try publish()
    }

    /// int32 [N, C, H, W].
    private static func array(_ tensors: [IntegerTensor]) throws -> Data {
        let shape = tensors.first?.shape ?? Shape(channels: 0, height: 0, width: 0)
        let sizes = [tensors.count, shape.channels, shape.height, shape.width]
        return try NpyWriter.data(NpyArray(shape: sizes, elements: .int32(tensors.flatMap(\.values))))
    }
}
