// The numbers of an estimate as rows of sweeps (mode `estimate`): where a report has the same number, by the same key.

import Preparation

extension Estimate {
    /// The numbers that a sweep may name.
    package static let fields: [ReportField<Estimate>] = [
        ReportField(
            "cycles.predicted", \.predictedCycles, unit: "cycles",
            "one image's cycles, as in a report; absent where the design cannot be scheduled"
        ).sweepColumn,
        ReportField("latency_s", \.latencyS, unit: "s", "predicted, of one image; absent as cycles.predicted")
            .sweepColumn,
        ReportField(
            "throughput_images_per_s", \.throughputImagesPerS, unit: "1/s", "predicted; absent as cycles.predicted"
        ).sweepColumn,
        ReportField("peak_gops", \.peakGops, unit: "10^9/s", "2 * lanes * clock").sweepColumn,
        ReportField("power", \.power, "bounds on the power of board and fabric"),
        ReportField("memory_bytes_per_s", \.memoryBytesPerS, unit: "byte/s", "absent for memory model ideal"),
        ReportField("design.lanes", \.lanes, "multiplies or shifts of a cycle"),
        ReportField("design.weight_bits", \.weightBits, unit: "bits", "a stored weight, of one term"),
        ReportField("design.activation_bits", \.activationBits, unit: "bits", "an activation"),
        ReportField("design.accumulator_bits", \.accumulatorBits, unit: "bits", "an accumulator"),
        ReportField("design.clock_hz", \.clockHz, unit: "Hz", "the core clock"),
        ReportField("resources", \.resources, "what the design needs of the part"),
    ]
}
