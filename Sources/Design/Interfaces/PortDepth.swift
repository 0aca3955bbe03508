// FIFOs of the memory ports: the Design of the ports has them, and their model counts in them.

/// How much the memory ports hold between the accelerator's engines and AXI.
public enum PortDepth {
    /// Bytes of an AXI beat: 128 bits, the width of an HP port.
    public static let beatBytes = 16
    /// Beats in the data FIFO of a port and direction: two RAMB36E2 of 72 bits are 512 deep.
    public static let data = 512
    /// Commands of a port and direction on their way to the ports' clock: a column of LUT RAM holds as many.
    public static let commands = 16
    /// Written bursts of all ports without a response: eight that the PS takes of each of four ports, and as many that wait.
    public static let openBursts = 64
    /// Requests of the load engine that are not yet answered.
    public static let requests = 32
    /// Beats of instructions on their way: two instructions and a half.
    public static let fetches = 8
}
