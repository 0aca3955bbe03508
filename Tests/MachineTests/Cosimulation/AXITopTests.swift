import ExternalMemory
import Foundation
import RTLEmitter
import TestSupport
import Testing

@testable import Cosimulation

/// Does the AXI top do what it should under bus models that nobody here wrote?
///
/// scripts/python/shiftsim_tools/axi_board.py: the program runs to its interrupt, memory ends as the kernel's, the control
/// slave refuses what it must, and a checker of AXI's rules is silent, for each seed of random pauses on all channels.
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct AXITopTests {
    /// Ports, clocks and bursts of an accelerator whose beats have 8, 32 and 16 bytes.
    static let boards: [(channels: Int, ports: Int, portKHz: Int, burstBytes: Int)] =
        [(4, 2, 300_000, 256)] + (Tools.isLong ? [(16, 1, 100_000, 64), (8, 4, 333_000, 4096)] : [])

    private func project(_ board: (channels: Int, ports: Int, portKHz: Int, burstBytes: Int), in folder: URL) throws {
        let size = (1, board.channels, board.channels)
        let bench = try CosimulationCase(.svpe(weightBits: 3), size, k: 3, s: 1).bench()
        var cosimulation = CosimulationTests.simulation(bench, cycles: 100_000)
        cosimulation.ports = PortSettings(
            ports: board.ports, coreKHz: 200_000, portKHz: board.portKHz, burstBytes: board.burstBytes)
        #expect(try cosimulation.export(to: folder).finished)
    }

    private func drive(_ folder: URL, seeds: Int, portKHz: Int) throws -> (status: Int32, output: String) {
        try Tool(executable: URL(fileURLWithPath: try #require(Tools.python))).runAllowingFailure([
            "-m", "shiftsim_tools.axi_board", folder.path, "--seeds", "\(seeds)", "--port-mhz",
            "\(Double(portKHz) / 1000)",
        ])
    }

    @Test(arguments: boards)
    func theMemoryEndsAsTheKernels(board: (channels: Int, ports: Int, portKHz: Int, burstBytes: Int)) throws {
        let scratch = try Scratch()
        try project(board, in: scratch.url)
        let seeds = Tools.isLong ? 20 : 4
        let run = try drive(scratch.url, seeds: seeds, portKHz: board.portKHz)
        #expect(run.status == 0, "\(run.output.suffix(3000))")
        for seed in 0..<seeds { #expect(run.output.contains("AXI seed \(seed):"), "\(run.output.suffix(3000))") }
        #expect(run.output.contains("AXI checker: silent"))
    }

    /// A wrong end is found, and a burst that is too long for its data.
    @Test(
        arguments: [
            ("rtl/board/shiftsim_axi.v", "awsize = 3'd4", "awsize = 3'd3", "aw: size 3"),
            ("rtl/board/shiftsim_system.sv", "assign m0_wdata = ", "assign m0_wdata = 128'd1 ^ ", "expected"),
        ].prefix(Tools.isLong ? 2 : 1))
    func faultsAreFound(file: String, old: String, new: String, message: String) throws {
        let scratch = try Scratch()
        let board = Self.boards[0]
        try project(board, in: scratch.url)
        let url = scratch.url.appendingPathComponent(file)
        let text = try String(contentsOf: url, encoding: .utf8)
        let planted = text.replacingOccurrences(of: old, with: new)
        #expect(planted != text)
        try planted.write(to: url, atomically: true, encoding: .utf8)
        let run = try drive(scratch.url, seeds: 1, portKHz: board.portKHz)
        #expect(run.status == 1 && run.output.contains(message), "\(run.output.suffix(3000))")
    }
}
