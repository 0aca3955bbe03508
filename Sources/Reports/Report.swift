// report.json, schema shiftsim.report/1. docs/guide/Report.md explains every key. Keys that a run does not compute are
// absent, never zero or null. A new number is a stored property of its section with a row in the section's `fields`,
// and its value in the section's `figures`: all three in one file.

import Configuration
import Diagnostics
import Foundation
import Preparation
import Support

#if MUTANTS
    import Mutants
#endif

/// What a run computed.
package struct Report: Sendable, Codable, Equatable {
    /// The value of `schema`.
    package static let schemaName = "shiftsim.report/1"

    /// `schemaName`.
    package var schema = Report.schemaName
    /// Version of ShiftSim.
    package var toolVersion = ToolVersion.text
    /// SHA-256 of the resolved configuration and of its input files.
    package var configHash: String
    /// The integer network and its images.
    package var network: NetworkSection
    /// How floats became integers.
    package var quantization: QuantizationSection
    /// The generated accelerator.
    package var design: DesignSection
    /// External memory.
    package var memoryModel: MemorySection
    /// The rounding rule of every requantization.
    package var rounding = "half-even"
    /// Where the cycles went, all images.
    package var cycles: CycleSection
    /// Seconds of one image.
    package var latencyS: Double
    /// Images that follow each other in a second.
    package var throughputImagesPerS: Double
    /// Seconds of all images.
    package var totalS: Double
    /// 2 * macs * images / total / 10^9.
    package var gops: Double
    /// macs * images / (lanes * cycles.total).
    package var utilization: Double
    /// What limits the run, in a sentence.
    package var limit: String
    /// What the design needs of the device.
    package var resources: ResourceReport
    /// Bytes over the memory interface.
    package var dram: TrafficSection
    /// Joules, with bounds.
    package var energy: EnergySection
    /// Of the first image, in the order of the program.
    package var layers: [LayerSection]
    /// What came out; not in mode timing.
    package var functional: FunctionalSection?
    /// Only in mode full.
    package var activity: ActivitySection?
    /// What a user should know; empty where nothing is to be said.
    package var warnings: [Warning]
    /// How fast the simulator was.
    package var simulator: SimulatorSection

    /// The text of report.json, keys in alphabetical order.
    package func json() throws -> Data {
        #if MUTANTS
            if isPlanted("report-utilization") {
                var other = self
                other.utilization *= 1.001
                return try JSON.encode(other)
            }
        #endif
        return try JSON.encode(self)
    }

    /// The figures of a run.
    package static func figures(of run: FinishedRun) -> Report {
        let one = run.timing.perImage.total
        let total = run.images * one
        let macs = Double(run.hardware.network.macs * run.images)
        let clock = run.configuration.clockMHz * 1e6
        let seconds = Double(total) / clock
        let energy = run.energy
        let (cycles, layers) = (CycleSection.figures(of: run), LayerSection.figures(of: run, energy))
        let traffic = TrafficSection.figures(of: run, seconds: seconds)
        let lanes = run.hardware.accelerator.parameters.lanes
        let utilization = macs / Double(lanes * total)
        let limit = LimitText(
            cycles, layers, utilization: utilization, bandwidth: traffic.bandwidthFraction, lanes: lanes)
        return Report(
            configHash: run.configurationHash, network: .figures(of: run), quantization: .figures(of: run),
            design: .figures(of: run), memoryModel: .figures(of: run), cycles: cycles,
            latencyS: Double(one) / clock, throughputImagesPerS: clock / Double(one), totalS: seconds,
            gops: 2 * macs / seconds / 1e9,
            utilization: utilization, limit: limit.text, resources: run.hardware.resources, dram: traffic,
            energy: .figures(of: energy, images: run.images), layers: layers,
            functional: run.data.map(FunctionalSection.figures),
            activity: ActivitySection.figures(of: run), warnings: Warning.all(of: run), simulator: .figures(of: run))
    }
}

extension Report: ReportSection {
    /// The keys of report.json in the order of the documents.
    package static let fields: [ReportField<Report>] = [
        ReportField("schema", \.schema, "name and version of this format").always(Report.schemaName),
        ReportField("tool_version", \.toolVersion, "of ShiftSim"),
        ReportField(
            "config_hash", \.configHash, unit: "SHA-256",
            "of every key of the resolved configuration but `run.threads` and `trace`, files by name only, and of the "
                + "model file and every image and label used (mode `timing` uses none)"
        ).sha256,
        ReportField("network", \.network, "the integer network and its images"),
        ReportField("quantization", \.quantization, "how floats became integers"),
        ReportField("rounding", \.rounding, "the rule of every requantization: `half-even`").always("half-even"),
        ReportField("design", \.design, "the generated accelerator"),
        ReportField("memory_model", \.memoryModel, "external memory and the ports to it"),
        ReportField("cycles", \.cycles, "where the cycles went, all images"),
        ReportField("latency_s", \.latencyS, unit: "s", "of one image: cycles.total / images / clock").sweepColumn,
        ReportField(
            "throughput_images_per_s", \.throughputImagesPerS, unit: "1/s",
            "the steady rate: 1 / latency_s, for one image follows the other and none overlap"
        ).sweepColumn,
        ReportField("total_s", \.totalS, unit: "s", "of all images: cycles.total / clock"),
        ReportField("gops", \.gops, unit: "10^9/s", "2 * macs * images / total_s"),
        ReportField("utilization", \.utilization, "macs * images / (lanes * cycles.total)").fraction.sweepColumn,
        ReportField(
            "limit", \.limit,
            "what limits the run, in a sentence: the largest loss of the lanes' time where it is more than a tenth, or their "
                + "number"),
        ReportField("resources", \.resources, "what the design needs of the part"),
        ReportField("dram", \.dram, "traffic over the memory interface"),
        ReportField(
            "energy", \.energy, "joules of all images, each with bounds (docs/guide/Energy.md)"),
        ReportField("layers", \.layers, "of the first image; every image takes the same cycles"),
        ReportField(
            "functional", \.functional, "what came out, and what it was compared with; absent in mode `timing`"
        ).onlyWithData,
        ReportField("activity", \.activity, "register bits that changed; absent but in mode `full`").onlyInFull,
        ReportField("warnings", \.warnings, "what is legal and should be known; empty where nothing is to be said"),
        ReportField("simulator", \.simulator, "how fast the simulator was").ofMachine,
    ]
}
