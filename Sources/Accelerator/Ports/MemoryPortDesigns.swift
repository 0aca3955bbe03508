// The memory ports of an accelerator: a Design in the accelerator's clock and one a port in the ports' clock. The memories
// of the FIFOs between them are written with one clock and read with the other: nets of both name their pins.

import Design

/// The Designs of the hardware between an accelerator's engines and its AXI ports.
public struct MemoryPortDesigns: Sendable {
    /// What they were made from.
    public let parameters: MemoryPortParameters
    /// The accelerator's side of all ports, in its clock.
    public let core: Design
    /// One port, in the ports' clock; all are alike.
    public let port: Design

    /// Elaborates and checks the Designs. Throws `DesignError` for a defect of the elaboration.
    public init(_ parameters: MemoryPortParameters) throws {
        self.parameters = parameters
        var core = CoreSide(parameters)
        core.run()
        self.core = try core.builder.build()
        var port = PortSide(parameters)
        port.run()
        self.port = try port.builder.build()
    }
}
