// Runs the points of a sweep side by side. Each point is one single-threaded simulation; points that differ in the
// accelerator only share one quantized network.

import Dispatch
import Networks
import Synchronization
import Workflow

/// Runs sweeps.
public enum SweepRunner {
    /// Simulates every point, `jobs` at a time. Wrong input of single points goes into their rows; anything else
    /// throws. `progress` gets the fraction of points done.
    public static func run(
        _ plan: SweepPlan, jobs: Int, progress: (@Sendable (Double) -> Void)? = nil,
        interrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> SweepResult {
        let networks = NetworkCache()
        let board = Board(count: plan.count)
        DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, plan.count))) { _ in
            while !interrupted(), let index = board.next() {
                do {
                    let row = try evaluate(plan, plan.points[index], networks, interrupted: interrupted)
                    let finished = board.finish(index, row)
                    progress?(Double(finished) / Double(plan.count))
                } catch is MachineInterrupted {
                    return
                } catch {
                    board.fail(error)
                    return
                }
            }
        }
        let rows = try board.rows()
        return SweepResult(plan: plan, rows: rows, isPartial: rows.count < plan.count)
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
            let hardware = try AcceleratorPlan(point.configuration, for: network.quantized)
            row.fits = hardware.resources.fits
            row.numbers = numbers(hardware.resources)
            if plan.requiresFit && !hardware.resources.fits { return row }
            let report = try Workflow.simulate(
                point.configuration, network: network, plan: hardware, interrupted: interrupted)
            row.numbers = try SweepKeys.numbers(report)
            let isWrong = (report.functional.mismatches ?? 0) != 0
            row.isCandidate = !isWrong && plan.constraints.allSatisfy { $0.holds(for: row.numbers) }
        } catch let error as InputError {
            row.error = error.description
        }
        return row
    }

    private static func numbers(_ resources: ResourceReport) -> [String: Double] {
        let entries = [
            ("lut", resources.lut), ("ff", resources.ff), ("dsp", resources.dsp), ("bram36", resources.bram36),
        ]
        var result: [String: Double] = [:]
        for (name, entry) in entries {
            result["resources.\(name).used"] = entry.used
            result["resources.\(name).fraction"] = entry.fraction
        }
        return result
    }
}

/// Hands out points and collects rows.
private final class Board: Sendable {
    private struct State {
        var next = 0
        var finished = 0
        var rows: [SweepRow?]
        var failure: (any Error)?
    }
    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(rows: Array(repeating: nil, count: count))) }

    /// The next point; nil when there is none or a point has failed.
    func next() -> Int? {
        state.withLock { state in
            guard state.failure == nil, state.next < state.rows.count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    /// Keeps a row; the number of rows so far.
    func finish(_ index: Int, _ row: SweepRow) -> Int {
        state.withLock { state in
            state.rows[index] = row
            state.finished += 1
            return state.finished
        }
    }

    func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

    func rows() throws -> [SweepRow] {
        let (rows, failure) = state.withLock { ($0.rows, $0.failure) }
        if let failure { throw failure }
        return rows.compactMap { $0 }
    }
}
