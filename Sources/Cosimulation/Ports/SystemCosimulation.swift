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

// Co-simulation with the memory ports: accelerator and ports run in the kernel, each in its clock, and as
// `shiftsim_system` under Verilator; every signal of all three Designs must be equal in every cycle of its clock.

/// Runs the co-simulation of an accelerator with its memory ports.
package struct SystemCosimulation {
    private let build: Build
    private let input: IntegerTensor
    private let settings: PortSettings
    private let slave: SlaveModel
    private let cycles: Int?
    /// A change to the emitted files before the judge sees them: tests plant faults here.
    package var sabotage: @Sendable ([RTLFile]) -> [RTLFile] = { $0 }

    /// Nil where the build's memory has no ports. `cycles`: of the core's clock, at most; nil: the whole run.
    package init?(_ build: Build, input: IntegerTensor, cycles: Int? = nil) {
        guard case .ports(let settings, let slave) = build.memory else { return nil }
        (self.build, self.input, self.cycles) = (build, input, cycles)
        (self.settings, self.slave) = (settings, slave)
    }

    /// A Design's trace, with the name of its instance and the cycles of its clock.
    private struct Trace {
        var instance: String
        var url: URL
        var signals, cycles: Int
        var isCore: Bool
    }

    /// What the kernel did.
    private struct Run {
        var cycles: Int
        var finished: Bool
        var stimulus: URL
        var clocks: SystemStimulus
        var traces: [Trace]
    }

    /// Simulates, emits and asks Verilator. `directory` receives the files of both.
    package func run(in directory: URL) throws -> CosimulationReport {
        let verilator = try Verilator()
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let board = try BoardDesign(build.accelerator, settings)
        let files = sabotage(
            try RTLEmitter.emit(
                build.accelerator.design, for: .zcu102, resets: build.accelerator.controlRegisters)
                + RTLEmitter.emit(board))
        let run = try simulate(in: directory)
        let folder = directory.appendingPathComponent("system")
        let executable = try verilator.buildSystem(files, in: folder)
        let vcd = directory.appendingPathComponent("system.vcd")
        try Tool(executable: executable).run([run.stimulus.path, vcd.path])
        let theirs = try TraceFile.open(vcd.path)
        let verdicts = try run.traces.map { try verdict(of: $0, theirs, run) }
        return CosimulationReport(
            cycles: run.cycles, finished: run.finished, signals: run.traces.reduce(0) { $0 + $1.signals },
            verdicts: verdicts)
    }

    // MARK: kernel

    private func simulate(in directory: URL) throws -> Run {
        var hardware: PortHardware?
        let machine = try Machine.assemble(
            build, input: input, options: PlanOptions(countsToggles: false, evaluatesEverything: true)
        ) { contents in
            let device = try PortHardware(
                contents, interface: build.accelerator.memory, settings: settings, slave: slave.make(settings))
            hardware = device
            return device
        }
        guard let hardware else { throw Defect("the machine has no memory") }
        let stimulus = directory.appendingPathComponent("system.bin")
        let clocks = try SystemStimulus(build.accelerator, settings, stimulus)
        hardware.recorder = clocks
        machine.attach(clocks)
        var recorders: [(String, URL, TraceRecorder, Bool)] = []
        func record(_ simulation: Simulation, _ instance: String, isCore: Bool) throws {
            let url = directory.appendingPathComponent("\(instance).fst")
            let units = UInt64(isCore ? clocks.coreUnits : clocks.portUnits)
            let recorder = try TraceRecorder(
                path: url.path, signals: TraceSignals(simulation.design, taps: .everything),
                times: CycleTimes(picoseconds: units), window: 0..<Int.max)
            simulation.attach(recorder)
            recorders.append((instance, url, recorder, isCore))
        }
        try record(machine.simulation, "accelerator", isCore: true)
        try record(hardware.core.simulation, "ports", isCore: true)
        for port in hardware.ports { try record(port.side.simulation, "port\(port.index)", isCore: false) }
        let end = try machine.run(limit: cycles ?? CycleLimit.cycles(build.program, build.memory))
        if let failure = hardware.failure { throw failure }
        try clocks.finish()
        var finished = false
        if case .stopped = end { finished = true }
        let traces = try recorders.map { instance, url, recorder, isCore in
            try recorder.close()
            return Trace(
                instance: instance, url: url, signals: recorder.signalCount, cycles: recorder.cycleCount, isCore: isCore
            )
        }
        return Run(
            cycles: machine.simulation.cycle, finished: finished, stimulus: stimulus, clocks: clocks, traces: traces)
    }

    // MARK: comparison

    private func verdict(
        of trace: Trace, _ theirs: TraceFile, _ run: Run
    ) throws -> CosimulationReport.Verdict {
        let ours = try TraceFile.open(trace.url.path)
        let period = UInt64(trace.isCore ? run.clocks.coreUnits : run.clocks.portUnits)
        // A cycle's values are looked at before the edge that ends it. In the kernel's trace its clock is low then; cycle 0
        // of the ports' clock lies before time 0, where the text has none.
        var options = TraceDiffOptions(prefixA: "top", commonOnly: true)
        options.samplingA = try TraceSampling(
            period: period, offset: (trace.isCore ? 0 : period) + 3 * period / 4)
        options.samplingB = try TraceSampling(period: period, offset: period - 1)
        options.prefixB = try SystemCosimulation.scope(trace.instance, in: theirs)
        let report = try TraceDiff.compare(ours, theirs, options: options)
        // Steps count from 0, those of a port from its cycle 1 on: the last is the kernel's last cycle.
        let last = trace.cycles - (trace.isCore ? 1 : 2)
        let found = report.lastStep.map { Int($0) } ?? -1
        let complete = report.onlyInA.isEmpty && report.signalsCompared == trace.signals && found == last
        let ends = found == last ? "" : "compared to step \(found), not to \(last)\n"
        return .init(
            judge: "verilator, \(trace.instance)", isEqual: report.isMatch && complete,
            signals: report.signalsCompared, message: report.text + ends)
    }

    /// The path of an instance of the emitted text in a trace.
    private static func scope(_ instance: String, in file: TraceFile) throws -> String {
        let suffix = "\(SystemDesignNames.module).\(instance)"
        guard let scope = file.scopes.first(where: { $0.path.hasSuffix(suffix) }) else {
            throw Defect("the trace of the text has no scope \(suffix)")
        }
        return scope.path
    }
}
