import Accelerator
import ExternalMemory
import Foundation
import RTLEmitter
import TestSupport
import Testing

@testable import Cosimulation

/// Is every signal of accelerator and memory ports, in both clocks, equal in the kernel and in the emitted text?
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct SystemCosimulationTests {
    /// Random accelerators, networks, numbers of ports, clocks, bursts; half of them before a DDR4.
    static let seeds: [UInt64] = (0..<(Tools.isLong ? 40 : 3)).map { 4 * UInt64($0) + 3 }

    static func cosimulation(_ bench: Bench, cycles: Int? = 20_000) throws -> SystemCosimulation {
        try #require(SystemCosimulation(bench.build, input: bench.inputs[0], cycles: cycles))
    }

    @Test(arguments: seeds)
    func everySignalIsEqual(seed: UInt64) throws {
        let random = RandomCase(seed: seed)
        let scratch = try Scratch()
        let report = try Self.cosimulation(try random.bench()).run(in: scratch.url)
        #expect(report.cycles > 300, "\(random.text)")
        for verdict in report.verdicts { #expect(verdict.isEqual, "\(verdict), \(random.text)") }
    }

    /// A fault in the text of a module is found there.
    @Test(arguments: [
        ("memory_ports_write", "write_command_length + 8'd", "write_command_length - 8'd", "ports"),
        ("memory_port", "beats_left - 8'd1", "beats_left - 8'd2", "port0"),
    ])
    func faultsAreFound(file: String, old: String, new: String, judge: String) throws {
        let scratch = try Scratch()
        var cosimulation = try Self.cosimulation(try RandomCase(seed: 3).bench())
        cosimulation.sabotage = { files in
            files.map { $0.name == "rtl/board/\(file).sv" ? $0.replacingFirst(old, with: new) : $0 }
        }
        let report = try cosimulation.run(in: scratch.url)
        #expect(!report.isEqual)
        #expect(report.verdicts.contains { !$0.isEqual && $0.judge.hasSuffix(judge) }, "\(report.verdicts)")
    }
}
