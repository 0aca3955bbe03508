import Accelerator
import Design
import ExternalMemory
import Foundation
import Kernel
import RTLEmitter

/// Inputs of `shiftsim_system` at every edge of both clocks, as bench/system.cpp reads them (SystemHarnessSource says the
/// layout and the unit of time).
final class SystemStimulus: Observer {
    let window = 0..<Int.max
    /// Units of time in a period of the core's clock, of the ports'.
    let coreUnits, portUnits: Int
    private let host: [(net: NetID, bytes: Int)]
    private let file: RecordFile
    private let ports: Int
    /// What is known and not written yet: instants with what changes then, oldest first.
    private var cores: [[UInt8]] = []
    private var pins: [[UInt8]] = []
    private var coreCycle = 0
    private var portCycle = 0
    /// Inputs as they were written last.
    private var current: (core: [UInt8], pins: [UInt8]) = ([], [])
    private var lastPort: [UInt8] = []

    init(_ accelerator: Accelerator, _ settings: PortSettings, _ url: URL) throws {
        let divisor = SystemStimulus.greatestCommonDivisor(settings.coreKHz, settings.portKHz)
        (coreUnits, portUnits) = (4 * settings.portKHz / divisor, 4 * settings.coreKHz / divisor)
        ports = settings.ports
        let inputs = accelerator.ports
        host = [(inputs.start, 1), (inputs.loadProgram, 4), (inputs.computeProgram, 4), (inputs.storeProgram, 4)]
        file = try RecordFile(url)
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }

    /// The host's inputs in a cycle of the core's clock.
    func observe(cycle: Int, _ state: StateView) throws {
        cores.append(
            host.flatMap { input in
                let value = state.value(input.net, lane: 0)
                return (0..<input.bytes).map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
            })
        try write(untilEnd: false)
    }

    /// What a port's slave shows at an edge; ports in turn.
    func port(_ index: Int, _ edge: Int, _ shown: AXIMemory.Pins) {
        // In the order of SystemHarnessSource.inputs: arready, rvalid, rdata, rid, awready, wready, bvalid.
        lastPort += [shown.arready ? 1 : 0, shown.rvalid ? 1 : 0] + shown.rdata
        lastPort += [UInt8(shown.rid), shown.awready ? 1 : 0, 1, shown.bvalid ? 1 : 0]
        guard index == ports - 1 else { return }
        pins.append(lastPort)
        lastPort = []
    }

    /// Writes the rest, up to the end of the last cycle of the core's clock.
    func finish() throws {
        try write(untilEnd: true)
        let end = coreCycle * coreUnits
        // The edge that ends the last known cycle of the ports' clock may lie in the last cycle of the core's.
        let edge = (portCycle - 1) * portUnits
        if edge < end, portCycle > 0 { try append(flags: 2, time: edge) }
        try append(flags: 4, time: end)
        try file.finish()
    }

    /// Instants in their order, as long as it is known which is next.
    private func write(untilEnd: Bool) throws {
        if portCycle == 0 {
            guard !cores.isEmpty, !pins.isEmpty else { return }
            current = (cores.removeFirst(), pins.removeFirst())
            (coreCycle, portCycle) = (1, 1)
            try append(flags: 0, time: 0)
        }
        // Cycle c of the core's clock begins with its edge c, cycle e of the ports' with edge e - 1.
        while untilEnd ? !cores.isEmpty || !pins.isEmpty : !cores.isEmpty && !pins.isEmpty {
            let core = cores.isEmpty ? Int.max : coreCycle * coreUnits
            let port = pins.isEmpty ? Int.max : (portCycle - 1) * portUnits
            let time = min(core, port)
            if core == time {
                current.core = cores.removeFirst()
                coreCycle += 1
            }
            if port == time {
                current.pins = pins.removeFirst()
                portCycle += 1
            }
            try append(flags: (core == time ? 1 : 0) | (port == time ? 2 : 0), time: time)
        }
    }

    private func append(flags: UInt8, time: Int) throws {
        let moment = (0..<8).map { UInt8(truncatingIfNeeded: time >> (8 * $0)) }
        try file.append([flags] + moment + current.core + current.pins)
    }
}
