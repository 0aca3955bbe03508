// One image on the machine, with its cycles by cause and by layer.

import Accelerator
import Diagnostics
import ExternalMemory
import Foundation
import Kernel
import Networks
import Observation
import Schedule

/// The result of one image.
struct ImageRun: Sendable {
    /// The network's output.
    var output: IntegerTensor
    /// Every feature map by name, if kept.
    var tensors: [String: IntegerTensor] = [:]
    /// Cycles and traffic.
    var timing: RunTiming
    /// Register bits that changed, by scope; empty unless counted.
    var toggles: [String: UInt64] = [:]
    /// Events of each layer of the array; empty unless counted.
    var activity: [ActivityCount] = []
    /// 0 without a trace.
    var tracedSignals = 0

    /// What external memory holds after the run.
    init(
        _ program: CompiledNetwork, memory: UnsafeRawBufferPointer, timing: RunTiming, _ options: MachineOptions
    ) {
        output = program.output(in: memory)
        self.timing = timing
        guard options.keepsTensors else { return }
        for name in program.tensorNames { tensors[name] = program.tensor(name, in: memory) }
    }
}

extension Build {
    /// Runs one image; nil when it was interrupted. `progress` gets the fraction done, by the predicted cycles.
    func run(
        _ input: IntegerTensor, options: MachineOptions, interrupted: () -> Bool, progress: (Double) -> Void
    ) throws -> ImageRun? {
        let machine = try machine(
            with: input,
            options: PlanOptions(
                countsToggles: options.countsToggles,
                evaluatesEverything: options.trace != nil || options.countsNets))
        let account = RunAccount(machine)
        // The recorder looks first: the monitor moves on to the next layer in a layer's last cycle.
        let recorder = try options.trace.map { try self.recorder($0, account.monitor) }
        if let recorder { machine.attach(recorder) }
        let activity =
            options.countsToggles
            ? ActivityObserver(machine.simulation, account.monitor, countsNets: options.countsNets) : nil
        if let activity { machine.attach(activity) }
        machine.attach(account.monitor)
        let predicted = try prediction().arrayCycles
        let end = try machine.run { cycle in
            progress(min(1, Double(cycle) / Double(max(1, predicted))))
            return interrupted()
        }
        try recorder?.close()
        try machine.requireNoDeadlock(end)
        if case .interrupted = end {
            if recorder?.cycleCount == 0 { options.trace?.remove() }
            return nil
        }
        if let recorder, let request = options.trace {
            try requireCycles(recorder, request, of: machine.simulation.cycle)
        }
        var run = result(
            of: machine, account.timing(clockMHz: clockMHz, cycles: machine.simulation.cycle), options,
            tracedSignals: recorder?.signalCount ?? 0)
        run.activity = activity?.layers(program.layerEnds.count) ?? []
        return run
    }

    // MARK: watching

    private func recorder(_ request: TraceRequest, _ monitor: RunMonitor) throws -> TraceRecorder {
        let isShown = try layerFilter(request)
        return try TraceRecorder(
            path: request.path, signals: TraceSignals(accelerator.design, taps: request.selection),
            times: request.times,
            window: request.window ?? 0..<Int.max,
            isShown: { [unowned monitor] cycle in isShown(cycle, monitor.ends) })
    }

    // MARK: results

    private func result(
        of machine: Machine, _ timing: RunTiming, _ options: MachineOptions, tracedSignals: Int
    ) -> ImageRun {
        let memory = machine.memory
        var run = memory.bytes.withUnsafeBytes { ImageRun(program, memory: $0, timing: timing, options) }
        run.tracedSignals = tracedSignals
        if options.countsToggles { run.toggles = machine.simulation.togglesByScope }
        return run
    }
}
