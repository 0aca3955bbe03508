// Joules of a run. What they are charged for is in Energy; rows, bounds and sources are those of the table.

import Energy
import Support

/// Energy of all images, with bounds.
package struct EnergySection: Sendable, Codable, Equatable {
    /// What toggles are: `assumed`, `registers` or `nets`.
    package var basis: String
    /// The table of coefficients.
    package var table: String
    /// Of all images.
    package var totalJ: Double
    /// See `totalJ`.
    package var lowJ: Double
    /// See `totalJ`.
    package var highJ: Double
    /// Of one image.
    package var perImageJ: Double
    /// Mean over the run.
    package var powerW: Double
    /// See `powerW`.
    package var powerWLow: Double
    /// See `powerW`.
    package var powerWHigh: Double
    /// Of the layer that takes most.
    package var peakW: Double
    /// Taken whatever is configured and runs.
    package var staticJ: Double
    /// See `staticJ`.
    package var staticJLow: Double
    /// See `staticJ`.
    package var staticJHigh: Double
    /// Taken by what is clocked.
    package var clockedIdleJ: Double
    /// See `clockedIdleJ`.
    package var clockedIdleJLow: Double
    /// See `clockedIdleJ`.
    package var clockedIdleJHigh: Double
    /// Taken by what changes.
    package var activityJ: Double
    /// See `activityJ`.
    package var activityJLow: Double
    /// See `activityJ`.
    package var activityJHigh: Double
    /// By what takes it.
    package var byComponent: [String: Double]
    /// See `byComponent`.
    package var byComponentLow: [String: Double]
    /// See `byComponent`.
    package var byComponentHigh: [String: Double]
    /// By supply.
    package var byRail: [String: Double]
    /// See `byRail`.
    package var byRailLow: [String: Double]
    /// See `byRail`.
    package var byRailHigh: [String: Double]
    /// By module, or by what stands beside the fabric.
    package var byInstance: [String: Double]

    /// The energy of so many images that are alike.
    static func figures(of account: EnergyAccount, images: Int) -> EnergySection {
        let count = Double(images)
        let total = account.total * count
        let seconds = account.seconds.reduce(0, +)
        let parts = account.parts.mapValues { $0 * count }
        let (fixed, idle, activity) = (parts[.fixed] ?? .zero, parts[.clockedIdle] ?? .zero, parts[.activity] ?? .zero)
        let components = account.components.mapValues { $0 * count }
        let rails = account.rails.mapValues { $0 * count }
        let power = account.total * (seconds > 0 ? 1 / seconds : 0)
        let peak = zip(account.layers, account.seconds).map { $1 > 0 ? $0.value / $1 : 0 }.max() ?? 0
        return EnergySection(
            basis: account.basis.rawValue, table: account.table.name, totalJ: total.value, lowJ: total.low,
            highJ: total.high, perImageJ: account.total.value, powerW: power.value, powerWLow: power.low,
            powerWHigh: power.high, peakW: peak, staticJ: fixed.value, staticJLow: fixed.low, staticJHigh: fixed.high,
            clockedIdleJ: idle.value, clockedIdleJLow: idle.low, clockedIdleJHigh: idle.high,
            activityJ: activity.value, activityJLow: activity.low, activityJHigh: activity.high,
            byComponent: components.mapValues(\.value), byComponentLow: components.mapValues(\.low),
            byComponentHigh: components.mapValues(\.high), byRail: rails.mapValues(\.value),
            byRailLow: rails.mapValues(\.low), byRailHigh: rails.mapValues(\.high),
            byInstance: account.places.mapValues { ($0 * count).value })
    }
}

extension EnergySection: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<EnergySection>] = [
        ReportField(
            "basis", \.basis,
            "what toggles are: `assumed` (modes `timing` and `functional`: the table's rate in computing cycles), `registers` "
                + "(mode `full`; logic toggles as the registers of its module) or `nets` (`activity.nets: true`)"
        ).oneOf(ToggleBasis.allCases.map(\.rawValue)),
        ReportField("table", \.table, "the coefficients: `built-in`, or the name of the file of `energy.table`"),
        ReportField("total_j", \.totalJ, unit: "J", "all images: the sum of the three parts").sweepColumn,
        ReportField("low_j", \.lowJ, unit: "J", "lower bound of `total_j`, all rows at theirs").sweepColumn,
        ReportField("high_j", \.highJ, unit: "J", "upper bound of `total_j`").sweepColumn,
        ReportField("per_image_j", \.perImageJ, unit: "J", "of one image"),
        ReportField("power_w", \.powerW, unit: "W", "total_j / total_s").sweepColumn,
        ReportField("power_w_low", \.powerWLow, unit: "W", "lower bound of `power_w`"),
        ReportField("power_w_high", \.powerWHigh, unit: "W", "upper bound of `power_w`"),
        ReportField("peak_w", \.peakW, unit: "W", "power in the layer that takes most, mean over the layer"),
        ReportField("static_j", \.staticJ, unit: "J", "leakage and the idle processing system and DRAM"),
        ReportField("static_j_low", \.staticJLow, unit: "J", "lower bound of `static_j`"),
        ReportField("static_j_high", \.staticJHigh, unit: "J", "upper bound of `static_j`"),
        ReportField(
            "clocked_idle_j", \.clockedIdleJ, unit: "J", "clock tree, block RAMs and DSP slices, working or not"),
        ReportField("clocked_idle_j_low", \.clockedIdleJLow, unit: "J", "lower bound of `clocked_idle_j`"),
        ReportField("clocked_idle_j_high", \.clockedIdleJHigh, unit: "J", "upper bound of `clocked_idle_j`"),
        ReportField("activity_j", \.activityJ, unit: "J", "what changes, is read, written or moved"),
        ReportField("activity_j_low", \.activityJLow, unit: "J", "lower bound of `activity_j`"),
        ReportField("activity_j_high", \.activityJHigh, unit: "J", "upper bound of `activity_j`"),
        ReportField("by_component", \.byComponent, unit: "J", "by what takes it; the sum is `total_j`"),
        ReportField("by_component_low", \.byComponentLow, unit: "J", "lower bounds of `by_component`"),
        ReportField("by_component_high", \.byComponentHigh, unit: "J", "upper bounds of `by_component`"),
        ReportField("by_rail", \.byRail, unit: "J", "by the supply that brings it; the sum is `total_j`"),
        ReportField("by_rail_low", \.byRailLow, unit: "J", "lower bounds of `by_rail`"),
        ReportField("by_rail_high", \.byRailHigh, unit: "J", "upper bounds of `by_rail`"),
        ReportField(
            "by_instance", \.byInstance, unit: "J",
            "by module without those inside it, and by what stands beside the fabric; the sum is `total_j`"),
    ]
}

extension EnergySection {
    /// Lines of report.txt.
    func table(images: Int) -> [String] {
        var table = TextTable(["energy, \(images) \(images == 1 ? "image" : "images")", "value", "low", "high"])
        let parts = [
            ("static", staticJ, staticJLow, staticJHigh),
            ("clocked idle", clockedIdleJ, clockedIdleJLow, clockedIdleJHigh),
            ("activity", activityJ, activityJLow, activityJHigh), ("total", totalJ, lowJ, highJ),
        ]
        for (name, value, low, high) in parts { table.add([name] + [value, low, high].map(EnergySection.text)) }
        let largest = byComponent.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(4)
        let said = [
            "mean power \(TextTable.fixed(powerW, 2)) W (\(TextTable.fixed(powerWLow, 2)) to "
                + "\(TextTable.fixed(powerWHigh, 2))), \(EnergySection.text(perImageJ)) an image; toggles: \(basis); table: "
                + "\(self.table)",
            "most of it: "
                + largest.map { "\($0.key) \(TextTable.percent($0.value / max(totalJ, 1e-30)))" }
                .joined(separator: ", "),
        ]
        return table.lines + said.flatMap { TextTable.wrapped($0, indent: 2) }
    }

    /// Joules with a unit that suits: "1.234 mJ".
    static func text(_ joules: Double) -> String {
        let units = [(1.0, "J"), (1e-3, "mJ"), (1e-6, "uJ"), (1e-9, "nJ")]
        let (scale, unit) = units.first { joules >= $0.0 } ?? (1e-12, "pJ")
        return "\(TextTable.fixed(joules / scale, 3)) \(unit)"
    }
}
