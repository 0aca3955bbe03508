// The section `resources`: Preparation counts them, for `estimate` too.

import Preparation

extension ResourceReport: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<ResourceReport>] = [
        ReportField("lut", \.lut, "LUTs, those used as shift registers included"),
        ReportField("ff", \.ff, "flip-flops"),
        ReportField("dsp", \.dsp, "DSP48E2"),
        ReportField("bram36", \.bram36, "RAMB36E2; a RAMB18E2 counts as half"),
        ReportField("fits", \.fits, "whether every resource suffices"),
        ReportField("limiting", \.limiting, "the resource with the largest fraction")
            .oneOf(["lut", "ff", "dsp", "bram36"]),
    ]
}

extension ResourceReport.Entry: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<ResourceReport.Entry>] = [
        ReportField("used", \.used, "by the design").sweepColumn,
        ReportField("available", \.available, "in the part"),
        ReportField("fraction", \.fraction, "used / available"),
    ]
}
