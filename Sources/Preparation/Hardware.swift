// The hardware side of a run: parameters, elaborated Design, resources.

import Accelerator
import Configuration
import Design
import Diagnostics
import Fabric
import Machine
import Networks
import Schedule

/// An elaborated accelerator with what it needs of the device.
package struct Hardware: Sendable {
    /// The accelerator, its Design elaborated.
    package let accelerator: Accelerator
    /// The network as this machine runs it: layers of the host are marked.
    package let network: QuantizedNetwork
    /// What the Design needs of the device.
    package let resources: ResourceReport
    /// What each scope of the Design takes by itself.
    package let scopeResources: [ResourceCount]
    private let device: DeviceSettings

    private init(
        _ accelerator: Accelerator, _ network: QuantizedNetwork, _ scopeResources: [ResourceCount],
        _ device: DeviceSettings
    ) {
        self.accelerator = accelerator
        self.network = network
        self.scopeResources = scopeResources
        resources = ResourceReport(accelerator.design, scopeResources, device: device.device)
        self.device = device
    }

    /// Elaborates the accelerator of a configuration for a network: the one way from a configuration to a Design.
    /// Throws `InputError` where they do not go together.
    package static func elaborate(_ configuration: Configuration, for network: QuantizedNetwork) throws -> Hardware {
        let assigned = configuration.host.assign(network)
        let accelerator = try Accelerator(try configuration.acceleratorParameters(for: assigned))
        let resources = accelerator.design.resourcesByScope(slice: configuration.device.device.slice)
        return Hardware(accelerator, assigned, resources, configuration.device)
    }

    /// Whether the design fits, or the configuration allows that it does not.
    package var mayRun: Bool { resources.fits || device.allowOverflow }

    /// Throws `DoesNotFit` unless the design may run.
    package func requireFit() throws {
        guard !mayRun else { return }
        throw DoesNotFit(message: resources.overflowMessage(part: device.part))
    }

    /// Compiles the network for the accelerator; a build that is only timed needs no weights. Throws `InputError` where a
    /// layer does not fit the buffers.
    package func compile(_ configuration: Configuration, storesWeights: Bool = true) throws -> Build {
        try Build.make(
            network, on: accelerator, memory: configuration.memory.model(clockMHz: configuration.clockMHz),
            .init(
                clockMHz: configuration.clockMHz, search: .init(configuration.schedule.search),
                unrollsInput: configuration.schedule.input == .unrolled, storesWeights: storesWeights))
    }
}

extension ScheduleOptions.Search {
    fileprivate init(_ search: ScheduleSettings.Search) {
        switch search {
        case .optimal: self = .optimal
        case .firstFit: self = .firstFit
        }
    }
}
