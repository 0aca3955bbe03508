// How long a program takes, without what it computes. Data decides no cycle, so the cells that do are enough, with a
// memory that moves none; the host's layers are not computed, and take the time that they always take.

import Accelerator
import Diagnostics
import ExternalMemory
import Kernel
import Networks
import Schedule
import Streams

extension Build {
    /// Cycles and traffic of an image, whatever is in it. A build without weights will do. `progress` gets the fraction
    /// done, by the predicted cycles. Throws `Defect` on a deadlock and where control
    /// and data are not apart, and `Interruption` where it was interrupted.
    package func time(
        _ engine: MachineOptions.Engine = .streams, progress: (Double) -> Void = { _ in },
        interrupted: () -> Bool = { false }
    ) throws -> RunTiming {
        let predicted = try prediction().arrayCycles
        func ask(_ cycle: Int) -> Bool {
            progress(min(1, Double(cycle) / Double(max(1, predicted))))
            return interrupted()
        }
        switch engine {
        case .streams:
            do {
                let separation = try Separation(accelerator.design, memory: accelerator.memory)
                return try timeOnStream(separation, interrupted: ask)
            } catch let obstacle as Separation.Obstacle {
                throw Defect("this design cannot be timed without data: \(obstacle)")
            }
        case .plain: return try timePlainly(interrupted: ask)
        }
    }

    /// The cone with jumps over what stands still.
    private func timeOnStream(_ separation: Separation, interrupted: (Int) -> Bool) throws -> RunTiming {
        let traffic = TrafficLog(
            instructions: program.instructionBytes, at: program.instructionPlace.lowerBound,
            memoryBytes: program.memoryBytes)
        let stream = try TimingStream(separation, watching: accelerator.probes.nets)
        let device = memory.device(traffic, interface: accelerator.memory)
        stream.attach(device)
        let account = RunAccount(program, accelerator.probes) { cycle in
            Traffic(read: traffic.bytesRead, written: traffic.bytesWritten, dram: device.dram(before: cycle))
        }
        stream.attach(account.monitor)
        let limit = CycleLimit.cycles(program, memory)
        for case .array(let streams) in program.steps {
            // A run of few steps would not ask by itself.
            if interrupted(stream.cycle) { throw Interruption() }
            stream.attach(HostStart(streams, accelerator, inputs: stream.inputs, cycle: stream.cycle))
            let end = try stream.run(stop: accelerator.ports.done, limit: limit, interrupted: interrupted)
            if let fault = traffic.fault { throw Defect("memory fault: \(fault)") }
            try program.requireEnd(end)
        }
        return account.timing(clockMHz: clockMHz, cycles: stream.cycle)
    }

    /// The cone on the plain kernel with a whole memory, cycle by cycle.
    private func timePlainly(interrupted: (Int) -> Bool) throws -> RunTiming {
        let machine = try Machine.assemble(
            accelerator.timingCone, program, input: IntegerTensor(zeros: network.input), memory: memory,
            options: PlanOptions(countsToggles: false))
        let account = RunAccount(machine)
        machine.attach(account.monitor)
        try program.requireEnd(try machine.run(hostComputes: false, interrupted: interrupted))
        return account.timing(clockMHz: clockMHz, cycles: machine.simulation.cycle)
    }
}

extension CompiledNetwork {
    /// Throws `Defect` where a run reached its limit, a deadlock, and `Interruption` where it was interrupted.
    fileprivate func requireEnd(_ end: RunEnd) throws {
        switch end {
        case .stopped: break
        case .interrupted: throw Interruption()
        case .limit(let cycle):
            throw Defect("deadlock: not done after \(cycle) cycles; the program predicts \(predictedCycles)")
        }
    }
}
