// Section `trace`: the waveform of a run.

import Waveforms

/// Which signals are traced, when, and into which file.
package struct TraceSettings: Sendable, Hashable {
    /// Relative to the output folder, unless it is absolute; nil: there is no waveform.
    package var file: String?
    /// Patterns over signal paths below `top`; empty for every named signal. Without a file: what `--trace` takes when
    /// it is given none.
    package var taps: [String] = []
    /// Cycles, the end excluded; nil for all.
    package var window: Range<Int>?
    /// Layers traced; empty for all.
    package var layers: [String] = []
}

// MARK: - Keys

extension TraceSettings {
    static let keys = [fileKey, tapsKey, windowKey, layersKey].map(\.changingNoResult)

    private static let fileKey = ConfigKey(
        "trace.file",
        .text(
            "a path ending in " + TraceFormat.endings.map { "`\($0)`" }.joined(separator: ", ")
                + "; relative to the output folder"),
        "waveform of the first image"
    ) { section, name, configuration in
        guard section.isPresent, section.given != ["taps"] else { return }
        let endings = TraceFormat.endings
        let accepted = "a path ending in " + endings.dropLast().joined(separator: ", ") + " or " + endings.last!
        let file = try section.required(name, try section.string(name, accepted: accepted), accepted: accepted)
        guard (try? TraceFormat(path: file)) != nil else {
            throw section.error(name, "is '\(file.echoed)'; accepted: \(accepted)")
        }
        configuration.trace.file = file
    } write: { configuration, form in
        configuration.trace.file.map { ConfigKey.path($0, form) }
    }.rule {
        $0.run.mode == .timing ? "needs a run that computes data; accepted with run.mode full, functional" : nil
    }

    private static let tapsKey = ConfigKey(
        "trace.taps", .list(.text("patterns"), counts: 0...Int.max),
        "alone, without `trace.file`: what `--trace` takes when it is given no `--taps`"
    ) { section, name, configuration in
        let taps = try section.list(name, accepted: "a list of patterns such as \"array.*\"") { node in
            ConfigSection.text(node).flatMap { (try? SignalGlob($0)) == nil ? nil : $0 }
        }
        configuration.trace.taps = taps ?? []
    } write: { configuration, _ in
        ConfigKey.list(configuration.trace.taps)
    }
    .written { $0.trace.file != nil || !$0.trace.taps.isEmpty }
    .documented(accepted: "patterns over paths below `top`, such as `\"array.*\"`", default: "every named signal")

    private static let windowKey = ConfigKey(
        "trace.window", .list(.integers(0...Int.max), counts: 2...2),
        "a window (with `trace.layers`) in which the run has no cycle is an error, and no file is left"
    ) { section, name, configuration in
        let accepted = "two cycles such as [0, 20000], the first below the second"
        let bounds = try section.list(name, accepted: accepted) { node -> Int? in
            ConfigSection.integer(node).flatMap { $0 >= 0 ? $0 : nil }
        }
        guard let bounds else { return }
        guard bounds.count == 2, bounds[0] < bounds[1] else {
            throw section.error(name, "is \("\(bounds)".echoed); accepted: \(accepted)")
        }
        configuration.trace.window = bounds[0]..<bounds[1]
    } write: { configuration, _ in
        configuration.trace.window.map { "[\($0.lowerBound), \($0.upperBound)]" }
    }.documented(accepted: "[from, to], cycles, the end excluded", default: "all")

    private static let layersKey = ConfigKey(
        "trace.layers", .list(.text("layer names"), counts: 0...Int.max), "layers traced"
    ) { section, name, configuration in
        let layers = try section.list(name, accepted: "a list of layer names") { ConfigSection.text($0) }
        configuration.trace.layers = layers ?? []
    } write: { configuration, _ in
        ConfigKey.list(configuration.trace.layers)
    }
    .written { $0.trace.file != nil }
    .documented(accepted: "layer names", default: "all")
}
