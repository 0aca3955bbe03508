// A choice of signals by patterns, each of which must choose something.

import Diagnostics

/// Signals that match one of several patterns (`SignalGlob`).
public struct SignalFilter: Sendable, Equatable {
    private let globs: [SignalGlob]

    /// Parses the patterns; nil for none, which means every signal.
    /// - Throws: as `SignalGlob`.
    public init?(_ patterns: [String]) throws(WaveformError) {
        if patterns.isEmpty { return nil }
        var globs: [SignalGlob] = []
        for pattern in patterns { globs.append(try SignalGlob(pattern)) }
        self.globs = globs
    }

    /// A filter of one pattern.
    public init(_ glob: SignalGlob) { globs = [glob] }

    /// Remembers, over all names it is asked about, which patterns chose something.
    public struct Matcher: Sendable {
        private let globs: [SignalGlob]
        private var hasMatched: [Bool]

        fileprivate init(_ filter: SignalFilter) {
            globs = filter.globs
            hasMatched = Array(repeating: false, count: globs.count)
        }

        /// Whether one of a signal's names matches a pattern.
        public mutating func matches(_ names: String...) -> Bool {
            var result = false
            for (index, glob) in globs.enumerated() where names.contains(where: glob.matches) {
                hasMatched[index] = true
                result = true
            }
            return result
        }

        /// The patterns that matched nothing.
        public var idle: [String] { globs.indices.filter { !hasMatched[$0] }.map { globs[$0].pattern } }
    }

    /// Starts to match.
    public func matcher() -> Matcher { Matcher(self) }

    /// The error for patterns that matched none of `paths`; `place` is the file.
    static func nothing(_ idle: [String], in place: String, paths: [String]) -> WaveformError {
        let some = paths.prefix(5).joined(separator: ", ")
        let list = paths.isEmpty ? "it has no signals" : "its signals are \(some)\(paths.count > 5 ? ", ..." : "")"
        return .invalid("no signal of \(place) matches the taps \(quoted(idle, among: paths)); \(list)")
    }

    /// Patterns in quotes, each with what it may have been meant to be among paths.
    package static func quoted(_ patterns: [String], among paths: [String]) -> String {
        patterns.map { "'\($0.echoed)'\(suggestion(for: $0, among: paths))" }.joined(separator: ", ")
    }

    /// " (did you mean 'top.array.*'?)": the pattern with names of the paths in the places of its own.
    private static func suggestion(for pattern: String, among paths: [String]) -> String {
        let wanted = pattern.split(separator: ".")
        guard pattern.utf8.count <= 100 else { return "" }
        var candidates: Set<String> = []
        for path in paths.prefix(100_000) {
            let names = path.split(separator: ".")
            guard names.count >= wanted.count else { continue }
            let candidate = zip(wanted, names).map { part, name in
                part.contains { $0 == "*" || $0 == "?" } ? part : name
            }
            candidates.insert(candidate.joined(separator: "."))
            if candidates.count == 2_000 { break }
        }
        return Suggestion.text(for: pattern, among: candidates.sorted())
    }
}

extension TraceFile {
    /// The signals a filter chooses, by path or label, in file order; all without a filter.
    /// - Throws: `WaveformError.invalid` when one of the patterns chooses none.
    func select(_ filter: SignalFilter?, _ labels: SignalLabels) throws -> [Int] {
        guard let filter else { return Array(signals.indices) }
        var matcher = filter.matcher()
        let chosen = signals.indices.filter { index in
            labels.isLonger(index)
                ? matcher.matches(signals[index].path, signals[index].path + signals[index].range, labels[index])
                : matcher.matches(signals[index].path)
        }
        guard matcher.idle.isEmpty else {
            throw SignalFilter.nothing(matcher.idle, in: "'\(path)'", paths: signals.map(\.path))
        }
        return chosen
    }
}
