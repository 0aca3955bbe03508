// The processing system of a Zynq UltraScale+ between its HP ports and the DRAM: every number of the model, with its unit
// and source. The path of a request: port (clock of the fabric) -> AXI FIFO interface, AFI (queue, data FIFO, issuing
// limit; bursts longer than 16 beats are cut) -> switch -> port interface of the DDR controller, XPI (HP1 and HP2 share
// one) -> arbiter -> CAM of reads or of writes -> DRAM.

/// What a `PSMemory` is made of.
public struct PSMemorySettings: Sendable, Hashable, Codable {
    /// The rules of the DRAM.
    public var timing: DDR4Timing
    /// Banks and address map.
    public var geometry: DDR4Geometry
    /// The clock of each port in kHz; 1 to 4 ports.
    public var ports: [Int]
    /// Which HP port (0 to 3) each of them is.
    public var places: [Int]
    /// Limits and latencies between the ports and the DRAM.
    public var path = PSPath()

    /// Ports of these clocks in kHz, at HP0, HP1 and so on where `places` does not say otherwise. A port's clock is at
    /// most the controller's, half the DRAM's.
    public init(timing: DDR4Timing, geometry: DDR4Geometry, ports: [Int], places: [Int]? = nil) {
        let places = places ?? Array(0..<ports.count)
        precondition((1...4).contains(ports.count) && places.count == ports.count && Set(places).count == places.count)
        precondition(places.allSatisfy { (0..<4).contains($0) })
        precondition(ports.allSatisfy { $0 > 0 && 2 * $0 <= timing.clockKHz })
        self.timing = timing
        self.geometry = geometry
        self.ports = ports
        self.places = places
    }

    /// A ZCU102 as its start-up code sets it up.
    public static func zcu102(ports: [Int], places: [Int]? = nil) -> PSMemorySettings {
        PSMemorySettings(timing: .zcu102, geometry: .zcu102, ports: ports, places: places)
    }

    /// The XPI of an HP port: HP0 has one with the DisplayPort, HP1 and HP2 share one, HP3 has one with the DMA.
    /// Source: UG1085 "PL-PS Interface Specifics".
    public static func portInterface(_ place: Int) -> Int { [0, 1, 1, 2][place] }
    /// XPIs that HP ports reach.
    public static let portInterfaces = 3
}

/// Queues, limits and latencies of the PS. Clocks are the controller's: two DRAM clocks each.
public struct PSPath: Sendable, Hashable, Codable {
    /// Bursts that a port has accepted and not yet answered to the end, per direction.
    public var acceptLimit = 0
    /// Bursts of at most 16 beats that an AFI has under way, per direction.
    public var issueLimit = 0
    /// Beats of 16 bytes in an AFI's data FIFO, per direction.
    public var fifoBeats = 0
    /// Beats of the longest burst inside the PS.
    public var sliceBeats = 0
    /// Edges of the port's clock that a request or a beat takes across the AFI.
    public var crossingEdges = 0
    /// Controller clocks from the AFI to the controller's arbiter.
    public var forwardClocks = 0
    /// Controller clocks from the DRAM's data, or a write's acceptance, back to the AFI.
    public var returnClocks = 0
    /// Reads of 64 bytes that wait in the controller.
    public var readEntries = 0
    /// Writes of 64 bytes that wait in the controller.
    public var writeEntries = 0
    /// Controller clocks without service after which waiting reads or writes become critical.
    public var starveClocks = 0
    /// Accesses that are served of reads or writes that have become critical before the others may be.
    public var runLength = 0
    /// Controller clocks without reads after which writes are served.
    public var idleClocks = 0
    /// DRAM clocks after which an access is no longer overtaken by others to its bank's open row.
    public var ageLimit = 0

    /// The values of `rows`.
    public init() {
        for row in PSPath.rows { self[keyPath: row.field] = row.value }
    }

    /// A constant of the PS.
    public struct Row: Sendable {
        /// The property.
        public let name: String
        /// In its unit.
        public let value: Int
        /// Of the value.
        public let unit: String
        /// Document, or how it was chosen.
        public let source: String
        fileprivate typealias Field = WritableKeyPath<PSPath, Int> & Sendable
        fileprivate let field: Field

        fileprivate init(
            _ name: String, _ field: Field, _ value: Int, unit: String,
            _ source: String
        ) {
            (self.name, self.field, self.value, self.unit, self.source) = (name, field, value, unit, source)
        }
    }

    /// All constants. U: U-Boot, zynqmp-zcu102-rev1.1/psu_init_gpl.c.
    public static let rows: [Row] = [
        Row(
            "acceptLimit", \.acceptLimit, 8, unit: "bursts",
            "UG1085 AXI Interface Programming: read and write command acceptance capability of eight"),
        Row("issueLimit", \.issueLimit, 8, unit: "bursts", "RDISSUE, WRISSUE of AFIFM: reset value 7, count less one"),
        Row("fifoBeats", \.fifoBeats, 128, unit: "16 B", "UG1085 Read and Write Data Buffers: 128 x 128 bit"),
        Row("sliceBeats", \.sliceBeats, 16, unit: "16 B", "UG1085 AXI FIFO Interface: AXI3 inside, bursts of 16"),
        Row(
            "crossingEdges", \.crossingEdges, 4, unit: "port clocks",
            "not published: two-stage synchronisers and a register on each side"),
        Row(
            "forwardClocks", \.forwardClocks, 28, unit: "controller clocks",
            "not published: with returnClocks makes 50 port clocks of read latency at 300 MHz (recalled: 40 to 60)"),
        Row("returnClocks", \.returnClocks, 29, unit: "controller clocks", "not published: see forwardClocks"),
        Row("readEntries", \.readEntries, 33, unit: "accesses", "U 0xFD070250 lpr_num_entries = 32; UG1087: value + 1"),
        Row("writeEntries", \.writeEntries, 64, unit: "accesses", "UG1087 SCHED: CAMs of 64 entries"),
        Row(
            "starveClocks", \.starveClocks, 64, unit: "controller clocks",
            "U 0xFD070264 lpr_max_starve, 0xFD07026C w_max_starve = 0x40"),
        Row(
            "runLength", \.runLength, 8, unit: "accesses",
            "U 0xFD070264 lpr_xact_run_length, 0xFD07026C w_xact_run_length = 8"),
        Row("idleClocks", \.idleClocks, 1, unit: "controller clocks", "U 0xFD070250 rdwr_idle_gap = 1"),
        Row("ageLimit", \.ageLimit, 2048, unit: "tCK", "chosen: only keeps a stream from starving a bank's other rows"),
    ]
}
