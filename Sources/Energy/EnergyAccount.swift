// Energy of a run: counts times coefficients, and the sums that reports show. Every joule has one layer, one place, one
// component, one rail and one part, so that all these sums are equal.

import Support

/// What a layer did, where.
public struct LayerActions: Sendable, Equatable {
    /// As in the network.
    public var name: String
    /// Seconds of the layer.
    public var seconds: Double
    /// By place: a module's path, or what stands beside the fabric.
    public var places: [(place: String, counts: ActionCounts)]

    /// A layer's actions.
    public init(name: String, seconds: Double, places: [(place: String, counts: ActionCounts)]) {
        (self.name, self.seconds, self.places) = (name, seconds, places)
    }

    /// Equal in all.
    public static func == (a: LayerActions, b: LayerActions) -> Bool {
        a.name == b.name && a.seconds == b.seconds && a.places.count == b.places.count
            && zip(a.places, b.places).allSatisfy { $0.place == $1.place && $0.counts == $1.counts }
    }
}

/// One line of an account.
public struct EnergyEntry: Sendable, Equatable {
    /// The layer that did it.
    public var layer: String
    /// The module, or what stands beside the fabric.
    public var place: String
    /// What happened.
    public var action: EnergyAction
    /// How often, in the unit of the row; seconds for powers.
    public var count: Double
    /// Joules.
    public var energy: EnergyRange
}

/// The energy of one image.
public struct EnergyAccount: Sendable {
    /// Coefficients.
    public let table: EnergyTable
    /// What the toggles are.
    public let basis: ToggleBasis
    /// Every joule, once.
    public let entries: [EnergyEntry]
    /// Joules by layer, in the order of the program.
    public let layers: [EnergyRange]
    /// Seconds by layer.
    public let seconds: [Double]

    /// Charges the actions of the layers of an image.
    public init(_ layers: [LayerActions], table: EnergyTable, basis: ToggleBasis) {
        (self.table, self.basis) = (table, basis)
        var entries: [EnergyEntry] = []
        var sums: [EnergyRange] = []
        for layer in layers {
            var sum = EnergyRange.zero
            for (place, counts) in layer.places {
                for (action, count) in counts.sorted {
                    let energy = table.joules(action) * count
                    sum += energy
                    entries.append(
                        EnergyEntry(layer: layer.name, place: place, action: action, count: count, energy: energy))
                }
            }
            sums.append(sum)
        }
        (self.entries, self.layers) = (entries, sums)
        seconds = layers.map(\.seconds)
    }

    /// Joules of an image.
    public var total: EnergyRange { layers.reduce(.zero, +) }

    /// Joules by what a row says of an entry's element.
    private func sums(_ key: (EnergyRow) -> String) -> [String: EnergyRange] {
        entries.reduce(into: [:]) { $0[key(table[$1.action.element]), default: .zero] += $1.energy }
    }

    /// Joules of static, clocked idle and activity; all three are there.
    public var parts: [EnergyPart: EnergyRange] {
        let sums = sums(\.part.rawValue)
        return Dictionary(
            uniqueKeysWithValues: EnergyPart.allCases.filter(\.isCharged).map { ($0, sums[$0.rawValue] ?? .zero) })
    }
    /// Joules by what takes them.
    public var components: [String: EnergyRange] { sums(\.component) }
    /// Joules by the supply that brings them.
    public var rails: [String: EnergyRange] { sums(\.rail) }
    /// Joules by the group of rows whose errors go together.
    public var groups: [String: EnergyRange] { sums(\.group) }
    /// Joules by module, or by what stands beside the fabric.
    public var places: [String: EnergyRange] {
        entries.reduce(into: [:]) { $0[$1.place, default: .zero] += $1.energy }
    }

    /// One line an entry.
    public var csv: String {
        let head = "layer,place,action,count,unit,energy_j,low_j,high_j\n"
        return entries.reduce(into: head) { text, entry in
            let unit = table[entry.action.element].unit
            text +=
                [
                    entry.layer, entry.place, entry.action.name, "\(entry.count)", unit.countedIn,
                    "\(entry.energy.value)", "\(entry.energy.low)", "\(entry.energy.high)",
                ].map(CSVField.text).joined(separator: ",") + "\n"
        }
    }
}

extension EnergyUnit {
    /// What counts of a row are in: "toggle" for "pJ/toggle", "s" for a power.
    var countedIn: String { self == .watts ? "s" : String(rawValue.drop { $0 != "/" }.dropFirst()) }
}

extension EnergyTable {
    /// Joules of an action: its row times its factors, and for the core rail's dynamic parts times the square of the
    /// voltage beside the one at which rows were measured.
    public func joules(_ action: EnergyAction) -> EnergyRange {
        let row = self[action.element]
        let factors = action.factors.reduce(row.joules) { $0 * self[$1].range }
        guard row.rail == "VCCINT", row.part != .fixed else { return factors }
        let (volts, measured) = (self[.voltage].range, self[.measuredVoltage].range.value)
        func scale(_ value: Double) -> Double { (value / measured) * (value / measured) }
        return factors * EnergyRange(scale(volts.value), low: scale(volts.low), high: scale(volts.high))
    }
}
