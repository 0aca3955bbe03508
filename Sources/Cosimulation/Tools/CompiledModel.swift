import Foundation

/// An emitted design, compiled by Verilator or through CXXRTL. Clock and file conventions: HarnessSource.
package struct CompiledModel: Sendable {
    /// The program; its arguments are STIMULUS RESPONSE CYCLES PERIOD [VCD].
    package let executable: URL
    /// Whether it can write a VCD.
    package let canTrace: Bool

    /// What a run gave.
    package struct Outcome: Sendable {
        /// FNV-1a over all responses.
        package var hash: String
        /// CPU time of the simulation loop.
        package var seconds: Double
    }

    /// Runs `cycles` cycles. `stimulus` holds one record per cycle (see `RTLPort.bytes`), `responses` receives as many;
    /// nil: none are written. `period` is in picoseconds.
    @discardableResult
    package func run(
        stimulus: URL, responses: URL?, cycles: Int, vcd: URL? = nil, period: Int = 1000
    ) throws -> Outcome {
        let tool = Tool(executable: executable)
        let arguments = arguments(stimulus: stimulus, responses: responses, cycles: cycles, period: period)
        let text = try tool.run(arguments + (vcd.map { [$0.path] } ?? []))
        return Outcome(
            hash: CompiledModel.field("hash", text) ?? "",
            seconds: Double(CompiledModel.field("seconds", text) ?? "") ?? 0)
    }

    /// The arguments of such a run without a waveform.
    func arguments(stimulus: URL, responses: URL? = nil, cycles: Int, period: Int = 1000) -> [String] {
        [stimulus.path, responses?.path ?? "-", "\(cycles)", "\(period)"]
    }

    private static func field(_ name: String, _ text: String) -> String? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return String(words[1]) }
        }
        return nil
    }
}
