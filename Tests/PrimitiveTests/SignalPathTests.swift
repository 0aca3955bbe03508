import Design
import Fabric
import Foundation
import RTLEmitter
import Testing

/// Does a simulation of the emitted text have every signal of the Design, under its path, with its value in every
/// cycle?
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct SignalPathTests {
    static let period = 1000
    static let cycles = 300

    /// A traced run of the mixed design.
    struct Traced {
        let scratch: ScratchDirectory
        let design: Design
        let files: [RTLFile]
        let stimulus: Stimulus
        let vcd: URL
    }

    static func trace() throws -> Traced {
        let design = try MixedDesign.make()
        let scratch = try ScratchDirectory()
        let files = try RTLEmitter.emit(design)
        var options = Verilator.Options()
        options.trace = true
        options.optimization = "0"
        let model = try Tools.verilator.get().build(files, in: scratch.url, options: options)
        let stimulus = RTLHarness.randomStimulus(design, cycles: cycles, seed: 7)
        let vcd = scratch.url.appendingPathComponent("run.vcd")
        let data = RTLHarness.encode(stimulus, ports: try RTLEmitter.ports(of: design))
        _ = try model.run(stimulus: data, cycles: cycles, vcd: vcd, period: period)
        return Traced(scratch: scratch, design: design, files: files, stimulus: stimulus, vcd: vcd)
    }

    @Test func everySignalHasItsPathAndValue() throws {
        let run = try Self.trace()
        let trace = try VCDValues(run.vcd, period: Self.period)
        #expect(trace.cycles.count == Self.cycles)
        var reference = try ReferenceInterpreter(run.design)
        for (cycle, inputs) in run.stimulus.enumerated() {
            reference.settle(inputs: inputs)
            compare(reference, trace, cycle: cycle)
            reference.edge()
        }
    }

    private func compare(_ reference: ReferenceInterpreter, _ trace: VCDValues, cycle: Int) {
        for (index, net) in reference.design.nets.enumerated() where net.role != .hiddenRegister {
            for lane in 0..<net.lanes {
                let path = reference.design.path(of: NetID(index), lane: lane)
                let wanted = UInt64(bitPattern: reference.values[index][lane]) & ((1 << UInt64(net.width)) - 1)
                let found = trace.value(path, cycle: cycle)
                if found != wanted {
                    Issue.record("\(path), cycle \(cycle): \(found.map { "\($0)" } ?? "absent"), expected \(wanted)")
                }
            }
        }
    }

    @Test(.enabled(if: Tools.hasYosys && Tools.hasVCD2FST, Tools.noYosys))
    func yosysReplaysTheWaveform() throws {
        let run = try Self.trace()
        let fst = run.scratch.url.appendingPathComponent("run.fst")
        let convert = Process()
        convert.executableURL = URL(fileURLWithPath: "/usr/bin/vcd2fst")
        convert.arguments = [run.vcd.path, fst.path]
        try convert.run()
        convert.waitUntilExit()
        let replay = try Tools.yosys.get().replay(run.files, in: run.scratch.url, fst: fst)
        #expect(replay.isEqual, "\(replay.message)")
        let wrong = run.files.map { RTLFile(name: $0.name, text: $0.text.replacing("^ {", with: "^ ~{")) }
        #expect(wrong != run.files)
        try RTLFile.write(wrong, to: run.scratch.url)
        #expect(!(try Tools.yosys.get().replay(wrong, in: run.scratch.url, fst: fst).isEqual))
    }
}
