// Section `device`: the FPGA that the design has to fit.

import Fabric
import Networks

/// The FPGA, and whether a design that is too large still runs.
package struct DeviceSettings: Sendable, Hashable {
    /// Part name, such as xczu9eg.
    package var part: String
    package var allowOverflow: Bool

    static let devices = [Device.xczu9eg]

    /// The facts of the part.
    package var device: Device { DeviceSettings.devices.first { $0.name == part } ?? .xczu9eg }

    init(_ node: ConfigNode?, file: String) throws {
        let section = try ConfigSection(node, path: "device", keys: ["part", "allow_overflow"], file: file)
        part = try section.word("part", oneOf: DeviceSettings.devices.map(\.name)) ?? Device.xczu9eg.name
        allowOverflow = try section.boolean("allow_overflow") ?? false
    }
}
