import Cosimulation
import Design
import Fabric
import Foundation
import RTLEmitter
import TestSupport
import Testing

/// Does a simulation of the emitted text have every signal of the Design, under its path, with its value in every
/// cycle?
@Suite(.serialized)
struct SignalPathTests {
    static let period = 1000
    static let cycles = 300

    private func verilated(_ files: [RTLFile], in directory: URL) throws -> CompiledModel {
        var options = Verilator.Options()
        options.trace = true
        options.optimization = "0"
        return try Tools.verilator.get().build(files, in: directory, options: options)
    }

    /// Signals and cycles of the mixed design that differ from the reference, as "path, cycle t: found, expected".
    private func differences(
        _ change: (RTLFile) -> RTLFile = { $0 }, build: ([RTLFile], [RTLPort], URL) throws -> CompiledModel
    ) throws -> [String] {
        let design = try MixedDesign.make().named
        let scratch = try Scratch()
        let ports = try RTLEmitter.ports(of: design)
        let model = try build(try RTLEmitter.emit(design, for: .zcu102).map(change), ports, scratch.url)
        let stimulus = RTLHarness.randomStimulus(design, cycles: Self.cycles, seed: 7)
        let vcd = scratch.url.appendingPathComponent("run.vcd")
        let inputs = try scratch.file("stimulus.bin", RTLHarness.encode(stimulus, ports: ports))
        let responses = scratch.url.appendingPathComponent("response.bin")
        try model.run(
            stimulus: URL(fileURLWithPath: inputs), responses: responses, cycles: Self.cycles, vcd: vcd,
            period: Self.period)
        #expect(
            try Data(contentsOf: responses).count
                == Self.cycles * ports.filter { !$0.isInput }.reduce(0) { $0 + $1.bytes })
        let trace = try VCDValues(vcd, period: Self.period)
        #expect(trace.cycles.count == Self.cycles)
        var reference = try ReferenceInterpreter(design)
        var found: [String] = []
        for (cycle, inputs) in stimulus.enumerated() {
            reference.settle(inputs: inputs)
            found += differences(reference, trace, cycle: cycle)
            reference.edge()
        }
        return found
    }

    private func differences(_ reference: ReferenceInterpreter, _ trace: VCDValues, cycle: Int) -> [String] {
        var differences: [String] = []
        for (index, net) in reference.design.nets.enumerated() where net.role != .hiddenRegister {
            for lane in 0..<net.lanes {
                let path = reference.design.path(of: NetID(index), lane: lane)
                let wanted = UInt64(bitPattern: reference.values[index][lane]) & ((1 << UInt64(net.width)) - 1)
                let found = trace.value(path, cycle: cycle)
                if found != wanted {
                    differences.append(
                        "\(path), cycle \(cycle): \(found.map { "\($0)" } ?? "absent"), expected \(wanted)")
                }
            }
        }
        return differences
    }

    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator))
    func verilatorHasEverySignal() throws {
        let differences = try differences { files, _, directory in try verilated(files, in: directory) }
        #expect(differences.isEmpty, "\(differences.prefix(5))")
    }

    @Test(.enabled(if: Tools.hasYosys, Tools.noYosys))
    func yosysHasEverySignal() throws {
        let differences = try differences { try Tools.cxxrtl.get().build($0, ports: $1, in: $2) }
        #expect(differences.isEmpty, "\(differences.prefix(5))")
    }

    @Test(.enabled(if: Tools.hasYosys, Tools.noYosys))
    func yosysSeesAChangedOperator() throws {
        let wrong: (RTLFile) -> RTLFile = { RTLFile(name: $0.name, text: $0.text.replacing("^ {", with: "^ ~{")) }
        let differences = try differences(wrong) { try Tools.cxxrtl.get().build($0, ports: $1, in: $2) }
        #expect(!differences.isEmpty)
        #expect(!differences.contains { $0.contains("absent") })
    }
}
