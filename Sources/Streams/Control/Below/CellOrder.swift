// Orders of cells: which read each other in a circle, and in which order all others are complete before they are read.

extension CellGraph {
    /// Cells that read each other, together, in an order in which what is read comes first (Tarjan, SIAM Journal on
    /// Computing 1972). `reads` are the cells that a cell reads.
    func circles(among cells: [Int], reads: [Int: [Int]]) -> [[Int]] {
        var search = CircleSearch(reads: reads)
        for cell in cells { search.visit(cell) }
        return search.circles
    }

    /// Cells without circles, what is read first.
    func ordered(_ cells: Set<Int>, reads: [Int: [Int]]) -> [Int] {
        var done: Set<Int> = []
        var result: [Int] = []
        func visit(_ cell: Int) {
            guard cells.contains(cell), done.insert(cell).inserted else { return }
            for source in reads[cell] ?? [] { visit(source) }
            result.append(cell)
        }
        for cell in cells.sorted() { visit(cell) }
        return result
    }
}

private struct CircleSearch {
    let reads: [Int: [Int]]
    var circles: [[Int]] = []
    private var number: [Int: Int] = [:]
    private var lowest: [Int: Int] = [:]
    private var stack: [Int] = []
    private var isOpen: Set<Int> = []

    init(reads: [Int: [Int]]) { self.reads = reads }

    mutating func visit(_ cell: Int) {
        guard number[cell] == nil else { return }
        number[cell] = number.count
        lowest[cell] = number[cell]
        stack.append(cell)
        isOpen.insert(cell)
        for source in reads[cell] ?? [] {
            if number[source] == nil {
                visit(source)
                lowest[cell] = min(lowest[cell]!, lowest[source]!)
            } else if isOpen.contains(source) {
                lowest[cell] = min(lowest[cell]!, number[source]!)
            }
        }
        guard lowest[cell] == number[cell] else { return }
        var circle: [Int] = []
        repeat {
            circle.append(stack.removeLast())
            isOpen.remove(circle[circle.count - 1])
        } while circle[circle.count - 1] != cell
        circles.append(circle)
    }
}
