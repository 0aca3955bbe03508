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
        /// Such as `ifmap`.
        package var name: String
        /// Its depth.
        package var words: Int
        /// Bits of a word.
        package var wordBits: Int
    }

    /// Name and version of the JSON's format.
    package var schema = "shiftsim.estimate/1"
    /// Version of ShiftSim.
    package var toolVersion = ToolVersion.text
    /// Name of the part.
    package var part: String
    /// What a lane does.
    package var pe: String
    /// Multiplies or shifts of a cycle.
    package var lanes: Int
    /// Bits of a stored weight.
    package var weightBits: Int
    /// Bits of an activation.
    package var activationBits: Int
    /// Bits of an accumulator.
    package var accumulatorBits: Int
    /// Of the core clock.
    package var clockHz: Double
    /// 2 * lanes * clock / 10^9.
    package var peakGops: Double
    /// One image's cycles, host layers included: the simulation's, but for the memories `ddr4-...`; absent, as the next two, where the design does not fit and
    /// cannot be scheduled either.
    package var predictedCycles: Int?
    /// Predicted seconds of one image.
    package var latencyS: Double?
    /// Predicted images that follow each other in a second.
    package var throughputImagesPerS: Double?
    /// Power with clocks on and nothing running, and with every lane working in every cycle.
    package var power: PowerBound
    /// What is legal and should be known.
    package var warnings: [Warning]
    /// Absent for memory model ideal.
    package var memoryBytesPerS: Double?
    /// On-chip memories.
    package var buffers: [Buffer]
    /// What the design needs of the part.
    package var resources: ResourceReport
    /// The same by module instance.
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

    private var prediction: [String] {
        guard let predictedCycles, let latencyS, let throughputImagesPerS else { return [] }
        return TextTable.wrapped(
            "predicted: \(TextTable.grouped(predictedCycles)) cycles, latency \(TextTable.fixed(latencyS * 1e3, 3)) ms, "
                + "\(TextTable.fixed(throughputImagesPerS, 1)) images/s (docs/guide/Report.md, Prediction)", indent: 2)
    }

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
        let heading =
            [
                "\(lanes) \(pe) lanes at \(ConfigSection.text(clockHz / 1e6)) MHz: "
                    + "peak \(TextTable.fixed(peakGops, 1)) GOPS",
                "weights \(weightBits) bits, activations \(activationBits) bits, accumulators \(accumulatorBits) bits",
                "external memory \(rate)",
                "power \(power.text) (docs/guide/Energy.md)",
            ].flatMap { TextTable.wrapped($0, indent: 2) } + prediction
        let said = warnings.map { "warning: \($0)" }
        let sections =
            [heading] + (said.isEmpty ? [] : [said]) + [
                resources.scopeTable(part: part), resources.table(part: part), words.lines,
            ]
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }
}
