// Where the waveform of a simulation goes: into the results folder, whose fate it shares, or into a file of its own.

import Diagnostics
import Foundation
import Output
import Waveforms

/// The place of a waveform.
struct TraceTarget {
    /// Where it is written while the run goes.
    let workingPath: String
    private let folder: ResultFolder?
    private let file: ResultFile?

    /// Takes the place of `trace.file`, which is relative to the results folder if there is one. Throws `InputError`.
    static func prepare(_ file: String?, in folder: ResultFolder?) throws -> TraceTarget? {
        guard let file else { return nil }
        if let folder, let path = try folder.workingPath(of: file) {
            return TraceTarget(workingPath: path, folder: folder, file: nil)
        }
        let target = try ResultFile.prepare(
            folder?.path(of: file) ?? file, option: "trace.file", growsInPlace: true)
        return TraceTarget(workingPath: target.workingPath, folder: nil, file: target)
    }

    /// Runs what writes the waveform. What an interrupted run has recorded is kept, but for a results folder with an
    /// older result, which stays whole. Errors of the writer name the final path.
    func record<Result>(_ run: () throws -> Result) throws -> Result {
        do {
            return try run()
        } catch let error as Interruption {
            guard FileManager.default.fileExists(atPath: workingPath) else { throw error }
            if let folder, folder.hasOlderResult {
                throw Interruption("\(error.message); the older results stay, the waveform of this run is dropped")
            }
            try file?.publish()
            try folder?.publish()
            throw Interruption("\(error.message); the waveform up to then is in \(named(workingPath))")
        } catch WaveformError.file(let action, let path, let reason) {
            throw WaveformError.file(action: action, path: named(path), reason: reason)
        }
    }

    private func named(_ text: String) -> String { folder?.named(text) ?? file?.named(text) ?? text }

    /// Gives a file of its own its name; one in a results folder gets it with the folder.
    func publish() throws { try file?.publish() }

    /// Removes what was not published.
    func discard() { file?.discard() }
}
