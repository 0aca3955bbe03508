// "did you mean": the accepted words that are nearest to one that is not accepted.

/// What a mistyped word may have been meant to be.
package enum Suggestion {
    /// " (did you mean 'x'?)" with the nearest words, or nothing where none is near.
    package static func text(for word: String, among words: some Sequence<String>) -> String {
        let near = nearest(to: word, among: words)
        guard !near.isEmpty else { return "" }
        return " (did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?)"
    }

    /// The words at the smallest distance, three at most, in their order; none where more than a third of the letters,
    /// rounded up, differ.
    package static func nearest(to word: String, among words: some Sequence<String>) -> [String] {
        guard word.count <= 100 else { return [] }
        let letters = Array(word.lowercased())
        let limit = (letters.count + 2) / 3
        var best = limit
        var found: [String] = []
        for candidate in words where candidate != word && !found.contains(candidate) {
            let other = Array(candidate.lowercased())
            guard abs(other.count - letters.count) <= best, !letters.isEmpty else { continue }
            let distance = distance(letters, other)
            guard distance <= best, distance < other.count else { continue }
            if distance < best { found = [] }
            best = distance
            found.append(candidate)
        }
        return Array(found.prefix(3))
    }

    /// Letters to insert, drop, replace or swap with their neighbour (Damerau and Levenshtein; each place edited once).
    static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var row = [i + 1]
            for (j, other) in b.enumerated() {
                var least = min(row[j] + 1, last[j + 1] + 1, last[j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == b[j - 1], a[i - 1] == other { least = min(least, before[j - 1] + 1) }
                row.append(least)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
