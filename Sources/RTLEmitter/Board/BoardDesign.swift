import Accelerator
import Design

// What stands around an accelerator on a board: its memory ports with their FIFOs (shiftsim_system, two clocks), and
// around that what a block design connects: AXI4 masters and an AXI4-Lite slave (shiftsim_axi).

/// An accelerator with its memory ports, to be emitted.
public struct BoardDesign: Sendable {
    /// The accelerator.
    public let accelerator: Accelerator
    /// The Designs of its memory ports.
    public let ports: MemoryPortDesigns
    /// Clock of the accelerator, MHz.
    public let coreMHz: Double
    /// Clock of the ports, MHz.
    public let portMHz: Double

    /// An accelerator and ports for its beats. Throws `DesignError` for a defect of the ports' elaboration.
    public init(
        _ accelerator: Accelerator, ports: Int, burstBytes: Int, coreMHz: Double, portMHz: Double
    ) throws {
        self.accelerator = accelerator
        self.ports = try MemoryPortDesigns(
            MemoryPortParameters(ports: ports, burstBytes: burstBytes, memory: accelerator.memory))
        self.coreMHz = coreMHz
        self.portMHz = portMHz
    }
}

extension RTLEmitter {
    /// The modules of the memory ports, `shiftsim_system` and `shiftsim_axi`, beside those of `emit`: rtl/board/*.sv.
    /// Throws `RTLError` where the Designs cannot be expressed.
    public static func emit(_ board: BoardDesign) throws -> [RTLFile] {
        let system = try SystemSource(board)
        let modules =
            try modules(of: board.ports.core, top: SystemSource.coreModule, resets: registers(of: board.ports.core))
            + modules(of: board.ports.port, top: SystemSource.portModule, resets: registers(of: board.ports.port))
        return modules.map { RTLFile(name: "rtl/board/" + $0.name.dropFirst("rtl/".count), text: $0.text) }
            + FIFOMemorySource.files + [try system.file, SystemHarnessSource(board).file] + AXISource.files(board)
    }
}

extension RTLEmitter {
    /// The outputs of all registers: the ports' are few, and all of them decide cycles or what moves.
    private static func registers(of design: Design) -> Set<NetID> {
        Set(
            design.cells.compactMap { cell in
                switch cell {
                case .register(let cell): cell.output
                case .shiftRegister(let cell): cell.output
                default: nil
                }
            })
    }
}

/// Names that tools are told.
public enum SystemDesignNames {
    /// The module of accelerator and memory ports.
    public static let module = SystemSource.module
}

/// The ports of an emitted Design by the paths of their nets.
struct PinTable {
    private let pins: [String: RTLPort]
    /// In the order of the module's ports.
    let all: [RTLPort]

    /// Paths begin below `top` and leave out the instance array of a vector: "write.write_line".
    init(_ design: Design) throws {
        all = try RTLEmitter.ports(of: design)
        pins = Dictionary(all.map { (design.portPath(of: $0.net), $0) }) { first, _ in first }
    }

    /// The port at a path. Throws `RTLError` where there is none: the Design has changed and its text has not.
    func pin(_ path: String) throws -> RTLPort {
        guard let pin = pins[path] else { throw RTLError("the memory ports have no port '\(path)'") }
        return pin
    }
}
