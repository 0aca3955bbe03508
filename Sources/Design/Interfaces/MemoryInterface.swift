// The interface between an accelerator and external memory: an instruction fetch port, a burst read port and a
// beat-wise write port. The accelerator's elaboration makes it; models of memory, and nobody else, drive it.

/// Nets of the memory interface, and the layout of its beats. A transfer happens in each cycle in which both sides'
/// signals are high; addresses are in bytes and have 32 bits.
public struct MemoryInterface: Sendable, Hashable, Codable {
    /// Fetches whole instructions; the accelerator always takes what comes.
    public struct FetchPort: Sendable, Hashable, Codable {
        /// Into the accelerator, 1 bit: a request is accepted.
        public var ready: NetID
        /// Into the accelerator, 1 bit: `data` is the next beat.
        public var valid: NetID
        /// Into the accelerator: 4 lanes of 32 bits, lowest address first.
        public var data: NetID
        /// Out of the accelerator, 1 bit: `address` is asked for.
        public var request: NetID
        /// Out of the accelerator: where the instruction begins.
        public var address: NetID
        /// Beats of a request.
        public var beats: Int

        /// Bytes of a beat.
        public static let beatBytes = 16

        /// All nets exist in one Design.
        public init(ready: NetID, valid: NetID, data: NetID, request: NetID, address: NetID, beats: Int) {
            self.ready = ready
            self.valid = valid
            self.data = data
            self.request = request
            self.address = address
            self.beats = beats
        }
    }

    /// Reads bursts; beats come in the order of the requests.
    public struct ReadPort: Sendable, Hashable, Codable {
        /// Into the accelerator, 1 bit: a request is accepted.
        public var ready: NetID
        /// Into the accelerator, 1 bit: `data` is the next beat; it stays until taken.
        public var valid: NetID
        /// Into the accelerator: a beat, as many lanes as `wideBeat` has fields. Those that an other beat does not have
        /// may hold anything.
        public var data: NetID
        /// Out of the accelerator, 1 bit: a burst is asked for.
        public var request: NetID
        /// Out of the accelerator: where the burst begins.
        public var address: NetID
        /// Out of the accelerator, 16 bits: beats of the burst less one.
        public var length: NetID
        /// Out of the accelerator, 1 bit: the burst's beats are wide; nil: all beats are alike.
        public var wide: NetID?
        /// Out of the accelerator, 1 bit: the beat is taken.
        public var take: NetID

        /// All nets exist in one Design.
        public init(
            ready: NetID, valid: NetID, data: NetID, request: NetID, address: NetID, length: NetID,
            wide: NetID? = nil, take: NetID
        ) {
            self.ready = ready
            self.valid = valid
            self.data = data
            self.request = request
            self.address = address
            self.length = length
            self.wide = wide
            self.take = take
        }
    }

    /// Writes single beats.
    public struct WritePort: Sendable, Hashable, Codable {
        /// Into the accelerator, 1 bit: a beat is accepted.
        public var ready: NetID
        /// Into the accelerator, 1 bit: every beat that was accepted in an earlier cycle has been written.
        public var settled: NetID
        /// Out of the accelerator, 1 bit: `data` is to be written.
        public var request: NetID
        /// Out of the accelerator: where the beat goes.
        public var address: NetID
        /// Out of the accelerator: a beat, `Beat.fields` lanes.
        public var data: NetID

        /// All nets exist in one Design.
        public init(ready: NetID, settled: NetID, request: NetID, address: NetID, data: NetID) {
            self.ready = ready
            self.settled = settled
            self.request = request
            self.address = address
            self.data = data
        }
    }

    /// Layout of a beat in memory.
    public struct Beat: Sendable, Hashable, Codable {
        /// Bytes of a beat; those behind the fields are not used.
        public var bytes: Int
        /// Signed fields of a beat, lowest address first.
        public var fields: Int
        /// Bytes of a field, lowest first: 1 or 2.
        public var fieldBytes: Int

        /// `fields` * `fieldBytes` are at most `bytes`.
        public init(bytes: Int, fields: Int, fieldBytes: Int) {
            self.bytes = bytes
            self.fields = fields
            self.fieldBytes = fieldBytes
        }
    }

    /// Instructions.
    public var fetch: FetchPort
    /// Activations, weights and constants.
    public var read: ReadPort
    /// Results.
    public var write: WritePort
    /// Of the write port, and of the read port's requests that are not wide.
    public var beat: Beat
    /// Of the read port's wide requests; `beat` where all are alike. Its bytes are a multiple of a beat's, and it begins
    /// at their multiples.
    public var wideBeat: Beat

    /// The ports of one accelerator; all beats are alike unless said otherwise.
    public init(fetch: FetchPort, read: ReadPort, write: WritePort, beat: Beat, wideBeat: Beat? = nil) {
        self.fetch = fetch
        self.read = read
        self.write = write
        self.beat = beat
        self.wideBeat = wideBeat ?? beat
    }
}
