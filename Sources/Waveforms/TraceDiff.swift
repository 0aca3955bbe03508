// Compares two traces signal by signal.
#if MUTANTS
    import Mutants
#endif

//
// Both files are walked side by side. Times are mapped to steps (sample numbers, or times in the finer of the two
// timescales); at each step all changes of both files are applied, then the signals they touched are compared.

/// Compares traces of any two formats.
public enum TraceDiff {
    /// Compares two traces. Signals are matched by their exact path behind the prefixes.
    /// - Throws: `WaveformError.invalid` for a limit below 1 or times too large for the finer timescale; otherwise
    ///   as `TraceFile.forEachChange`.
    public static func compare(
        _ first: TraceFile, _ second: TraceFile, options: TraceDiffOptions = TraceDiffOptions()
    ) throws -> TraceDiffReport {
        guard options.limit >= 1 else { throw WaveformError.invalid("the limit of a comparison must be at least 1") }
        var report = TraceDiffReport()
        let pairs = match(first, second, options, &report)
        let (stepsA, stepsB) = try TraceSteps.pair(first, second, options)
        let sideA = try TraceDiffSide(first, steps: stepsA, sources: pairs.map(\.sourceA))
        let sideB = try TraceDiffSide(second, steps: stepsB, sources: pairs.map(\.sourceB))
        var comparison = Comparison(pairs: pairs, sides: (sideA, sideB), options: options)
        let finished = try comparison.run(&report)
        report.changesA = sideA.changes
        report.changesB = sideB.changes
        if finished { try takeEnds(sideA, sideB, &report) }
        return report
    }

    /// Two signals of the same path.
    struct Pair {
        let path: String
        let width: Int
        let sourceA: Int
        let sourceB: Int
    }

    private static func match(
        _ first: TraceFile, _ second: TraceFile, _ options: TraceDiffOptions, _ report: inout TraceDiffReport
    ) -> [Pair] {
        let inA = indices(first, prefix: options.prefixA, filter: options.filter)
        let inB = indices(second, prefix: options.prefixB, filter: options.filter)
        report.onlyInA = inA.keys.filter { inB[$0] == nil }.sorted()
        report.onlyInB = inB.keys.filter { inA[$0] == nil }.sorted()
        var pairs: [Pair] = []
        for path in inA.keys.sorted() {
            guard let indexA = inA[path], let indexB = inB[path] else { continue }
            let signalA = first.signals[indexA]
            let signalB = second.signals[indexB]
            if signalA.width == signalB.width {
                pairs.append(Pair(path: path, width: signalA.width, sourceA: signalA.source, sourceB: signalB.source))
            } else {
                report.widthMismatches.append(path)
            }
        }
        report.signalsCompared = pairs.count
        return pairs
    }

    /// The signals behind a prefix that the filter lets through, by the rest of their path. Strings have no
    /// values and are left out.
    private static func indices(_ file: TraceFile, prefix: String, filter: SignalGlob?) -> [String: Int] {
        let start = prefix.isEmpty || prefix.hasSuffix(".") ? prefix : prefix + "."
        var result: [String: Int] = [:]
        for (index, signal) in file.signals.enumerated() where signal.path.hasPrefix(start) && signal.width > 0 {
            let path = String(signal.path.dropFirst(start.count))
            if filter?.matches(path) ?? true, result[path] == nil { result[path] = index }
        }
        return result
    }

    private static func takeEnds(
        _ sideA: TraceDiffSide, _ sideB: TraceDiffSide, _ report: inout TraceDiffReport
    ) throws {
        report.endA = try sideA.lastStep()
        report.endB = try sideB.lastStep()
        if let endA = report.endA, let endB = report.endB { report.lastStep = min(endA, endB) }
    }

    /// The walk along both files.
    private struct Comparison {
        let pairs: [Pair]
        let sides: (a: TraceDiffSide, b: TraceDiffSide)
        let options: TraceDiffOptions
        private var isReported: [Bool]
        private var touched: [Int] = []

        init(pairs: [Pair], sides: (a: TraceDiffSide, b: TraceDiffSide), options: TraceDiffOptions) {
            self.pairs = pairs
            self.sides = sides
            self.options = options
            isReported = Array(repeating: false, count: pairs.count)
        }

        /// Compares up to the end of the shorter file; false when the limit stopped it.
        mutating func run(_ report: inout TraceDiffReport) throws -> Bool {
            while let step = [sides.a.nextStep, sides.b.nextStep].compactMap({ $0 }).min() {
                guard sides.a.reaches(step), sides.b.reaches(step) else { return true }
                touched.removeAll(keepingCapacity: true)
                try sides.a.apply(step, touched: &touched)
                try sides.b.apply(step, touched: &touched)
                // Reading on may have shown that a file ends before this step.
                guard sides.a.reaches(step), sides.b.reaches(step) else { return true }
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
                        path: pairs[pair].path, valueA: sides.a.bits(pairs[pair].sourceA),
                        valueB: sides.b.bits(pairs[pair].sourceB)))
            }
        }

        private func differs(_ pair: Int) -> Bool {
            let (startA, startB) = (sides.a.offset[pairs[pair].sourceA], sides.b.offset[pairs[pair].sourceB])
            for index in 0..<(pairs[pair].width + 63) / 64 {
                let (doubtA, doubtB) = (sides.a.unknown[startA + index], sides.b.unknown[startB + index])
                let known = ~(doubtA | doubtB)
                if (sides.a.words[startA + index] ^ sides.b.words[startB + index]) & known != 0 { return true }
                if doubtA != doubtB && !options.unknownMatchesAnything { return true }
            }
            return false
        }
    }
}
