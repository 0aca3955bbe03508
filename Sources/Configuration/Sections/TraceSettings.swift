// Section `trace`: the waveform of a run.

import Networks
import Waveforms

/// Which signals are traced, when, and into which file.
package struct TraceSettings: Sendable, Hashable {
    /// Relative to the output folder, unless it is absolute.
    package var file: String
    /// Patterns over signal paths below `top`; empty for every named signal.
    package var taps: [String]
    /// Cycles, the end excluded; nil for all.
    package var window: Range<Int>?
    /// Layers traced; empty for all.
    package var layers: [String]

    init(file: String, taps: [String], window: Range<Int>?, layers: [String]) {
        self.file = file
        self.taps = taps
        self.window = window
        self.layers = layers
    }

    /// nil when the section has only taps: those that `--trace` takes if it is given none.
    init?(_ node: ConfigNode, file: String) throws {
        let section = try ConfigSection(node, path: "trace", keys: ["file", "taps", "window", "layers"], file: file)
        taps =
            try section.list("taps", accepted: "a list of patterns such as \"array.*\"") { node in
                ConfigSection.text(node).flatMap { (try? SignalGlob($0)) == nil ? nil : $0 }
            } ?? []
        if section.node("taps") != nil, section.node("file") == nil, section.node("window") == nil,
            section.node("layers") == nil
        {
            return nil
        }
        let accepted = "a path ending in .fst, .vcd or .vcd.gz"
        self.file = try section.required("file", try section.string("file", accepted: accepted), accepted: accepted)
        guard (try? TraceFormat(path: self.file)) != nil else {
            throw section.error("file", "is '\(self.file)'; accepted: \(accepted)")
        }
        window = try TraceSettings.window(section)
        layers = try section.list("layers", accepted: "a list of layer names") { ConfigSection.text($0) } ?? []
    }

    private static func window(_ section: ConfigSection) throws -> Range<Int>? {
        let accepted = "two cycles such as [0, 20000], the first below the second"
        let bounds = try section.list("window", accepted: accepted) { node -> Int? in
            guard case .scalar(let text, true) = node.content, let cycle = Int(text), cycle >= 0 else { return nil }
            return cycle
        }
        guard let bounds else { return nil }
        guard bounds.count == 2, bounds[0] < bounds[1] else {
            throw section.error("window", "is \(bounds); accepted: \(accepted)")
        }
        return bounds[0]..<bounds[1]
    }
}
