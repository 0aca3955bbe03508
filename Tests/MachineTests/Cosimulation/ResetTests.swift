import Accelerator
import Design
import Foundation
import RTLEmitter
import TestSupport
import Testing

@testable import Cosimulation

/// Is the emitted machine after a reset the one that powers up, wherever in a program the reset comes?
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct ResetTests {
    /// Cycles of a program and how many of them the kernel needs: the first run, then a run behind each reset.
    private struct Rounds {
        /// The last cycle of each round but the last one has the reset; all rounds begin with the program's first cycle.
        var lengths: [Int]
        var cycles: Int { lengths.reduce(0, +) }
        /// Cycles with the reset, counted over all rounds.
        var resets: [Int] {
            var ends: [Int] = []
            for length in lengths.dropLast() { ends.append((ends.last ?? -1) + length) }
            return ends
        }

        /// A program of `cycles` cycles, cut forty times, the last cut in its last cycles, then whole.
        init(_ cycles: Int) {
            lengths = (1...39).map { 1 + cycles * $0 / 40 } + [cycles - 3, cycles]
        }
    }

    private struct Outcome {
        /// "cycle c of round r: port"
        var differences: [String] = []
        var writes = 0
    }

    @Test func vectorFamily() throws {
        let design = CosimulationCase.all[7]
        #expect(!design.stalls && design.kernel == 3)
        try expectSame(design.bench())
    }

    @Test func vectorFamilyWithStallsAndTwoTerms() throws { try expectSame(CosimulationCase.all[19].bench()) }

    @Test func convolverFamily() throws { try expectSame(ConvolverCase.all[1].bench()) }

    private func expectSame(_ bench: Bench) throws {
        let outcome = try run(bench, resets: bench.accelerator.controlRegisters)
        #expect(outcome.differences.isEmpty, "\(outcome.differences.prefix(5))")
        #expect(outcome.writes > 13, "every round but the early ones writes")
    }

    /// The comparison sees a register that is forgotten: an engine that still is busy does not begin.
    @Test func withoutBusyItDiffers() throws {
        let bench = try CosimulationCase.all[7].bench()
        let registers = bench.accelerator.controlRegisters
        let rest = registers.filter { bench.accelerator.design[$0].name != "busy" }
        #expect(rest.count == registers.count - 3)
        #expect(try !run(bench, resets: rest).differences.isEmpty)
    }

    /// Runs all rounds in one simulation and compares each with the kernel's run from power-up.
    private func run(_ bench: Bench, resets: Set<NetID>) throws -> Outcome {
        let scratch = try Scratch()
        let design = bench.accelerator.design
        let recording = try CosimulationTests.simulation(bench, cycles: 20_000).record(
            to: scratch.url.appendingPathComponent("images"))
        try #require(recording.finished)
        let rounds = Rounds(recording.cycles)
        let condition = rounds.resets.map { "cycle == \($0)" }.joined(separator: " || ")
        let drive = "static std::uint64_t cycle = 0; top.reset = \(condition); ++cycle;"
        let files = try RTLEmitter.emit(design, for: .zcu102, resets: resets).map { file in
            file.name == "bench/main.cpp" ? file.replacingFirst("top.reset = 0;", with: drive) : file
        }
        #expect(files.contains { $0.text.contains(drive) })
        let model = try Tools.verilator.get().build(files, in: scratch.url)
        let ports = try RTLEmitter.ports(of: design)
        let inputs = ports.filter(\.isInput).reduce(0) { $0 + $1.bytes }
        let stimulus = try Data(contentsOf: recording.stimulus)
        let all = rounds.lengths.reduce(into: Data()) { $0.append(stimulus.prefix($1 * inputs)) }
        let path = URL(fileURLWithPath: try scratch.file("rounds.bin", all))
        let responses = scratch.url.appendingPathComponent("rounds.response")
        try model.run(stimulus: path, responses: responses, cycles: rounds.cycles)
        return compare(
            [UInt8](try Data(contentsOf: responses)), [UInt8](try Data(contentsOf: recording.responses)), rounds, bench)
    }

    /// Every output in every cycle; what is to be written only where a beat is offered, since nothing else reads it.
    private func compare(_ found: [UInt8], _ wanted: [UInt8], _ rounds: Rounds, _ bench: Bench) -> Outcome {
        let outputs = ((try? RTLEmitter.ports(of: bench.accelerator.design)) ?? []).filter { !$0.isInput }
        let write = bench.accelerator.memory.write
        let record = outputs.reduce(0) { $0 + $1.bytes }
        let place = Dictionary(
            uniqueKeysWithValues: zip(
                outputs.map(\.net), outputs.indices.map { outputs.prefix($0).reduce(0) { $0 + $1.bytes } }))
        var outcome = Outcome()
        #expect(found.count == rounds.cycles * record)
        var first = 0
        for (round, length) in rounds.lengths.enumerated() {
            for cycle in 0..<length {
                let (here, there) = ((first + cycle) * record, cycle * record)
                let writes = wanted[there + (place[write.request] ?? 0)] == 1
                outcome.writes += writes ? 1 : 0
                for port in outputs where port.net != write.data || writes {
                    let start = place[port.net] ?? 0
                    let range = start..<start + port.bytes
                    if range.contains(where: { found[here + $0] != wanted[there + $0] }) {
                        outcome.differences.append("cycle \(cycle) of round \(round): \(port.name)")
                    }
                }
            }
            first += length
        }
        return outcome
    }
}
