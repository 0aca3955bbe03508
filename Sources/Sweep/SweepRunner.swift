// Runs the points of a sweep side by side. Each point is one single-threaded simulation; points that differ in the
// accelerator only share one quantized network.

import Configuration
import Diagnostics
import Flows
import Preparation
import Reports
import Support
import Synchronization

/// Runs sweeps.
package enum SweepRunner {
    /// Simulates every point, `jobs` at a time. Wrong input of single points goes into their rows; anything else
    /// throws. `progress` gets the fraction of points done.
    package static func run(
        _ plan: SweepPlan, jobs: Int, progress: (@Sendable (Double) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> SweepResult {
        let networks = NetworkCache()
        let finished = Atomic<Int>(0)
        let rows = try mapParallel(count: plan.count, workers: jobs, stop: interrupted) { index -> SweepRow? in
            do {
                let row = try evaluate(plan, plan.points[index], networks, interrupted: interrupted)
                let count = finished.add(1, ordering: .relaxed).newValue
                progress?(Double(count) / Double(plan.count))
                return row
            } catch is Interruption {
                return nil
            }
        }
        let kept = rows.compactMap { $0 }
        return SweepResult(plan: plan, rows: kept, isPartial: kept.count < plan.count)
    }

    private static func evaluate(
        _ plan: SweepPlan, _ point: SweepPlan.Point, _ networks: NetworkCache,
        interrupted: @escaping @Sendable () -> Bool
    ) throws -> SweepRow {
        let values = Dictionary(uniqueKeysWithValues: zip(plan.axes.map(\.key), point.values))
        var row = SweepRow(point: values, fits: nil, numbers: [:], isCandidate: false, error: nil)
        do {
            try point.configuration.validate()
            let network = try networks.network(point.configuration)
            let hardware = try Hardware.elaborate(point.configuration, for: network.quantized)
            row.fits = hardware.resources.fits
            row.numbers = SweepKeys.numbers(hardware.resources)
            if plan.requiresFit && !hardware.resources.fits { return row }
            let report = try Flow.simulate(
                point.configuration, network: network, hardware: hardware, interrupted: interrupted)
            row.numbers = SweepKeys.numbers(report)
            let isWrong = (report.functional.mismatches ?? 0) != 0
            row.isCandidate = !isWrong && plan.constraints.allSatisfy { $0.holds(for: row.numbers) }
        } catch let error as InputError {
            row.error = error.description
        }
        return row
    }
}
