// How long a program takes, without what it computes: the cells that decide cycles on the plain kernel, with the whole
// memory at their ports. Exact, for the data path decides none; the host's layers are not computed, and take the time
// that they always take.

import Accelerator
import Diagnostics
import Kernel
import Networks

extension Build {
    /// Cycles and traffic of an image, whatever is in it. `progress` gets the fraction done, by the predicted cycles.
    /// Throws `Defect` on a deadlock, and `Interruption` where it was interrupted. A build without weights will do.
    package func time(
        progress: (Double) -> Void = { _ in }, interrupted: () -> Bool = { false }
    ) throws -> RunTiming {
        let machine = try Machine.assemble(
            accelerator.timingCone, program, input: IntegerTensor(zeros: network.input), timing: timing,
            options: PlanOptions(countsToggles: false))
        let account = RunAccount(machine)
        machine.attach(account.monitor)
        let end = try machine.run(hostComputes: false) { cycle in
            progress(min(1, Double(cycle) / Double(max(1, program.predictedCycles))))
            return interrupted()
        }
        try machine.requireNoDeadlock(end)
        if case .interrupted = end { throw Interruption() }
        return account.timing(clockMHz: clockMHz)
    }
}
