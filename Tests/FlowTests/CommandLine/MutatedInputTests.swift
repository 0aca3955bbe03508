import Foundation
import TestSupport
import Testing

/// Does every broken configuration, sweep, trace and image end with a result or a message, soon and in little memory?
@Suite struct MutatedInputTests {
    /// `shiftsim_tools.mutated_inputs` says what a failure is; with `--long` it draws 10,000 inputs.
    @Test(.enabled(if: Tools.isCI || Tools.python != nil, "no Python: SHIFTSIM_PYTHON or .venv/bin/python"))
    func brokenInputsAreRefusedOrRead() throws {
        let program = try #require(Program.executable)
        let kept = try Scratch()
        let count = Tools.isLong ? 10_000 : 400
        let arguments = ["--count", "\(count)", "--shiftsim", program.path, "--keep", kept.url.path]
        let output = try Tools.runPython(["-m", "shiftsim_tools.mutated_inputs"] + arguments)
        #expect(output.contains("\(count) broken inputs, 0 failures"), "\(output)")
    }
}
