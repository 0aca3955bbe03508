// How tiles are chosen.

/// What a scheduler knows besides the network and the array.
public struct ScheduleOptions: Sendable, Hashable {
    /// Which tiles a layer is cut into, and for what its loads wait.
    public enum Search: String, Sendable, Hashable, CaseIterable {
        /// The tiles, the order and the use of the buffers that take the fewest cycles.
        case optimal
        /// The largest tiles that fit half of each buffer; a layer begins when the one before has been stored.
        case firstFit = "first-fit"
    }

    /// The memory that cycles are counted with.
    public struct Memory: Sendable, Hashable {
        /// Cycles from a request to its first beat.
        public var latency: Int
        /// Bytes of a cycle, reads and writes together, in 1/65,536; nil: as fast as the engines.
        public var bytesPerCycle65536: Int?

        /// A memory that the engines see in so many cycles.
        public init(latency: Int, bytesPerCycle65536: Int?) {
            self.latency = latency
            self.bytesPerCycle65536 = bytesPerCycle65536
        }

        /// Answers in the next cycle, at any rate.
        public static let ideal = Memory(latency: 1, bytesPerCycle65536: nil)
    }

    /// How tiles are chosen.
    public var search: Search
    /// Whether convolutions of few channels may read the network's input in a layout of their own (`InputUnrolling`).
    public var unrollsInput: Bool
    /// The memory that cycles are counted with.
    public var memory: Memory

    /// The best tiles for a memory, the input as every other feature map.
    public init(search: Search = .optimal, unrollsInput: Bool = false, memory: Memory = .ideal) {
        self.search = search
        self.unrollsInput = unrollsInput && search == .optimal
        self.memory = memory
    }
}
