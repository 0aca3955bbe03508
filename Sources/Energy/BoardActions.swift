// What stands beside the fabric on a board: leakage of the device, processing system, DRAM.

/// A stretch of time on the board.
public struct BoardActivity: Sendable, Equatable {
    /// Its length.
    public var seconds: Double
    /// Of these, with a busy Arm core.
    public var hostSeconds = 0.0
    /// Bytes from the DRAM.
    public var bytesRead = 0.0
    /// Bytes to the DRAM.
    public var bytesWritten = 0.0
    /// Rows of the DRAM that were opened; 0 where the memory model has none.
    public var activates = 0.0

    /// Nothing but time.
    public init(seconds: Double) { self.seconds = seconds }

    /// The actions by place: `device`, `processing system`, `external memory`.
    public var places: [(place: String, counts: ActionCounts)] {
        var (device, system, memory) = (ActionCounts(), ActionCounts(), ActionCounts())
        for element in [EnergyElement.staticCore, .staticAuxiliary, .staticMemory, .staticOther] {
            device.add(element, seconds)
        }
        for element in [EnergyElement.idleProcessor, .idleInterface, .idleOther] { system.add(element, seconds) }
        system.add(.busyCore, hostSeconds)
        memory.add(.interfaceByte, bytesRead + bytesWritten)
        memory.add(.controllerByte, bytesRead + bytesWritten)
        memory.add(.coreRead, bytesRead)
        memory.add(.coreWrite, bytesWritten)
        memory.add(.activate, activates)
        memory.add(.background, seconds)
        return [("device", device), ("processing system", system), ("external memory", memory)]
            .filter { !$0.1.isEmpty }
    }
}
