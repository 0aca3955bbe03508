// Mode `timing`: the same design, program and memory as a simulation, and of what they do the cycles alone. No image is
// read, nothing is calibrated, no weight is put into memory.

import Configuration
import Dispatch
import Machine
import Preparation
import Reports

extension Flow {
    /// Times a configuration.
    static func time(_ request: SimulationRequest) throws -> FinishedRun {
        let configuration = request.configuration
        let network = try NetworkOutline.prepare(
            configuration.network, configuration.quantization, store: request.store
        ) { request.progress?(PhaseProgress($0)) }
        request.progress?(PhaseProgress(.elaborating))
        let hardware = try Hardware.elaborate(configuration, for: network.quantized)
        try hardware.requireFit()
        return try time(request, network: network, hardware: hardware)
    }

    /// Times a network and hardware that are there already, for sweeps.
    package static func time(
        _ configuration: Configuration, network: NetworkOutline, hardware: Hardware,
        interrupted: @escaping @Sendable () -> Bool
    ) throws -> Report {
        let request = SimulationRequest(configuration, interrupted: interrupted)
        return Report.figures(of: try time(request, network: network, hardware: hardware))
    }

    private static func time(
        _ request: SimulationRequest, network: NetworkOutline, hardware: Hardware
    ) throws -> FinishedRun {
        let configuration = request.configuration
        let build = try hardware.compile(configuration, storesWeights: false)
        let progress = ImageProgress(others: 0, report: request.progress)
        progress.array(0, of: 1)
        let started = DispatchTime.now().uptimeNanoseconds
        let timing = try build.time(progress: { progress.array($0, of: 1) }, interrupted: request.interrupted)
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - started) / 1e9
        return try FinishedRun(
            configuration: configuration, hardware: hardware, build: build, timing: timing,
            content: .timing(network, wallSeconds: seconds))
    }
}
