import Foundation
import Output
import RTLEmitter

// Yosys counts cells after synthesis. As a judge of co-simulation it works through CXXRTL.

/// The Yosys synthesis suite.
package struct Yosys: Sendable {
    let tool: Tool

    /// Looks for Yosys. Throws `ToolError` where it is missing.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        tool = try ToolSearch(environment: environment).require(.yosys)
    }

    /// Cells by type of the written design after `synth_xilinx -family xcup`, without I/O buffers, summed over modules.
    /// Modules stay apart: a register bit that only another module leaves unread is counted.
    package func cells(_ files: [RTLFile], in directory: URL) throws -> [String: Int] {
        let sources = files.filter(\.isDesign).map(\.name).joined(separator: " ")
        let script = """
            read_verilog -sv \(sources)
            synth_xilinx -family xcup -noiopad -top top
            tee -o stat.txt stat

            """
        try WholeFile.write(script, to: directory.appendingPathComponent("count.ys").path)
        try tool.run(["-q", "-s", "count.ys"], in: directory)
        let text = try String(contentsOf: directory.appendingPathComponent("stat.txt"), encoding: .utf8)
        return Yosys.parse(text)
    }

    private static func parse(_ text: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let count = Int(words[1]), words[0].first?.isUppercase == true else { continue }
            counts[String(words[0])] = count
        }
        return counts
    }
}
