// Which signals of two traces are the same ones.
//
// A signal is its scopes, its name, its bit range and, where a file has all of that twice, its place among them. What
// is left is matched by dotted path (some writers make a scope of what others make a dotted name), and a declaration
// without a range, or of another width, goes with the one of the other file where each file has just one of them left.

/// The signals of two traces, in pairs.
struct TracePairing {
    /// A signal of one file behind its prefix.
    struct Item {
        let index: Int
        let label: String
        let path: String
        let key: String
        let range: String
        let width: Int
    }

    private(set) var pairs: [(Item, Item)] = []
    /// Signals that only one of the files has.
    private(set) var onlyFirst: [Item] = []
    private(set) var onlySecond: [Item] = []

    init(_ first: [Item], _ second: [Item]) {
        (onlyFirst, onlySecond) = (first, second)
        join { $0.key }
        join { $0.path }
        pairs.sort { $0.0.label < $1.0.label }
        onlyFirst.sort { $0.label < $1.label }
        onlySecond.sort { $0.label < $1.label }
    }

    /// Pairs what is left by a name.
    private mutating func join(_ name: (Item) -> String) {
        var waiting = Dictionary(grouping: onlySecond, by: name)
        var rest: [Item] = []
        for (name, items) in Dictionary(grouping: onlyFirst, by: name) {
            // By range, the last one first, so that taking one costs the same for any number of them.
            var ranges = Dictionary(grouping: waiting[name, default: []].reversed()) { $0.range }
            var left: [Item] = []
            for item in items {
                if let other = ranges[item.range]?.popLast() {
                    pairs.append((item, other))
                } else {
                    left.append(item)
                }
            }
            var others = ranges.values.flatMap { $0.reversed() }
            if left.count == 1, others.count == 1, Self.mayBeOne(left[0], others[0]) {
                pairs.append((left.removeFirst(), others.removeFirst()))
            }
            rest += left
            waiting[name] = others
        }
        onlyFirst = rest
        onlySecond = waiting.values.flatMap { $0 }
    }

    private static func mayBeOne(_ first: Item, _ second: Item) -> Bool {
        first.range.isEmpty || second.range.isEmpty || first.width != second.width
    }

    /// The labels of signals that one file has, with their ranges where the other list has the same label.
    static func labels(_ items: [Item], beside others: [Item]) -> [String] {
        let known = Set(others.map(\.label))
        return items.map { known.contains($0.label) ? $0.label + $0.range : $0.label }
    }
}
