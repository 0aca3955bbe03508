// Section `device`: the FPGA that the design has to fit.

import Networks

/// The FPGA, and whether a design that is too large still runs.
public struct DeviceSettings: Sendable, Hashable {
    /// Part name, such as xczu9eg.
    public var part: String
    public var allowOverflow: Bool

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(node, path: "device", keys: ["part", "allow_overflow"], file: file)
        part = try section.word("part", oneOf: DeviceSettings.parts) ?? DeviceSettings.parts[0]
        allowOverflow = try section.boolean("allow_overflow") ?? false
    }
}
