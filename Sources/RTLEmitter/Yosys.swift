import Foundation

// Yosys as a second judge: replays a waveform against the emitted text, and counts cells after synthesis.

/// The Yosys synthesis suite.
public struct Yosys: Sendable {
    /// The command that installs the tool.
    public static let install = "apt-get install yosys"

    private let tool: Tool

    /// Looks in SHIFTSIM_YOSYS, then PATH.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let candidates = [environment["SHIFTSIM_YOSYS"]].compactMap { $0 }
        guard let tool = Tool(candidates: candidates, name: "yosys", environment: environment) else {
            throw ToolError.missing(tool: "Yosys", install: Yosys.install)
        }
        self.tool = tool
    }

    /// What a replay found.
    public struct Replay: Sendable, Equatable {
        /// Every signal of the RTL that the waveform has was equal at every clock edge.
        public var isEqual: Bool
        /// The last lines of Yosys: the first difference, or the end of the simulation.
        public var message: String
    }

    /// Simulates the written design with the inputs of an FST and compares every signal in both. `scope` is the path of
    /// `top` in the FST. Reads rtl/ and models/ below `directory`; writes replay.ys there.
    public func replay(_ files: [RTLFile], in directory: URL, fst: URL, scope: String = "top") throws -> Replay {
        let sources = files.filter { $0.isDesign || $0.isModel }.map(\.name).joined(separator: " ")
        let script = """
            read_verilog -sv \(sources)
            prep -top top
            sim -clock clk -r \(fst.path) -scope \(scope) -sim-cmp top

            """
        try script.write(to: directory.appendingPathComponent("replay.ys"), atomically: true, encoding: .utf8)
        let (status, output) = try tool.runAllowingFailure(["-s", "replay.ys"], in: directory)
        let tail = output.split(separator: "\n").suffix(12).joined(separator: "\n")
        return Replay(isEqual: status == 0 && output.contains("Co-simulat"), message: tail)
    }

    /// Cells by type of the written design after `synth_xilinx -family xcup`, without I/O buffers, summed over modules.
    /// Modules stay apart: a register bit that only another module leaves unread is counted.
    public func cells(_ files: [RTLFile], in directory: URL) throws -> [String: Int] {
        let sources = files.filter(\.isDesign).map(\.name).joined(separator: " ")
        let script = """
            read_verilog -sv \(sources)
            synth_xilinx -family xcup -noiopad -top top
            tee -o stat.txt stat

            """
        try script.write(to: directory.appendingPathComponent("count.ys"), atomically: true, encoding: .utf8)
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
