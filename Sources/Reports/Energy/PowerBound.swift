// What power a design can take, before anything runs.

import Configuration
import Energy
import Preparation
import Support

/// Power of board and fabric between idling and working in every cycle.
package struct PowerBound: Sendable, Codable, Equatable {
    /// Clocked, nothing runs.
    package var idleW: Double
    /// See `idleW`.
    package var idleWLow: Double
    /// See `idleW`.
    package var idleWHigh: Double
    /// Every register bit toggles at the table's rate, every memory is read in every cycle, and external memory moves what
    /// it can.
    package var peakW: Double
    /// See `peakW`.
    package var peakWLow: Double
    /// See `peakW`.
    package var peakWHigh: Double

    /// The bounds of a configuration's hardware.
    static func figures(of configuration: Configuration, _ hardware: Hardware) -> PowerBound {
        let fabric = FabricActions(hardware.accelerator.design, resources: hardware.scopeResources)
        let clock = configuration.clockMHz * 1e6
        func power(working: Double, moved: Double) -> EnergyRange {
            let activity = fabric.assumedActivity(working: working, cycles: clock, moved: (moved, 0))
            var board = BoardActivity(seconds: 1)
            board.bytesRead = moved
            let places = fabric.actions(activity, basis: .assumed).map { (place: "fabric", counts: $0) } + board.places
            return EnergyAccount(
                [LayerActions(name: "", seconds: 1, places: places)], table: configuration.energy.table, basis: .assumed
            ).total
        }
        let idle = power(working: 0, moved: 0)
        let peak = power(working: clock, moved: configuration.memory.bytesPerSecond ?? 0)
        return PowerBound(
            idleW: idle.value, idleWLow: idle.low, idleWHigh: idle.high, peakW: peak.value, peakWLow: peak.low,
            peakWHigh: peak.high)
    }

    /// "idle 4.21 W (3.9 to 4.6), at most 6.3 W (5 to 10)".
    var text: String {
        func range(_ value: Double, _ low: Double, _ high: Double) -> String {
            "\(TextTable.fixed(value, 2)) W (\(TextTable.fixed(low, 2)) to \(TextTable.fixed(high, 2)))"
        }
        return "idle \(range(idleW, idleWLow, idleWHigh)), working \(range(peakW, peakWLow, peakWHigh))"
    }
}

extension PowerBound: ReportSection {
    /// The keys of the section, in the order of the documents.
    package static let fields: [ReportField<PowerBound>] = [
        ReportField("idle_w", \.idleW, unit: "W", "clocked, nothing runs"),
        ReportField("idle_w_low", \.idleWLow, unit: "W", "lower bound of `idle_w`"),
        ReportField("idle_w_high", \.idleWHigh, unit: "W", "upper bound of `idle_w`"),
        ReportField("peak_w", \.peakW, unit: "W", "every lane works in every cycle, at the table's toggle rate"),
        ReportField("peak_w_low", \.peakWLow, unit: "W", "lower bound of `peak_w`"),
        ReportField("peak_w_high", \.peakWHigh, unit: "W", "upper bound of `peak_w`"),
    ]
}
