// How a sweep ended, in a status and in words: nothing that is empty is left without a word.

import Diagnostics
import Support

/// What a sweep comes to.
package struct SweepVerdict: Sendable, Equatable {
    /// The status that the program ends with.
    package let status: ExitStatus
    /// Lines for standard error, besides the summary.
    package let messages: [String]

    /// The verdict on a result.
    package init(_ result: SweepResult) {
        var messages: [String] = []
        var status = ExitStatus.success
        let failed = result.rows.filter { $0.error != nil }
        let evaluated = result.rows.filter(\.isEvaluated)
        let unfit = result.rows.filter { $0.error == nil && !$0.mayRun }
        if result.isPartial {
            status = .interrupted
        } else if !result.isCorrect {
            status = .checkFailed
        } else if !result.rows.contains(where: { $0.mayRun && $0.error == nil }) {
            if unfit.isEmpty, let first = failed.first?.error {
                messages.append("no point could be simulated; the first one: \(first)")
                status = .wrongInput
            } else {
                messages.append(SweepVerdict.noneFits(unfit, of: result.rows.count, failed: failed.first?.error))
                status = .doesNotFit
            }
        } else if evaluated.isEmpty {
            messages.append("no point that fits could be simulated; the first one: \(failed.first?.error ?? "")")
            status = .wrongInput
        } else if let key = result.absentKeys.first {
            messages.append(
                "no point has \(key), which constraints or objectives name (docs/guide/Report.md says when it is absent)"
            )
            status = .wrongInput
        } else if !result.rows.contains(where: \.isCandidate) {
            let constraints = result.plan.constraints.map(\.text).joined(separator: ", ")
            messages.append("no point passes the constraints \(constraints): the Pareto front is empty")
        }
        self.status = status
        self.messages = messages
    }

    private static func noneFits(_ rows: [SweepRow], of count: Int, failed: String?) -> String {
        let limits = SweepResult.counts(rows.compactMap(\.limiting)).map { "\($0) (\($1) points)" }
        let others = failed.map { "; \(count - rows.count) could not be made, the first one: \($0)" } ?? ""
        return "no point fits the part; most is missing of \(limits.joined(separator: ", "))\(others)"
    }
}

extension SweepResult {
    /// How often each word is there, the most frequent first, equals by name.
    static func counts(_ words: [String]) -> [(String, Int)] {
        Dictionary(words.map { ($0, 1) }, uniquingKeysWith: +).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { ($0.key, $0.value) }
    }

    /// A short table: how many points there are of each kind, what limits them, the best one for each objective.
    package var summary: [String] {
        let counts: [(number: Int, words: String)] = [
            (rows.filter(\.isEvaluated).count, plan.mode == .estimate ? "estimated" : "simulated"),
            (rows.filter { $0.fits == true }.count, "fit"), (rows.filter { $0.fits == false }.count, "do not fit"),
            (rows.filter { $0.error != nil }.count, "failed"),
            (rows.filter(\.isCandidate).count, "pass the constraints"),
        ]
        let done = isPartial ? "\(rows.count) of \(plan.count) points done" : "\(plan.count) points"
        let kinds = counts.map { "\($0.number) \($0.words)" }.joined(separator: ", ")
        var lines = TextTable.wrapped("\(done): \(kinds)", indent: 2)
        let limits = SweepResult.counts(rows.compactMap(\.limiting)).map { "\($0) \($1)" }
        if !limits.isEmpty { lines.append("limiting resource: " + limits.joined(separator: ", ")) }
        if !plan.objectives.isEmpty {
            lines.append("on the Pareto front: \(front.count)")
            lines += best
        }
        return lines
    }

    private var best: [String] {
        var table = TextTable(["best", "value"] + plan.keys, left: [0])
        var isEmpty = true
        for objective in plan.objectives {
            let candidates = rows.filter { $0.isCandidate && $0.numbers[objective.key] != nil }
            let best = candidates.min { first, second in
                let (a, b) = (first.numbers[objective.key] ?? 0, second.numbers[objective.key] ?? 0)
                return objective.isMinimum ? a < b : a > b
            }
            guard let best, let value = best.numbers[objective.key] else { continue }
            isEmpty = false
            table.add(
                ["\(objective.key) \(objective.isMinimum ? "min" : "max")", SweepNumber.text(value)]
                    + plan.keys.map { best.point[$0] ?? "" })
        }
        return isEmpty ? [] : [""] + table.lines
    }
}
