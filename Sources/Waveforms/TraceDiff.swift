// Compares two traces signal by signal.
#if MUTANTS
    import Mutants
#endif

//
// Both files are walked side by side. Times are mapped to steps (sample numbers, or times in the finer of the two
// timescales); at each step all changes of both files are applied, then the signals they touched are compared.

/// Compares traces of any two formats.
public enum TraceDiff {
    /// Compares two traces. Signals are matched as `TracePairing` says, behind the prefixes.
    /// - Throws: `WaveformError.invalid` for a limit below 1, a pattern that matches nothing or times too large for
    ///   the finer timescale; otherwise as `TraceFile.forEachChange`.
    public static func compare(
        _ first: TraceFile, _ second: TraceFile, options: TraceDiffOptions = TraceDiffOptions()
    ) throws -> TraceDiffReport {
        guard options.limit >= 1 else { throw WaveformError.invalid("the limit of a comparison must be at least 1") }
        var report = TraceDiffReport(commonOnly: options.commonOnly)
        let pairs = try match(first, second, options, &report)
        let (stepsA, stepsB) = try TraceSteps.pair(first, second, options)
        let sideA = try TraceDiffSide(first, steps: stepsA, sources: pairs.map(\.sourceA))
        let sideB = try TraceDiffSide(second, steps: stepsB, sources: pairs.map(\.sourceB))
        var comparison = Comparison(pairs: pairs, sides: (sideA, sideB), options: options)
        let finished = try comparison.run(&report)
        report.changesA = sideA.changes
        report.changesB = sideB.changes
        if finished { try takeEnds(sideA, sideB, &report) }
        report.notes = sideA.notes + sideB.notes
        report.misfits = sideA.misfits + sideB.misfits
        return report
    }

    /// Two signals that are the same one.
    struct Pair {
        let label: String
        let form: TraceSignal.Form
        let isEvent: Bool
        let width: Int
        let sourceA: Int
        let sourceB: Int
    }

    private static func match(
        _ first: TraceFile, _ second: TraceFile, _ options: TraceDiffOptions, _ report: inout TraceDiffReport
    ) throws -> [Pair] {
        var matcher = options.filter?.matcher()
        let itemsA = items(first, prefix: options.prefixA, &matcher)
        let itemsB = items(second, prefix: options.prefixB, &matcher)
        if let idle = matcher?.idle, !idle.isEmpty {
            throw SignalFilter.nothing(
                idle, in: "'\(first.path)' and '\(second.path)'", paths: (first.signals + second.signals).map(\.path))
        }
        let pairing = TracePairing(itemsA, itemsB)
        report.onlyInA = TracePairing.labels(pairing.onlyFirst, beside: pairing.onlySecond)
        report.onlyInB = TracePairing.labels(pairing.onlySecond, beside: pairing.onlyFirst)
        var pairs: [Pair] = []
        for (itemA, itemB) in pairing.pairs {
            let signalA = first.signals[itemA.index]
            let signalB = second.signals[itemB.index]
            // Of two labels the longer one has the range.
            let label = itemA.label.utf8.count >= itemB.label.utf8.count ? itemA.label : itemB.label
            if signalA.width == signalB.width && signalA.kind.form == signalB.kind.form {
                pairs.append(
                    Pair(
                        label: label, form: signalA.kind.form,
                        isEvent: signalA.kind == .event && signalB.kind == .event, width: signalA.width,
                        sourceA: signalA.source, sourceB: signalB.source))
            } else {
                report.widthMismatches.append(label)
            }
        }
        report.signalsCompared = pairs.count
        return pairs
    }

    /// The signals behind a prefix that the filter lets through.
    private static func items(
        _ file: TraceFile, prefix: String, _ matcher: inout SignalFilter.Matcher?
    ) -> [TracePairing.Item] {
        let start = prefix.isEmpty || prefix.hasSuffix(".") ? prefix : prefix + "."
        let length = start.utf8.count
        let labels = SignalLabels(file)
        var result: [TracePairing.Item] = []
        for (index, signal) in file.signals.enumerated() where signal.path.hasPrefix(start) {
            // A key has as many bytes as its path, a label may have more for the dots in its names.
            let rest = { (text: String, extra: Int) in
                String(decoding: text.utf8.dropFirst(length + extra), as: UTF8.self)
            }
            let dots = labels.isLonger(index) ? signal.key.utf8.prefix(length).count { $0 == 0x1F } : 0
            let (path, label) = (rest(signal.path, 0), rest(labels[index], dots))
            guard matcher?.matches(path, path + signal.range, label) ?? true else { continue }
            result.append(
                TracePairing.Item(
                    index: index, label: label, path: path, key: rest(signal.key, 0), range: signal.range,
                    width: signal.width)
            )
        }
        return result
    }

    private static func takeEnds(
        _ sideA: TraceDiffSide, _ sideB: TraceDiffSide, _ report: inout TraceDiffReport
    ) throws {
        report.endA = try sideA.lastStep()
        report.endB = try sideB.lastStep()
        report.partStepA = sideA.partStep
        report.partStepB = sideB.partStep
        report.isCutA = sideA.isCut
        report.isCutB = sideB.isCut
        if let endA = report.endA, let endB = report.endB { report.lastStep = min(endA, endB) }
    }

    /// The walk along both files.
    private struct Comparison {
        let pairs: [Pair]
        let sides: (a: TraceDiffSide, b: TraceDiffSide)
        let options: TraceDiffOptions
        private var isReported: [Bool]
        private var touched: [Int] = []
        /// Pairs touched before the first step of both files, where only common times count.
        private var early: Set<Int> = []

        init(pairs: [Pair], sides: (a: TraceDiffSide, b: TraceDiffSide), options: TraceDiffOptions) {
            self.pairs = pairs
            self.sides = sides
            self.options = options
            isReported = Array(repeating: false, count: pairs.count)
        }

        /// Compares up to the end of the shorter file; false when the limit stopped it.
        mutating func run(_ report: inout TraceDiffReport) throws -> Bool {
            let start = options.commonOnly ? max(sides.a.startStep, sides.b.startStep) : 0
            while let step = [sides.a.nextStep, sides.b.nextStep].compactMap({ $0 }).min() {
                guard sides.a.reaches(step), sides.b.reaches(step) else { return true }
                touched.removeAll(keepingCapacity: true)
                try sides.a.apply(step, touched: &touched)
                try sides.b.apply(step, touched: &touched)
                // Reading on may have shown that a file ends before this step.
                guard sides.a.reaches(step), sides.b.reaches(step) else { return true }
                if step < start {
                    early.formUnion(touched)
                    continue
                }
                touched += early.filter { !pairs[$0].isEvent }
                early = []
                #if MUTANTS
                    if isPlanted("diff-last-change"), sides.a.nextStep == nil, sides.b.nextStep == nil { return true }
                #endif
                compareTouched(step, &report)
                if report.differences.count >= options.limit { return false }
            }
            return true
        }

        private mutating func compareTouched(_ step: UInt64, _ report: inout TraceDiffReport) {
            touched.sort()
            for pair in touched where !isReported[pair] && differs(pair) {
                guard report.differences.count < options.limit else { return }
                isReported[pair] = true
                report.differences.append(
                    TraceDifference(
                        step: step, timeA: sides.a.steps.time(of: step), timeB: sides.b.steps.time(of: step),
                        path: pairs[pair].label, valueA: reading(sides.a, pair, pairs[pair].sourceA),
                        valueB: reading(sides.b, pair, pairs[pair].sourceB)))
            }
        }

        /// The value of one side; of an event whether it happens in the present step.
        private func reading(_ side: TraceDiffSide, _ pair: Int, _ source: Int) -> TraceReading {
            guard pairs[pair].isEvent else { return side.reading(source) }
            return .bits(TraceBits(width: 1, words: [side.happened.contains(source) ? 1 : 0], unknown: [0]))
        }

        private func differs(_ pair: Int) -> Bool {
            let (sourceA, sourceB) = (pairs[pair].sourceA, pairs[pair].sourceB)
            if pairs[pair].isEvent { return sides.a.happened.contains(sourceA) != sides.b.happened.contains(sourceB) }
            switch pairs[pair].form {
            case .bits: return bitsDiffer(pair)
            case .real, .string:
                let (one, other) = (sides.a.reading(sourceA), sides.b.reading(sourceB))
                if options.unknownMatchesAnything && (one == .undefined || other == .undefined) { return false }
                if case .real(let first) = one, case .real(let second) = other, first.isNaN && second.isNaN {
                    return false
                }
                return one != other
            }
        }

        private func bitsDiffer(_ pair: Int) -> Bool {
            let (startA, startB) = (sides.a.offset[pairs[pair].sourceA], sides.b.offset[pairs[pair].sourceB])
            for index in 0..<(pairs[pair].width + 63) / 64 {
                let (doubtA, doubtB) = (sides.a.unknown[startA + index], sides.b.unknown[startB + index])
                let different = sides.a.words[startA + index] ^ sides.b.words[startB + index]
                if different & ~(doubtA | doubtB) != 0 { return true }
                if options.unknownMatchesAnything { continue }
                if doubtA != doubtB || different & doubtA != 0 { return true }
            }
            return false
        }
    }
}
