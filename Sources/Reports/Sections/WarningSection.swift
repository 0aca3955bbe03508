// What a user should know of a run, though it is legal. All warnings of a run are collected here.

import Configuration
import Diagnostics
import Preparation

extension Warning {
    /// The warnings of a run, in the order of their kinds; empty where nothing is to be said.
    static func all(of run: FinishedRun) -> [Warning] {
        Kind.allCases.compactMap { kind in
            switch kind {
            case .overflow: overflow(run)
            case .unchecked: unchecked(run)
            }
        }
    }

    private static func overflow(_ run: FinishedRun) -> Warning? {
        guard !run.hardware.resources.fits else { return nil }
        let text = run.hardware.resources.overflow(part: run.configuration.device.part)
        return Warning(.overflow, text, key: "device.allow_overflow")
    }

    private static func unchecked(_ run: FinishedRun) -> Warning? {
        guard run.outputs.check == nil else { return nil }
        let images = run.outputs.arrayImages
        let text = "the outputs of \(images) \(images == 1 ? "image" : "images") of the array were not checked"
        return Warning(.unchecked, text, key: "run.check")
    }
}

extension Warning: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<Warning>] = [
        ReportField("kind", \.kind.rawValue, "what it is about").oneOf(Kind.allCases.map(\.rawValue)),
        ReportField("text", \.text, "one line, with the figure"),
        ReportField("key", \.key, "the configuration key that changes it; absent where none does"),
    ]
}
