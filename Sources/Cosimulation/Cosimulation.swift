// Co-simulation: the kernel runs the Design and records every signal and every input; Verilator and Yosys run the
// emitted text with those inputs; every signal must be equal in every cycle.

import Accelerator
import Design
import Diagnostics
import ExternalMemory
import Foundation
import Kernel
import Machine
import Networks
import Observation
import Output
import RTLEmitter
import Schedule
import Support
import Waveforms

/// Runs co-simulations.
package struct Cosimulation {
    /// What runs.
    package var build: Build
    /// The image in memory.
    package var input: IntegerTensor
    /// At most this many cycles; nil: the whole run.
    package var cycles: Int?
    /// What the emitted scripts are for.
    package var target: SynthesisTarget
    /// The memory ports that the exported board's modules have; nil: there are none.
    package var ports: PortSettings?
    /// A change to the emitted files before the judges see them: tests plant faults here.
    package var sabotage: @Sendable ([RTLFile]) -> [RTLFile] = { $0 }
    private static let period = 1000

    /// A co-simulation; nothing runs yet.
    package init(_ build: Build, input: IntegerTensor, cycles: Int? = nil, target: SynthesisTarget) {
        self.build = build
        self.input = input
        self.cycles = cycles
        self.target = target
    }

    private var design: Design { build.accelerator.design }

    /// The accelerator's text, with a reset of what decides cycles.
    private func emit() throws -> [RTLFile] {
        try RTLEmitter.emit(design, for: target, resets: build.accelerator.controlRegisters)
    }

    /// Files of a stand-alone co-simulation: the RTL, the harness, and the images that it replays and must answer. They
    /// are written while the kernel runs, so that memory does not grow with the cycles.
    @discardableResult
    package func export(to directory: URL) throws -> Recording {
        var files = try emit()
        if let ports { files += try RTLEmitter.emit(try BoardDesign(build.accelerator, ports)) }
        try RTLFile.write(files, to: directory)
        let images = directory.appendingPathComponent("images")
        let run = try record(to: images)
        try WholeFile.write(
            Data(build.program.memoryImage(input: input)), to: images.appendingPathComponent("memory.bin").path)
        try WholeFile.write("\(run.cycles)\n", to: images.appendingPathComponent("cycles.txt").path)
        try WholeFile.write(try JSON.encode(BoardRun(run)), to: images.appendingPathComponent("board.json").path)
        if let end = run.memoryAtEnd {
            try WholeFile.write(Data(end), to: images.appendingPathComponent("memory_end.bin").path)
        }
        return run
    }

    /// Simulates, emits and asks the judges. `directory` receives rtl/, models/, kernel.fst and the judges' files.
    /// Throws `ToolError` when a judge is not installed.
    package func run(against judge: CosimulationJudge, in directory: URL) throws -> CosimulationReport {
        let judges = try judges(judge)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let files = sabotage(try emit())
        try RTLFile.write(files, to: directory)
        let trace = directory.appendingPathComponent("kernel.fst")
        let run = try record(to: directory.appendingPathComponent("images"), trace: trace)
        // Two judges work side by side: most of their time is one thread of a C++ compiler.
        let verdicts = try mapParallel(count: judges.count, workers: judges.count) { index in
            try Cosimulation.verdict(of: judges[index], files, run, trace, directory)
        }
        return CosimulationReport(
            cycles: run.cycles, finished: run.finished, signals: run.signals, verdicts: verdicts.compactMap { $0 })
    }

    // MARK: kernel

    /// A run of the kernel, for others to repeat.
    package struct Recording: Sendable {
        /// Inputs of `top`, one record per cycle.
        package var stimulus: URL
        /// Outputs of `top`, one record per cycle.
        package var responses: URL
        /// Records of either.
        package var cycles: Int
        /// Whether the program ended within them.
        package var finished: Bool
        /// Signals of the trace; 0 without one.
        package var signals: Int
        /// Byte addresses of the instructions of each run of the array: load, compute, store.
        package var programs: [[Int]]
        /// External memory at the end, where the array alone has written it and has finished.
        package var memoryAtEnd: [UInt8]?
    }

    /// What a processor on the board needs to know, images/board.json.
    private struct BoardRun: Encodable {
        /// What LOAD, COMPUTE and STORE are set to for a run of the array.
        struct Programs: Encodable {
            var load, compute, store: Int
        }
        /// Name and version of the form.
        var schema = "shiftsim.board/1"
        /// Runs of the array; between two of them the host computes layers.
        var runs: [Programs]
        /// Cycles of all runs together, as the configuration's memory answers.
        var cycles: Int

        init(_ run: Recording) {
            runs = run.programs.map { Programs(load: $0[0], compute: $0[1], store: $0[2]) }
            cycles = run.cycles
        }
    }

    /// Runs the kernel and writes `stimulus.bin` and `expected.bin` into a folder, and all signals into `trace`.
    package func record(to folder: URL, trace: URL? = nil) throws -> Recording {
        guard build.program.layers.contains(where: { !$0.isOnHost }) else {
            throw InputError(.unsupported, at: "network", "has no layer on the array, so that no hardware runs")
        }
        let machine = try build.machine(
            with: input, options: PlanOptions(countsToggles: false, evaluatesEverything: trace != nil))
        let limit = cycles ?? CycleLimit.cycles(build.program, build.memory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let stimulus = folder.appendingPathComponent("stimulus.bin")
        let responses = folder.appendingPathComponent("expected.bin")
        let records = try StimulusRecorder(
            ports: try RTLEmitter.ports(of: design), cycles: limit, stimulus: stimulus, responses: responses)
        machine.attach(records)
        let recorder = try trace.map { trace in
            try TraceRecorder(
                path: trace.path, signals: TraceSignals(design, taps: .everything),
                times: CycleTimes(picoseconds: UInt64(Cosimulation.period)),
                window: 0..<limit)
        }
        if let recorder { machine.attach(recorder) }
        let end = try machine.run(limit: limit)
        try records.finish()
        try recorder?.close()
        var finished = false
        if case .stopped = end { finished = true }
        let programs = build.program.steps.compactMap { step -> [Int]? in
            guard case .array(let streams) = step else { return nil }
            return [Opcode.load, .compute, .store].map { streams[$0] ?? 0 }
        }
        return Recording(
            stimulus: stimulus, responses: responses, cycles: machine.simulation.cycle, finished: finished,
            signals: recorder?.signalCount ?? 0, programs: programs,
            memoryAtEnd: finished && build.program.steps.count == 1 ? machine.memory.bytes : nil)
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
            let ports = try RTLEmitter.ports(of: design)
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
        let responses = directory.appendingPathComponent("\(judge.name).bin")
        try model.run(stimulus: run.stimulus, responses: responses, cycles: run.cycles, vcd: vcd, period: period)
        let ours = try TraceFile.open(trace.path)
        let theirs = try TraceFile.open(vcd.path)
        var diff = TraceDiffOptions()
        // Both files change at the start of a cycle only, but for the clock's falling edge.
        diff.samplingA = try TraceSampling(period: UInt64(period), offset: UInt64(period) / 4)
        diff.samplingB = diff.samplingA
        diff.prefixB = prefix(theirs)
        // The tools show signals of their own, and end a little later.
        diff.commonOnly = true
        let report = try TraceDiff.compare(ours, theirs, options: diff)
        let complete = report.onlyInA.isEmpty && report.signalsCompared == run.signals
        let sameOutputs = FileManager.default.contentsEqual(atPath: responses.path, andPath: run.responses.path)
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

extension BoardDesign {
    /// An accelerator with ports of those settings. Throws `DesignError` for a defect of the ports' elaboration.
    package init(_ accelerator: Accelerator, _ ports: PortSettings) throws {
        try self.init(
            accelerator, ports: ports.ports, burstBytes: ports.burstBytes, coreMHz: Double(ports.coreKHz) / 1000,
            portMHz: Double(ports.portKHz) / 1000)
    }
}
