// One of the two files of a trace comparison: its cursor, its present state and its mapping of times to steps.

/// Maps the times of a file to comparison steps.
enum TraceSteps {
    case samples(TraceSampling)
    /// A step is a time multiplied by this.
    case times(scale: UInt64)

    /// The mappings of two files.
    static func pair(
        _ first: TraceFile, _ second: TraceFile, _ options: TraceDiffOptions
    ) throws -> (TraceSteps, TraceSteps) {
        if options.samplingA != nil || options.samplingB != nil {
            let every = try TraceSampling(period: 1)
            return (.samples(options.samplingA ?? every), .samples(options.samplingB ?? every))
        }
        let finer = min(first.timescaleExponent, second.timescaleExponent)
        return (
            .times(scale: power(first.timescaleExponent - finer)),
            .times(scale: power(second.timescaleExponent - finer))
        )
    }

    /// Readers accept timescales of -15...2, so the power stays below 2^64.
    private static func power(_ exponent: Int8) -> UInt64 {
        (0..<exponent).reduce(1) { scale, _ in scale * 10 }
    }

    /// The first step that shows a change at `time`.
    func step(showing time: UInt64) throws -> UInt64 {
        switch self {
        case .samples(let sampling): return sampling.firstSample(showing: time)
        case .times(let scale):
            let (step, overflow) = time.multipliedReportingOverflow(by: scale)
            guard !overflow else {
                throw WaveformError.invalid("time \(time) is too large for the finer timescale; compare by samples")
            }
            return step
        }
    }

    /// The last step at or before `time`, nil when there is none.
    func lastStep(by time: UInt64) throws -> UInt64? {
        switch self {
        case .samples(let sampling): sampling.lastSample(by: time)
        case .times: try step(showing: time)
        }
    }

    /// A step as a time of the file.
    func time(of step: UInt64) -> UInt64 {
        switch self {
        case .samples(let sampling): sampling.offset &+ step &* sampling.period
        case .times(let scale): step / scale
        }
    }
}

/// A file being compared.
final class TraceDiffSide {
    let steps: TraceSteps
    /// For each compared source signal the place of its words in `words` and `unknown`, else -1.
    let offset: [Int]
    private(set) var words: [UInt64]
    private(set) var unknown: [UInt64]
    private(set) var changes: UInt64 = 0
    /// The step of the change the cursor stands on, nil behind the last one.
    private(set) var nextStep: UInt64?
    /// The events that happen in the step applied last.
    private(set) var happened: Set<Int> = []
    /// The step in the middle of which the file was cut.
    private(set) var partStep: UInt64?

    private let file: TraceFile
    private let cursor: any TraceCursor
    /// The pairs each source signal belongs to.
    private var pairs: [[Int]]
    /// The present values of strings.
    private var texts: [Int: [UInt8]] = [:]
    private var endStep: UInt64?

    /// - Parameter sources: the source signal of each pair.
    init(_ file: TraceFile, steps: TraceSteps, sources: [Int]) throws {
        self.file = file
        self.steps = steps
        pairs = Array(repeating: [], count: file.signals.count)
        for (pair, source) in sources.enumerated() { pairs[source].append(pair) }
        var offset = [Int](repeating: -1, count: file.signals.count)
        var unknown: [UInt64] = []
        for source in file.signals.indices where !pairs[source].isEmpty {
            offset[source] = unknown.count
            let width = file.signals[source].width
            unknown += (0..<(width + 63) / 64).map { bitMask(min(64, width - $0 * 64)) }
        }
        self.offset = offset
        self.unknown = unknown
        words = Array(repeating: 0, count: unknown.count)
        cursor = try file.makeCursor(of: Set(sources))
        try step()
    }

    private func step() throws {
        if try file.advance(cursor) {
            nextStep = try steps.step(showing: cursor.time)
            return
        }
        nextStep = nil
        endStep = try cursor.lastWholeTime.flatMap { try steps.lastStep(by: $0) }
        if cursor.lastWholeTime != cursor.extent.end { partStep = try steps.step(showing: cursor.extent.end) }
    }

    /// The first step of the file; of a file without changes its end.
    var startStep: UInt64 { (try? steps.step(showing: cursor.extent.start)) ?? 0 }

    /// What a reader of the results has to know about the file.
    var notes: [String] { cursor.extent.notes(on: file.path) }

    /// Whether the file was cut; final at its end.
    var isCut: Bool { !cursor.extent.isComplete }

    /// Values left out.
    var misfits: UInt64 { cursor.extent.misfits }

    /// Whether the file, as far as is known by now, is long enough for a step.
    func reaches(_ step: UInt64) -> Bool {
        if nextStep != nil { return true }
        return endStep.map { step <= $0 } ?? false
    }

    /// Applies all changes of a step and lists the pairs they touch, each at least once.
    func apply(_ step: UInt64, touched: inout [Int]) throws {
        happened.removeAll(keepingCapacity: true)
        while nextStep == step {
            let value = cursor.value
            let signal = file.signals[cursor.signal]
            let start = offset[cursor.signal]
            for index in 0..<(signal.width + 63) / 64 {
                words[start + index] = value.words[index]
                unknown[start + index] = value.hasUnknown ? value.unknown[index] : 0
            }
            if signal.kind == .string { texts[cursor.signal] = value.text }
            if signal.kind == .event { happened.insert(cursor.signal) }
            touched += pairs[cursor.signal]
            changes += 1
            try self.step()
        }
    }

    /// The present value of a source signal.
    func reading(_ source: Int) -> TraceReading {
        let width = file.signals[source].width
        switch file.signals[source].kind.form {
        case .string: return texts[source].map { .text(bytes: $0) } ?? .undefined
        case .real:
            let isUndefined = unknown[offset[source]] != 0
            return isUndefined ? .undefined : .real(Double(bitPattern: words[offset[source]]))
        case .bits:
            let range = offset[source]..<(offset[source] + (width + 63) / 64)
            return .bits(TraceBits(width: width, words: Array(words[range]), unknown: Array(unknown[range])))
        }
    }

    /// The last step of the file, read to its end.
    func lastStep() throws -> UInt64? {
        while nextStep != nil { try step() }
        return endStep
    }
}
