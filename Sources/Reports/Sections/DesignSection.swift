import Accelerator
import Configuration

/// The generated accelerator, and what was computed of it.
package struct DesignSection: Sendable, Codable, Equatable {
    /// "vector" or "convolver".
    package var family: String
    /// What a lane does.
    package var pe: String
    /// What the run computed: `run.mode`.
    package var mode: String
    /// outputs * inputs * pixels, or * kernel^2 of a convolver.
    package var lanes: Int
    /// Output channels at a time.
    package var outputs: Int
    /// Input channels at a time.
    package var inputs: Int
    /// Output pixels at a time.
    package var pixels: Int
    /// Power-of-two terms of a weight that a lane adds in one cycle.
    package var terms: Int
    /// Bits of a stored weight, of one term.
    package var weightBits: Int
    /// Bits of an activation.
    package var activationBits: Int
    /// Bits of an accumulator.
    package var accumulatorBits: Int
    /// Family `vector`: where products are summed.
    package var sum: String?
    /// Family `vector`: DSP48E2 of a cascade, where products are summed along them.
    package var cascade: Int?
    /// Family `vector`: what one DSP48E2 multiplies in a cycle.
    package var packing: String?
    /// Family `convolver`: rows and columns of a convolver's cells.
    package var kernel: Int?
    /// Family `convolver`: kernels that the grid has taps for.
    package var taps: [Int]?
    /// Family `convolver`: pixels of a line buffer.
    package var rowLength: Int?
    /// Family `convolver`: where the column's adders are.
    package var columnAdders: String?
    /// Of the core clock.
    package var clockHz: Double
    /// Named signals, lane by lane.
    package var signals: Int
    /// Bits of state outside block RAM contents.
    package var registersBits: Int

    /// The design of a run.
    static func figures(of run: FinishedRun) -> DesignSection {
        let accelerator = run.hardware.accelerator
        let parameters = accelerator.parameters
        let vector: VectorParameters?
        let convolver: ConvolverParameters?
        switch parameters.family {
        case .vector(let sizes): (vector, convolver) = (sizes, nil)
        case .convolver(let sizes): (vector, convolver) = (nil, sizes)
        }
        return DesignSection(
            family: parameters.family.name, pe: parameters.element.name,
            mode: run.configuration.run.mode.rawValue,
            lanes: parameters.lanes, outputs: parameters.outputs, inputs: parameters.inputs,
            pixels: parameters.pixels, terms: parameters.terms, weightBits: parameters.element.weightBits,
            activationBits: parameters.activationBits, accumulatorBits: parameters.accumulatorBits,
            sum: vector?.sum.rawValue, cascade: vector?.cascade, packing: vector?.packing.rawValue,
            kernel: convolver?.kernel, taps: convolver?.taps, rowLength: convolver?.rowLength,
            columnAdders: convolver?.columnAdders.rawValue,
            clockHz: run.configuration.clockMHz * 1e6,
            signals: accelerator.design.signalCount,
            registersBits: accelerator.design.registerBits)
    }
}

extension DesignSection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<DesignSection>] = [
        ReportField("family", \.family, "`vector` or `convolver`").oneOf(["vector", "convolver"]),
        ReportField("pe", \.pe, "what a lane does").oneOf(ProcessingElement.Kind.allCases.map(\.rawValue)),
        ReportField("mode", \.mode, "`run.mode`").oneOf(RunSettings.Mode.allCases.map(\.rawValue)),
        ReportField("lanes", \.lanes, "multiplies or shifts of a cycle"),
        ReportField("outputs", \.outputs, "output channels at a time"),
        ReportField("inputs", \.inputs, "input channels at a time"),
        ReportField("pixels", \.pixels, "output pixels at a time"),
        ReportField("terms", \.terms, "power-of-two terms of a weight that a lane adds in one cycle").oneOf([1, 2]),
        ReportField("weight_bits", \.weightBits, unit: "bits", "a stored weight, of one term"),
        ReportField("activation_bits", \.activationBits, unit: "bits", "an activation"),
        ReportField("accumulator_bits", \.accumulatorBits, unit: "bits", "an accumulator"),
        ReportField(
            "sum", \.sum,
            "where products are summed: in a `tree` of LUTs, or along a `cascade` of DSP48E2; absent for "
                + "family convolver"
        ).oneOf(VectorParameters.Sum.allCases.map(\.rawValue)),
        ReportField("cascade", \.cascade, "DSP48E2 of a cascade; absent where a tree sums").atLeast(1),
        ReportField(
            "packing", \.packing,
            "products of a DSP48E2: one (`none`), or those of two outputs with 8-bit weights (`int8`); absent for family "
                + "convolver"
        ).oneOf(VectorParameters.Packing.allCases.map(\.rawValue)),
        ReportField("kernel", \.kernel, "rows and columns of a convolver's cells; absent for family vector").atLeast(3),
        ReportField("taps", \.taps, "kernels that a convolver has taps for; absent for family vector"),
        ReportField("row_length", \.rowLength, unit: "pixels", "a line buffer; absent for family vector").atLeast(1),
        ReportField(
            "column_adders", \.columnAdders, "where the adders of a convolver's column are; absent for family vector"
        ).oneOf(ConvolverParameters.ColumnAdders.allCases.map(\.rawValue)),
        ReportField("clock_hz", \.clockHz, unit: "Hz", "the core clock"),
        ReportField("signals", \.signals, "named signals, lane by lane"),
        ReportField("registers_bits", \.registersBits, unit: "bits", "state outside block RAM contents"),
    ]
}
