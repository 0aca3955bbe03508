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
    /// Of all layers.
    var counts = CycleCounts(host: 0)
    /// In the order of the program.
    var layers: [LayerRun] = []
    /// Bytes over the memory interface.
    var readBytes: Int
    /// Bytes over the memory interface.
    var writtenBytes: Int
    /// Register bits that changed, by scope; empty unless counted.
    var toggles: [String: UInt64] = [:]
    /// 0 without a trace.
    var tracedSignals: Int
}

extension Build {
    /// Runs one image; nil when it was interrupted. `progress` gets the fraction done, by the predicted cycles.
    func run(
        _ input: IntegerTensor, options: MachineOptions, interrupted: () -> Bool, progress: (Double) -> Void
    ) throws -> ImageRun? {
        let machine = try machine(
            with: input,
            options: PlanOptions(countsToggles: options.countsToggles, evaluatesEverything: options.trace != nil))
        let traffic = TrafficLog()
        let monitor = self.monitor(of: machine.memory, traffic)
        // The recorder looks first: the monitor moves on to the next layer in a layer's last cycle.
        let recorder = try options.trace.map { try self.recorder($0, monitor) }
        if let recorder { machine.attach(recorder) }
        machine.attach(monitor)
        let end = try machine.run { cycle in
            progress(min(1, Double(cycle) / Double(max(1, program.predictedCycles))))
            return interrupted()
        }
        try recorder?.close()
        try machine.requireNoDeadlock(end)
        if case .interrupted = end {
            if recorder?.cycleCount == 0 { options.trace?.remove() }
            return nil
        }
        if let recorder, recorder.cycleCount == 0 {
            options.trace?.remove()
            throw InputError(
                at: "trace",
                "no cycle of the run is in the window and layers asked for; the run has \(machine.simulation.cycle) cycles"
            )
        }
        var run = result(of: machine, options, tracedSignals: recorder?.signalCount ?? 0)
        account(for: monitor.causes, traffic.ends, in: &run)
        return run
    }

    // MARK: watching

    /// Bytes read and written up to the end of each layer of the array.
    private final class TrafficLog { var ends: [(read: Int, written: Int)] = [] }

    private func monitor(of memory: MemoryContents, _ traffic: TrafficLog) -> RunMonitor {
        RunMonitor(
            probes: accelerator.probes, stores: program.layers.filter { !$0.isOnHost }.map { $0.stores },
            layerEnded: { _ in traffic.ends.append((memory.bytesRead, memory.bytesWritten)) })
    }

    private func recorder(_ request: TraceRequest, _ monitor: RunMonitor) throws -> TraceRecorder {
        let names = program.layers.filter { !$0.isOnHost }.map { $0.name }
        let selection: TapSelection =
            request.everything ? .everything : request.taps.isEmpty ? .named : .globs(request.taps)
        let shown = Set(request.layers.compactMap { names.firstIndex(of: $0) })
        guard shown.count == Set(request.layers).count else {
            throw Defect("the trace asks for layers \(request.layers), of which the program lacks some")
        }
        return try TraceRecorder(
            path: request.path, signals: TraceSignals(accelerator.design, taps: selection), times: request.times,
            window: request.window ?? 0..<Int.max,
            isShown: { [unowned monitor] in shown.isEmpty || shown.contains(min(monitor.layer, names.count - 1)) })
    }

    // MARK: results

    private func result(of machine: Machine, _ options: MachineOptions, tracedSignals: Int) -> ImageRun {
        let memory = machine.memory
        var run = ImageRun(
            output: program.output(in: memory.bytes), readBytes: memory.bytesRead, writtenBytes: memory.bytesWritten,
            tracedSignals: tracedSignals)
        if options.keepsTensors {
            for name in program.tensorNames { run.tensors[name] = program.tensor(name, in: memory.bytes) }
        }
        if options.countsToggles { run.toggles = machine.simulation.togglesByScope }
        return run
    }

    /// Cycles and traffic by layer. Cycles after the last store (the host sees `done`) belong to the next layer of the
    /// array, if any.
    func account(
        for causes: [CycleCauses], _ traffic: [(read: Int, written: Int)], in run: inout ImageRun
    ) {
        var start = 0
        var before = (read: 0, written: 0)
        var arrayLayers = 0
        for (index, plan) in program.layers.enumerated() {
            var layer = LayerRun(
                name: plan.name, startCycle: start, endCycle: start,
                counts: CycleCounts(host: program.hostCycles(index, clockMHz: clockMHz)), readBytes: 0,
                writtenBytes: 0)
            if !plan.isOnHost {
                let now = traffic[arrayLayers]
                layer.counts = CycleCounts(causes[arrayLayers])
                layer.readBytes = now.read - before.read
                layer.writtenBytes = now.written - before.written
                before = now
                arrayLayers += 1
            }
            layer.endCycle += layer.counts.total
            start = layer.endCycle
            run.counts.add(layer.counts)
            run.layers.append(layer)
        }
    }
}
