import Accelerator
import Design
import ExternalMemory
import Foundation
import Kernel
import Networks
import Observation
import RTLEmitter
import Schedule
import Synchronization
import Waveforms

// Co-simulation: the kernel runs the Design and records every signal and every input; Verilator and Yosys run the
// emitted text with those inputs; every signal must be equal in every cycle.

/// Who judges.
public enum CosimulationJudge: String, Sendable, CaseIterable, Codable {
    case verilator, yosys, both
}

/// What the judges found.
public struct CosimulationReport: Sendable, Codable, Equatable {
    public struct Verdict: Sendable, Codable, Equatable {
        public var judge: String
        public var isEqual: Bool
        /// Signals compared, lane by lane.
        public var signals: Int
        /// The first difference, or a summary.
        public var message: String
    }
    public var cycles: Int
    /// The program ended within the cycles.
    public var finished: Bool
    /// Signals of the kernel, lane by lane.
    public var signals: Int
    public var verdicts: [Verdict]
    public var isEqual: Bool { verdicts.allSatisfy { $0.isEqual } }
}

/// Inputs of `top` in every cycle, as the emitted harness reads them, and its outputs, as the harness writes them.
final class StimulusRecorder: Observer {
    let window: Range<Int>
    private let ports: [RTLPort]
    private(set) var inputs = Data()
    private(set) var outputs = Data()

    init(ports: [RTLPort], cycles: Int) {
        self.ports = ports
        window = 0..<cycles
    }

    func observe(cycle: Int, _ state: StateView) {
        for port in ports {
            let record = StimulusRecorder.bytes(port, state)
            if port.isInput { inputs.append(contentsOf: record) } else { outputs.append(contentsOf: record) }
        }
    }

    private static func bytes(_ port: RTLPort, _ state: StateView) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: port.bytes)
        for lane in 0..<port.lanes {
            let value = UInt64(bitPattern: state.value(port.net, lane: lane))
            for bit in 0..<port.width where (value >> UInt64(bit)) & 1 == 1 {
                let place = lane * port.width + bit
                bytes[place / 8] |= 1 << UInt8(place % 8)
            }
        }
        return bytes
    }
}

/// Runs co-simulations.
public struct Cosimulation {
    public var accelerator: Accelerator
    public var compiled: CompiledNetwork
    public var input: IntegerTensor
    public var timing: MemoryTiming
    /// At most this many cycles.
    public var cycles: Int
    /// A change to the emitted files before the judges see them: tests plant faults here.
    public var sabotage: @Sendable ([RTLFile]) -> [RTLFile] = { $0 }
    private static let period = 1000

    public init(
        accelerator: Accelerator, compiled: CompiledNetwork, input: IntegerTensor, timing: MemoryTiming, cycles: Int
    ) {
        self.accelerator = accelerator
        self.compiled = compiled
        self.input = input
        self.timing = timing
        self.cycles = cycles
    }

    /// Files of a stand-alone co-simulation: the RTL, the harness, and the images that it replays and must answer.
    public func export(to directory: URL) throws {
        let files = try RTLEmitter.emit(accelerator.design)
        try RTLFile.write(files, to: directory)
        let run = try record(trace: nil)
        let images = directory.appendingPathComponent("images")
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        try run.stimulus.write(to: images.appendingPathComponent("stimulus.bin"))
        try run.response.write(to: images.appendingPathComponent("expected.bin"))
        try Data(compiled.memoryImage(input: input)).write(to: images.appendingPathComponent("memory.bin"))
        try "\(run.cycles)\n".write(
            to: images.appendingPathComponent("cycles.txt"), atomically: true, encoding: .utf8)
    }

    /// Inputs and outputs of `top` in every cycle of a run.
    func stimulus() throws -> (inputs: Data, outputs: Data, cycles: Int) {
        let run = try record(trace: nil)
        return (run.stimulus, run.response, run.cycles)
    }

    /// Simulates, emits and asks the judges. `directory` receives rtl/, models/, kernel.fst and the judges' files.
    /// Throws `ToolError` when a judge is not installed.
    public func run(against judge: CosimulationJudge, in directory: URL) throws -> CosimulationReport {
        let judges = try judges(judge)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let files = sabotage(try RTLEmitter.emit(accelerator.design))
        try RTLFile.write(files, to: directory)
        let trace = directory.appendingPathComponent("kernel.fst")
        let run = try record(trace: trace)
        // Two judges work side by side: most of their time is one thread of a C++ compiler.
        let verdicts = Mutex([Int: Result<CosimulationReport.Verdict, any Error>]())
        DispatchQueue.concurrentPerform(iterations: judges.count) { index in
            let verdict = Result { try Cosimulation.verdict(of: judges[index], files, run, trace, directory) }
            verdicts.withLock { $0[index] = verdict }
        }
        let found = verdicts.withLock { $0 }
        return CosimulationReport(
            cycles: run.cycles, finished: run.finished, signals: run.signals,
            verdicts: try judges.indices.map { try found[$0]!.get() })
    }

    /// Twice the predicted cycles plus what the slowest memory may add per beat and instruction: no legal program
    /// needs more.
    static func cycleLimit(_ compiled: CompiledNetwork, _ timing: MemoryTiming) -> Int {
        let bytes = compiled.layers.reduce(0) { $0 + $1.readBytes + $1.writtenBytes }
        let perByte = timing.bytesPerCycle65536.map { 65536.0 / Double(max(1, $0)) } ?? 1
        let waits = (compiled.program.count + 8) * (timing.latency + 16) * 8
        let stalls = timing.stallSeed == nil ? 2 : 8
        return stalls * (compiled.predictedCycles + Int(Double(bytes) * perByte) + waits) + 10_000
    }

    // MARK: kernel

    private struct Recording: Sendable {
        var stimulus, response: Data
        var cycles: Int
        var finished: Bool
        var signals: Int
    }

    private func record(trace: URL?) throws -> Recording {
        let simulation = try Simulation(
            accelerator.design, options: PlanOptions(countsToggles: false, evaluatesEverything: trace != nil))
        let memory = MemoryContents(compiled.memoryImage(input: input))
        let ports = try RTLEmitter.ports(of: accelerator.design)
        let stimulus = StimulusRecorder(ports: ports, cycles: cycles)
        simulation.attach(SimpleMemory(memory, interface: accelerator.memory, timing: timing))
        simulation.attach(stimulus)
        var recorder: TraceRecorder?
        if let trace {
            let signals = try TraceSignals(accelerator.design, taps: .everything)
            recorder = try TraceRecorder(
                path: trace.path, signals: signals, period: UInt64(Cosimulation.period), window: 0..<cycles)
            simulation.attach(recorder!)
        }
        guard compiled.layers.contains(where: { !$0.isOnHost }) else {
            throw InputError(.unsupported, at: "network", "has no layer on the array, so that no hardware runs")
        }
        let end = try simulation.run(compiled, accelerator.ports, memory, limit: cycles)
        try recorder?.close()
        if let fault = memory.fault { throw MachineFailure(description: "memory fault: \(fault)") }
        var finished = false
        if case .stopped = end { finished = true }
        return Recording(
            stimulus: stimulus.inputs, response: stimulus.outputs, cycles: simulation.cycle, finished: finished,
            signals: recorder?.signalCount ?? 0)
    }

    // MARK: judges

    /// A tool that makes the emitted text a program.
    private struct Judge: Sendable {
        var name: String
        /// Builds in a folder, at an -O level of the C++ compiler, a model that can trace.
        var build: @Sendable ([RTLFile], URL, String) throws -> CompiledModel
    }

    private func judges(_ judge: CosimulationJudge) throws -> [Judge] {
        var judges: [Judge] = []
        if judge != .yosys {
            let verilator = try Verilator()
            judges.append(
                Judge(name: "verilator") { files, folder, optimization in
                    var options = Verilator.Options()
                    options.trace = true
                    options.optimization = optimization
                    return try verilator.build(files, in: folder, options: options)
                })
        }
        if judge != .verilator {
            let cxxrtl = try CXXRTL()
            let ports = try RTLEmitter.ports(of: accelerator.design)
            judges.append(
                Judge(name: "yosys") { files, folder, optimization in
                    try cxxrtl.build(files, ports: ports, in: folder, optimization: optimization)
                })
        }
        return judges
    }

    /// Builds, runs, and compares all signals in all cycles and the outputs byte by byte.
    private static func verdict(
        of judge: Judge, _ files: [RTLFile], _ run: Recording, _ trace: URL, _ directory: URL
    ) throws -> CosimulationReport.Verdict {
        let model = try judge.build(
            files, directory.appendingPathComponent(judge.name), run.cycles > 50_000 ? "1" : "0")
        let vcd = directory.appendingPathComponent("\(judge.name).vcd")
        let outcome = try model.run(stimulus: run.stimulus, cycles: run.cycles, vcd: vcd, period: period)
        let ours = try TraceFile.open(trace.path)
        let theirs = try TraceFile.open(vcd.path)
        var diff = TraceDiffOptions()
        // Both files change at the start of a cycle only, but for the clock's falling edge.
        diff.samplingA = try TraceSampling(period: UInt64(period), offset: UInt64(period) / 4)
        diff.samplingB = diff.samplingA
        diff.prefixB = prefix(theirs)
        let report = try TraceDiff.compare(ours, theirs, options: diff)
        let complete = report.onlyInA.isEmpty && report.signalsCompared == run.signals
        let sameOutputs = outcome.response == run.response
        var message = report.text
        if !sameOutputs { message += "the outputs of top differ\n" }
        return .init(
            judge: judge.name, isEqual: report.isMatch && complete && sameOutputs, signals: report.signalsCompared,
            message: message)
    }

    /// What stands before `top.` in a trace.
    private static func prefix(_ file: TraceFile) -> String {
        guard let scope = file.scopes.first(where: { $0.path.hasSuffix(".top") }) else { return "" }
        return String(scope.path.dropLast(".top".count))
    }
}
