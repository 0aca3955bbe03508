import Design

// The accelerator's memory interface: an instruction fetch port, a burst read port and a beat-wise write port.

/// Nets of the interface, from the memory's point of view, and the layout of a beat.
public struct MemoryPorts: Sendable, Hashable {
    public var fetchReady: NetID
    public var fetchValid: NetID
    public var fetchData: NetID
    public var fetchRequest: NetID
    public var fetchAddress: NetID
    /// 128-bit beats per fetch.
    public var fetchBeats: Int
    public var readReady: NetID
    public var readValid: NetID
    public var readData: NetID
    public var readRequest: NetID
    public var readAddress: NetID
    /// Beats less one.
    public var readLength: NetID
    public var readTake: NetID
    public var writeReady: NetID
    public var writeAcknowledge: NetID
    public var writeRequest: NetID
    public var writeAddress: NetID
    public var writeData: NetID
    public var beatBytes: Int
    /// Signed fields of a beat, lowest address first.
    public var fields: Int
    /// 1 or 2 bytes.
    public var fieldBytes: Int

    public init(
        fetch: (ready: NetID, valid: NetID, data: NetID, request: NetID, address: NetID), fetchBeats: Int,
        read: (
            ready: NetID, valid: NetID, data: NetID, request: NetID, address: NetID, length: NetID, take: NetID
        ),
        write: (ready: NetID, acknowledge: NetID, request: NetID, address: NetID, data: NetID), beatBytes: Int,
        fields: Int, fieldBytes: Int
    ) {
        fetchReady = fetch.ready
        fetchValid = fetch.valid
        fetchData = fetch.data
        fetchRequest = fetch.request
        fetchAddress = fetch.address
        self.fetchBeats = fetchBeats
        readReady = read.ready
        readValid = read.valid
        readData = read.data
        readRequest = read.request
        readAddress = read.address
        readLength = read.length
        readTake = read.take
        writeReady = write.ready
        writeAcknowledge = write.acknowledge
        writeRequest = write.request
        writeAddress = write.address
        writeData = write.data
        self.beatBytes = beatBytes
        self.fields = fields
        self.fieldBytes = fieldBytes
    }
}
