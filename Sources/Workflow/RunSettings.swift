// Section `run`: what is computed and checked.

import Foundation
import Networks

/// How a configuration is run.
public struct RunSettings: Sendable, Hashable {
    /// What a run computes.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Data, cycles and toggles of every register.
        case full
        /// Data and cycles.
        case functional
    }

    public var mode: Mode
    /// Whether every output is compared with the reference model.
    public var check: Bool
    public var threads: Int

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(node, path: "run", keys: ["mode", "check", "threads"], file: file)
        let names = Mode.allCases.map(\.rawValue)
        mode = try section.word("mode", oneOf: names, later: ["timing"]).flatMap(Mode.init) ?? .full
        check = try section.boolean("check") ?? true
        threads = try section.integer("threads", in: 1...256) ?? ProcessInfo.processInfo.activeProcessorCount
    }
}
