// Runs the points of a sweep side by side. Each point is one single-threaded simulation, or an estimate; points that
// differ in the accelerator only share one quantized network.

import Configuration
import Diagnostics
import Flows
import Preparation
import Reports
import Support
import Synchronization

/// Runs sweeps.
package enum SweepRunner {
    /// Evaluates every point, `jobs` at a time. Wrong input of single points goes into their rows; anything else
    /// throws. `progress` gets the number of points done.
    package static func run(
        _ plan: SweepPlan, jobs: Int, store: NetworkStore? = nil, progress: (@Sendable (Int) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> SweepResult {
        try run(
            plan, jobs: jobs, NetworkCache(plan.points.map(\.configuration), store: store), progress: progress,
            interrupted: interrupted)
    }

    /// The same, with networks that somebody looks at.
    static func run(
        _ plan: SweepPlan, jobs: Int, _ networks: NetworkCache, progress: (@Sendable (Int) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> SweepResult {
        let finished = Atomic<Int>(0)
        let evaluation = PointEvaluation(plan: plan, networks: networks, interrupted: interrupted)
        progress?(0)
        let done = try mapParallel(count: plan.count, workers: jobs, stop: interrupted) {
            position -> (Int, SweepRow)? in
            let index = networks.order[position]
            let point = plan.points[index]
            defer { networks.release(point.configuration) }
            do {
                let row = try evaluation.row(point)
                progress?(finished.add(1, ordering: .relaxed).newValue)
                return (index, row)
            } catch is Interruption {
                return nil
            }
        }
        let rows = done.compactMap { $0 }.sorted { $0.0 < $1.0 }.map(\.1)
        return SweepResult(plan: plan, rows: rows, isPartial: rows.count < plan.count)
    }
}

/// How a point becomes a row.
private struct PointEvaluation {
    let plan: SweepPlan
    let networks: NetworkCache
    let interrupted: @Sendable () -> Bool

    /// What came of a point. Throws what is not the point's own fault.
    func row(_ point: SweepPlan.Point) throws -> SweepRow {
        var row = SweepRow(point: point.values)
        do {
            try point.configuration.validate()
            let network = try networks.network(point.configuration)
            let hardware = try Hardware.elaborate(point.configuration, for: network.quantized)
            row.fits = hardware.resources.fits
            row.mayRun = hardware.mayRun
            row.limiting = hardware.resources.limiting
            row.numbers = SweepKeys.numbers(hardware.resources)
            if plan.requiresFit && !hardware.resources.fits { return row }
            row.numbers = try numbers(point.configuration, network, hardware)
            row.isEvaluated = true
            let isWrong = (row.numbers["functional.mismatches"] ?? 0) != 0
            row.isCandidate = !isWrong && plan.constraints.allSatisfy { $0.holds(for: row.numbers) }
        } catch let error as InputError {
            row.error = error.description
        }
        return row
    }

    private func numbers(
        _ configuration: Configuration, _ network: PointNetwork, _ hardware: Hardware
    ) throws -> [String: Double] {
        if plan.mode == .estimate { return SweepKeys.numbers(try Flow.estimate(configuration, hardware: hardware)) }
        return switch network {
        case .whole(let network):
            SweepKeys.numbers(
                try Flow.simulate(configuration, network: network, hardware: hardware, interrupted: interrupted))
        case .outline(let network):
            SweepKeys.numbers(
                try Flow.time(configuration, network: network, hardware: hardware, interrupted: interrupted))
        }
    }
}
