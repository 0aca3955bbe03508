// What a user should know of a run, though it is legal. All warnings of a run are collected here.

import Configuration
import Diagnostics
import Preparation
import Schedule
import Support

extension Warning {
    /// The warnings of a run, in the order of their kinds; empty where nothing is to be said.
    static func all(of run: FinishedRun) -> [Warning] {
        let design = WarnedDesign(
            configuration: run.resolvedConfiguration, hardware: run.hardware, program: run.program)
        return Kind.allCases.compactMap { kind in
            switch kind {
            case .unchecked: unchecked(run)
            case .plainKernel: run.data?.result.plainKernelReason.map { Warning(.plainKernel, "slow: \($0)") }
            case .overflow, .cliff, .crowded, .clock, .idleLanes, .part: design.warning(kind)
            }
        }
    }

    /// A layer counts where a buffer of up to twice its size would halve its cycles and save a tenth of the network's;
    /// told of is the one that wastes most.
    static func cliff(_ program: CompiledNetwork) -> Warning? {
        let found = program.layers.compactMap { layer in layer.cliff.map { (layer.name, $0) } }.filter { _, cliff in
            let saved = cliff.predictedCycles - cliff.neededCycles
            return cliff.neededKiB <= 2 * cliff.kib && cliff.factor >= 2 && 10 * saved >= program.predictedCycles
        }
        guard let (name, cliff) = found.max(by: { $0.1.waste < $1.1.waste }) else { return nil }
        let others = found.count - 1
        let rest = others == 0 ? "" : "; \(others) more \(others == 1 ? "layer" : "layers"), see the hints"
        let text = "layer \(name) takes \(TextTable.fixed(cliff.factor, 1)) times the cycles it could: \(cliff.hint)"
        return Warning(.cliff, text + rest, key: cliff.limit.key)
    }

    private static func unchecked(_ run: FinishedRun) -> Warning? {
        guard let outputs = run.data?.outputs, outputs.check == nil else { return nil }
        let images = outputs.arrayImages
        let text = "the outputs of \(images) \(images == 1 ? "image" : "images") of the array were not checked"
        return Warning(.unchecked, text, key: "run.check")
    }
}

extension ScheduleCliff {
    fileprivate var waste: Int { predictedCycles - neededCycles }
}

extension Warning: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<Warning>] = [
        ReportField("kind", \.kind.rawValue, "what it is about").oneOf(Kind.allCases.map(\.rawValue)),
        ReportField("text", \.text, "one line, with the figure"),
        ReportField("key", \.key, "the configuration key that changes it; absent where none does"),
    ]
}
