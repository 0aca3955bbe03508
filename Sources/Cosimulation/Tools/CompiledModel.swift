import Foundation
import Output

/// An emitted design, compiled by Verilator or through CXXRTL. Clock and file conventions: HarnessSource.
package struct CompiledModel: Sendable {
    /// The program; its arguments are STIMULUS RESPONSE CYCLES PERIOD [VCD].
    package let executable: URL
    /// Whether it can write a VCD.
    package let canTrace: Bool

    /// What a run gave.
    package struct Outcome: Sendable {
        /// One record per cycle, empty when not asked for.
        package var response: Data
        /// FNV-1a over all responses.
        package var hash: String
        /// CPU time of the simulation loop.
        package var seconds: Double
    }

    /// Runs `cycles` cycles. `stimulus` holds one record per cycle (see `RTLPort.bytes`); `period` is in picoseconds.
    package func run(
        stimulus: Data, cycles: Int, vcd: URL? = nil, period: Int = 1000, keepsResponse: Bool = true
    ) throws -> Outcome {
        let directory = executable.deletingLastPathComponent().appendingPathComponent("run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let input = directory.appendingPathComponent("stimulus.bin")
        let output = directory.appendingPathComponent("response.bin")
        try WholeFile.write(stimulus, to: input.path)
        let tool = Tool(executable: executable)
        let arguments = [input.path, keepsResponse ? output.path : "-", "\(cycles)", "\(period)"]
        let text = try tool.run(arguments + (vcd.map { [$0.path] } ?? []))
        let response = keepsResponse ? try Data(contentsOf: output) : Data()
        return Outcome(
            response: response, hash: CompiledModel.field("hash", text) ?? "",
            seconds: Double(CompiledModel.field("seconds", text) ?? "") ?? 0)
    }

    private static func field(_ name: String, _ text: String) -> String? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return String(words[1]) }
        }
        return nil
    }
}
