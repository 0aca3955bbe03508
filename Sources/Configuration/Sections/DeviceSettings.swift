// Section `device`: the FPGA that the design has to fit.

import Fabric

/// The FPGA, and whether a design that is too large still runs.
package struct DeviceSettings: Sendable, Hashable {
    /// The facts of the part.
    package var device = Device.xczu9eg
    /// Whether a design that does not fit is run, too.
    package var allowOverflow = false

    /// Part name, such as xczu9eg.
    package var part: String { device.name }

    static let keys = [
        ConfigKey(
            "device.part", .words(Device.all.map(\.name), later: []),
            "the FPGA: that of " + Device.all.map(\.board).joined(separator: ", ")
        ) {
            section, name, configuration in
            let part = try section.word(name, oneOf: Device.all.map(\.name))
            if let part, let device = Device.named(part) { configuration.device.device = device }
        } write: { configuration, _ in
            configuration.device.part
        },
        ConfigKey.boolean(
            "device.allow_overflow", \.device.allowOverflow, "also run a design that does not fit"),
    ]
}
