// An accelerator: parameters in, Design out.

import Design

/// The ports of `top` by which a host starts a program and learns of its end.
public struct AcceleratorPorts: Sendable, Equatable, Codable {
    /// Into the accelerator, 1 bit: a pulse of one cycle starts a program.
    public var start: NetID
    /// Into the accelerator, 32 bits: byte addresses of the engines' instruction streams, read at `start`.
    public var loadProgram: NetID
    /// See `loadProgram`.
    public var computeProgram: NetID
    /// See `loadProgram`.
    public var storeProgram: NetID
    /// Out of the accelerator, 1 bit: all streams have ended and all results are written; low from the next start on.
    public var done: NetID
}

/// An elaborated accelerator.
public struct Accelerator: Sendable {
    /// What it was made from.
    public let parameters: AcceleratorParameters
    /// The checked Design.
    public let design: Design
    /// The host's ports.
    public let ports: AcceleratorPorts
    /// The ports to external memory; all inputs of `top` are these or the host's.
    public let memory: MemoryInterface
    /// Nets that a run's cycles are accounted by.
    public let probes: RunProbes

    /// Elaborates and checks the Design. Throws `DesignError` for a defect of the elaboration.
    public init(_ parameters: AcceleratorParameters) throws {
        self.parameters = parameters
        var elaboration = Elaboration(parameters)
        let top = elaboration.run()
        design = try elaboration.builder.build()
        (ports, memory, probes) = (top.ports, top.memory, top.probes)
    }

    /// An accelerator with another Design, which has the same nets.
    init(_ accelerator: Accelerator, design: Design) {
        parameters = accelerator.parameters
        self.design = design
        (ports, memory, probes) = (accelerator.ports, accelerator.memory, accelerator.probes)
    }
}
