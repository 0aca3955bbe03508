// Section `device`: the FPGA that the design has to fit.

import Fabric

/// The FPGA, and whether a design that is too large still runs.
package struct DeviceSettings: Sendable, Hashable {
    /// Part name, such as xczu9eg.
    package var part = Device.xczu9eg.name
    /// Whether a design that does not fit is run, too.
    package var allowOverflow = false

    static let devices = [Device.xczu9eg]

    /// The facts of the part.
    package var device: Device { DeviceSettings.devices.first { $0.name == part } ?? .xczu9eg }

    static let keys = [
        ConfigKey("device.part", .words(devices.map(\.name), later: []), "the FPGA") { section, name, configuration in
            let part = try section.word(name, oneOf: devices.map(\.name))
            if let part { configuration.device.part = part }
        } write: { configuration, _ in
            configuration.device.part
        },
        ConfigKey.boolean(
            "device.allow_overflow", \.device.allowOverflow, "also run a design that does not fit"),
    ]
}
