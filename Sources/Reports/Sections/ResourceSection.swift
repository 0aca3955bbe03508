// The section `resources`: Preparation counts them, for `estimate` too.

import Preparation

extension ResourceReport: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<ResourceReport>] = [
        ReportField("lut", \.lut, "LUTs, those used as shift registers included"),
        ReportField("ff", \.ff, "flip-flops"),
        ReportField("dsp", \.dsp, "DSP48E2; of a part with DSP48E1 those, two for a product of more than 25 bits"),
        ReportField("bram36", \.bram36, "RAMB36E2; a RAMB18E2 counts as half"),
        ReportField("uram", \.uram, "URAM288, which no design uses yet; absent where the part has none")
            .noSweepColumn,
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
