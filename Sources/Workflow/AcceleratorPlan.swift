// The hardware side of a run: parameters, elaborated Design, resources.

import Accelerator
import Networks

/// An elaborated accelerator with what it needs of the device.
public struct AcceleratorPlan: Sendable {
    public let accelerator: Accelerator
    public let weightBits: Int
    public let resources: ResourceReport

    /// Elaborates the accelerator of a configuration for a network. Throws `InputError`.
    public init(_ configuration: Configuration, for network: QuantizedNetwork) throws {
        let network = configuration.host.assign(network)
        let bits = try configuration.weightBits(for: network)
        var parameters = configuration.acceleratorParameters(
            weightBits: bits, weightsPerOutput: network.weightsPerOutput,
            dilates: configuration.dilates(for: network))
        parameters.preActivationDepth = try configuration.preActivationDepth(parameters, for: network)
        try configuration.checkAccumulators(parameters, for: network)
        try self.init(parameters, weightBits: bits, device: configuration.device)
    }

    init(_ parameters: AcceleratorParameters, weightBits: Int, device: DeviceSettings) throws {
        accelerator = try Accelerator(parameters)
        self.weightBits = weightBits
        resources = ResourceReport(accelerator.design, device: device)
    }

    /// Throws `DoesNotFit` unless the design fits or the configuration allows that it does not.
    func requireFit(_ device: DeviceSettings) throws {
        guard !resources.fits && !device.allowOverflow else { return }
        throw DoesNotFit(message: resources.overflowMessage(part: device.part))
    }
}
