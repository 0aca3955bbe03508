import Accelerator
import Design
import ExternalMemory
import Foundation
import Kernel
import Networks
import Observation
import Schedule

// One image on the machine.

/// The result of one image.
struct ImageRun: Sendable {
    var output = IntegerTensor(zeros: Shape(channels: 0, height: 0, width: 0))
    var tensors: [String: IntegerTensor] = [:]
    var counts = CycleCounts(CycleCauses())
    var layers: [LayerRun] = []
    var readBytes = 0
    var writtenBytes = 0
    var toggles: [String: UInt64] = [:]
    var tracedSignals = 0
    var isComplete = false

    init(
        _ accelerator: Accelerator, _ compiled: CompiledNetwork, _ input: IntegerTensor, _ timing: MemoryTiming,
        _ options: MachineOptions, clockMHz: Double, trace: TraceRequest?, interrupted: () -> Bool,
        progress: (Double) -> Void
    ) throws {
        let simulation = try Simulation(
            accelerator.design,
            options: PlanOptions(countsToggles: options.countsToggles, evaluatesEverything: trace != nil))
        let memory = MemoryContents(compiled.memoryImage(input: input))
        var traffic: [(read: Int, written: Int)] = []
        let monitor = RunMonitor(
            probes: accelerator.probes, stores: compiled.layers.filter { !$0.isOnHost }.map { $0.stores },
            layerEnded: { _ in traffic.append((memory.bytesRead, memory.bytesWritten)) })
        simulation.attach(SimpleMemory(memory, interface: accelerator.memory, timing: timing))
        // The recorder looks first: the monitor moves on to the next layer in a layer's last cycle.
        let recorder = try trace.map { try ImageRun.recorder($0, accelerator, compiled, monitor) }
        if let recorder { simulation.attach(recorder) }
        simulation.attach(monitor)

        let limit = Cosimulation.cycleLimit(compiled, timing)
        let end = try simulation.run(compiled, accelerator.ports, memory, limit: limit) { cycle in
            progress(min(1, Double(cycle) / Double(max(1, compiled.predictedCycles))))
            return interrupted()
        }
        try recorder?.close()
        if let recorder, let trace, recorder.cycleCount == 0 {
            try? FileManager.default.removeItem(atPath: trace.path)
            throw InputError(
                at: "trace",
                "no cycle of the run is in the window and layers asked for; the run has "
                    + "\(simulation.cycle) cycles")
        }
        if let fault = memory.fault { throw MachineFailure(description: "memory fault: \(fault)") }
        switch end {
        case .interrupted: return
        case .limit(let cycle):
            throw MachineFailure(
                description: "deadlock: not done after \(cycle) cycles; the program predicts "
                    + "\(compiled.predictedCycles)")
        case .stopped: break
        }
        isComplete = true
        output = compiled.output(in: memory.bytes)
        if options.keepsTensors {
            for name in compiled.tensorNames { tensors[name] = compiled.tensor(name, in: memory.bytes) }
        }
        account(monitor, traffic, compiled, memory, clockMHz: clockMHz)
        tracedSignals = recorder?.signalCount ?? 0
        if options.countsToggles { toggles = simulation.togglesByScope }
    }

    private mutating func account(
        _ monitor: RunMonitor, _ traffic: [(read: Int, written: Int)], _ compiled: CompiledNetwork,
        _ memory: MemoryContents, clockMHz: Double
    ) {
        var start = 0
        var before = (read: 0, written: 0)
        var arrayLayers = 0
        for (index, plan) in compiled.layers.enumerated() {
            var layer = LayerRun(
                name: plan.name, startCycle: start, endCycle: start,
                counts: CycleCounts(host: compiled.hostCycles(index, clockMHz: clockMHz)), readBytes: 0,
                writtenBytes: 0)
            if !plan.isOnHost {
                // Cycles after the last store (the host sees `done`) belong to the next layer of the array, if any.
                let now = traffic[arrayLayers]
                layer.counts = CycleCounts(monitor.causes[arrayLayers])
                layer.readBytes = now.read - before.read
                layer.writtenBytes = now.written - before.written
                before = now
                arrayLayers += 1
            }
            layer.endCycle += layer.counts.total
            start = layer.endCycle
            counts.add(layer.counts)
            layers.append(layer)
        }
        readBytes = memory.bytesRead
        writtenBytes = memory.bytesWritten
    }

    private static func recorder(
        _ request: TraceRequest, _ accelerator: Accelerator, _ compiled: CompiledNetwork, _ monitor: RunMonitor
    ) throws -> TraceRecorder {
        let names = compiled.layers.filter { !$0.isOnHost }.map { $0.name }
        if let unknown = request.layers.first(where: { !names.contains($0) }) {
            throw InputError(at: "--layers", "no layer \(unknown); layers are \(names.joined(separator: ", "))")
        }
        let taps: TapSelection =
            request.everything ? .everything : request.taps.isEmpty ? .named : .globs(request.taps)
        let shown = Set(request.layers.compactMap { names.firstIndex(of: $0) })
        return try TraceRecorder(
            path: request.path, signals: TraceSignals(accelerator.design, taps: taps), period: request.period,
            window: request.window ?? 0..<Int.max,
            isShown: { [unowned monitor] in shown.isEmpty || shown.contains(min(monitor.layer, names.count - 1)) })
    }
}

extension Simulation {
    /// Sets the program ports and raises `start` for the next cycle.
    func start(_ ports: AcceleratorPorts, _ streams: [Opcode: Int]) {
        inputs.set(ports.loadProgram, Int64(streams[.load] ?? 0))
        inputs.set(ports.computeProgram, Int64(streams[.compute] ?? 0))
        inputs.set(ports.storeProgram, Int64(streams[.store] ?? 0))
        attach(StartPulse(start: ports.start, cycle: cycle))
    }

    /// Starts the first run of the array in a program.
    func start(_ ports: AcceleratorPorts, _ compiled: CompiledNetwork) {
        for case .array(let streams) in compiled.steps.prefix(1) { start(ports, streams) }
    }

    /// Toggles of registers by the path of their scope.
    var togglesByScope: [String: UInt64] {
        var result: [String: UInt64] = [:]
        for (index, net) in design.nets.enumerated() where net.isRegister {
            let path = design.path(ofScope: net.scope).joined(separator: ".")
            result[path, default: 0] += toggleCount(NetID(index))
        }
        return result
    }
}

/// The host's start pulse in one cycle.
private final class StartPulse: ExternalDevice {
    private let start: NetID
    private let cycle: Int
    init(start: NetID, cycle: Int) {
        self.start = start
        self.cycle = cycle
    }
    let wakeNets: [NetID] = []
    func drive(cycle: Int, _ inputs: InputPorts) { inputs.set(start, cycle == self.cycle ? 1 : 0) }
    func clock(cycle: Int, _ state: StateView) -> Bool { cycle > self.cycle }
}
