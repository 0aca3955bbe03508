import Design

// Lane maps as text. In a generate loop the lane is a genvar, so a map is a constant expression of it; in scalar
// text the lane is a number and the map is evaluated here.

/// The lane of a cell for which text is written.
enum LanePosition {
    case constant(Int)
    /// A constant expression over genvars, below `count`.
    case variable(String, count: Int)

    var text: String {
        switch self {
        case .constant(let lane): "\(lane)"
        case .variable(let expression, _): expression
        }
    }

    /// `text` between brackets, where it needs no parentheses of its own.
    var index: String {
        let text = self.text
        guard text.hasPrefix("("), text.hasSuffix(")") else { return text }
        let inner = text.dropFirst().dropLast()
        var depth = 0
        for letter in inner {
            depth += letter == "(" ? 1 : letter == ")" ? -1 : 0
            if depth < 0 { return text }
        }
        return String(inner)
    }

    /// The index times `factor` plus `term`.
    func scaled(_ factor: Int, plus term: Int = 0) -> LanePosition {
        switch self {
        case .constant(let lane): return .constant(lane * factor + term)
        case .variable(let expression, let count):
            let text = BitSource.sum(BitSource.product(expression, factor), term)
            return .variable(factor == 1 && term == 0 ? text : "(\(text))", count: count * factor + term)
        }
    }

    /// The index divided by `divisor`.
    func divided(by divisor: Int) -> LanePosition {
        if divisor == 1 { return self }
        switch self {
        case .constant(let lane): return .constant(lane / divisor)
        case .variable(let expression, let count):
            let quotient = LanePosition.quotient(expression, divisor)
            return .variable(quotient, count: (count + divisor - 1) / divisor)
        }
    }
}

extension LanePosition {
    /// expression / divisor; that of a product with the divisor is its other factor.
    fileprivate static func quotient(_ expression: String, _ divisor: Int) -> String {
        let product = "*\(divisor))"
        if expression.hasPrefix("("), expression.hasSuffix(product) {
            let factor = expression.dropFirst().dropLast(product.count)
            if factor.allSatisfy({ $0.isLetter || $0.isNumber }) { return String(factor) }
        }
        return "(\(expression) / \(divisor))"
    }
}

/// The source lane of an operand.
struct SourceLane {
    /// nil: nothing is wired, the operand is 0.
    var index: LanePosition?
    /// Conditions on the genvar under which the source exists; empty: always.
    var conditions: [String] = []

    /// Reads `lane` through `map`.
    init(_ map: LaneMap?, lane: LanePosition) {
        switch (map, lane) {
        case (nil, _): index = lane
        case (let map?, .constant(let number)): index = map.source(of: number).map { .constant($0) }
        case (let map?, .variable(let expression, let count)):
            (index, conditions) = SourceLane.expression(map, expression, count: count)
        }
    }

    private static func expression(_ map: LaneMap, _ lane: String, count: Int) -> (LanePosition, [String]) {
        var below = 1
        var terms: [String] = []
        var conditions: [String] = []
        for (position, dimension) in map.dimensions.enumerated().reversed() {
            let isOutermost = position == 0
            let extent = isOutermost ? max(1, (count + below - 1) / below) : dimension.count
            let value = coordinate(lane, below: below, extent: isOutermost ? nil : extent, count: count)
            if let limit = dimension.limit, limit < extent { conditions.append("\(value) < \(limit)") }
            if dimension.stride != 0, extent > 1 { terms.append(BitSource.product(value, dimension.stride)) }
            below *= dimension.count
        }
        if terms.isEmpty { return (.constant(map.offset), conditions) }
        let text = BitSource.sum(terms.reversed().joined(separator: " + "), map.offset)
        let isOne = terms.count == 1 && map.offset == 0
        let isWhole = isOne && (text.hasSuffix(")") || text.allSatisfy { $0.isLetter || $0.isNumber })
        return (.variable(isWhole ? text : "(\(text))", count: count), conditions)
    }

    private static func coordinate(_ lane: String, below: Int, extent: Int?, count: Int) -> String {
        let divided = below == 1 ? lane : LanePosition.quotient(lane, below)
        guard let extent, below * extent < count else { return divided }
        return "(\(divided) % \(extent))"
    }
}
