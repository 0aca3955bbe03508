// The report of `shiftsim estimate`: what a design needs and its peak rates, without simulation.

import Configuration
import Diagnostics
import Foundation
import Preparation
import Support

/// Resources and peak rates of a configuration's design.
package struct Estimate: Sendable, Codable, Equatable {
    /// Words of a buffer and their width.
    package struct Buffer: Sendable, Codable, Equatable {
        package var name: String
        package var words: Int
        package var wordBits: Int
    }

    package var schema = "shiftsim.estimate/1"
    package var toolVersion = ToolVersion.text
    package var part: String
    package var pe: String
    package var lanes: Int
    package var weightBits: Int
    package var activationBits: Int
    package var accumulatorBits: Int
    package var clockHz: Double
    /// 2 * lanes * clock / 10^9.
    package var peakGops: Double
    /// Absent for memory model ideal.
    package var memoryBytesPerS: Double?
    package var buffers: [Buffer]
    package var resources: ResourceReport
    package var byInstance: [ResourceReport.Row]
    /// Whether the configuration lets a design run that does not fit.
    package var allowOverflow: Bool

    /// Throws `DoesNotFit` unless the design fits or may overflow.
    package func requireFit() throws {
        guard !resources.fits && !allowOverflow else { return }
        throw DoesNotFit(message: resources.overflowMessage(part: part))
    }

    /// JSON, keys in alphabetical order.
    package func json() throws -> Data { try JSON.encode(self) }

    /// The estimate for people.
    package var text: String {
        var words = TextTable(["buffer", "words", "bits per word", "KiB"])
        for buffer in buffers {
            let kib = Double(buffer.words * buffer.wordBits) / 8192
            words.add([
                buffer.name, TextTable.grouped(buffer.words), TextTable.grouped(buffer.wordBits),
                TextTable.fixed(kib, 1),
            ])
        }
        let rate = memoryBytesPerS.map { "\(TextTable.fixed($0 / 1e9, 2)) GB/s" } ?? "without limit"
        let heading = [
            "\(lanes) \(pe) lanes at \(ConfigSection.text(clockHz / 1e6)) MHz: "
                + "peak \(TextTable.fixed(peakGops, 1)) GOPS",
            "weights \(weightBits) bits, activations \(activationBits) bits, accumulators \(accumulatorBits) bits",
            "external memory \(rate)",
        ]
        let sections = [heading, resources.scopeTable(), resources.table(part: part), words.lines]
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }
}
