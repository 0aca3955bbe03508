// What happens in a stretch of a run, as counts: the rows of an energy account before coefficients.

/// Something that takes energy, with the factors on it.
public struct EnergyAction: Sendable, Hashable, Comparable {
    /// What happens.
    public var element: EnergyElement
    /// Rows that its energy is multiplied by.
    public var factors: [EnergyElement]

    /// An action; `factors` are rows of part `factor`.
    public init(_ element: EnergyElement, _ factors: [EnergyElement] = []) {
        (self.element, self.factors) = (element, factors)
    }

    /// "lut_output_toggle", "lut_output_toggle x assumed_toggle_rate".
    public var name: String { ([element] + factors).map(\.rawValue).joined(separator: " x ") }

    /// By the elements' names, then by those of the factors.
    public static func < (a: EnergyAction, b: EnergyAction) -> Bool {
        a.element != b.element ? a.element < b.element : a.factors.lexicographicallyPrecedes(b.factors)
    }
}

/// How often actions happen: counts in the units of their rows, seconds for powers.
public struct ActionCounts: Sendable, Hashable {
    /// Only what happens.
    public private(set) var counts: [EnergyAction: Double] = [:]

    /// Nothing happens.
    public init() {}

    /// Adds to a count without factors.
    public mutating func add(_ element: EnergyElement, _ count: Double) { add(element, [], count) }

    /// Adds to a count.
    public mutating func add(_ element: EnergyElement, _ factors: [EnergyElement], _ count: Double) {
        if count != 0 { counts[EnergyAction(element, factors), default: 0] += count }
    }

    /// Whether nothing happens.
    public var isEmpty: Bool { counts.isEmpty }

    /// In the order of the actions.
    public var sorted: [(action: EnergyAction, count: Double)] {
        counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
