import Accelerator
import Design
import ExternalMemory
import Kernel

// The memory ports as hardware: their Designs in the kernel, both clocks, the memories of the FIFOs between them, and an AXI
// slave with bytes. An accelerator that runs on it runs on what would be built; ExternalMemory/Ports, the model of the same,
// is what it is compared with.

/// The memory ports' Designs at an accelerator's interface.
package final class PortHardware: MemoryDevice {
    let parameters: MemoryPortParameters
    let core: ClockedDesign
    private(set) var ports: [HardwarePort] = []
    /// What a kernel's observer threw; the run is worth nothing then.
    package private(set) var failure: (any Error)?
    /// Told what goes into the Designs from outside, edge by edge.
    weak var recorder: SystemStimulus?

    private let interface: MemoryInterface
    private let settings: PortSettings
    private var edge = -1
    /// The FIFO of instructions: port 0 writes words of 16 bytes, the core reads them.
    private var fetched = [[UInt8]](
        repeating: [UInt8](repeating: 0, count: PortDepth.beatBytes), count: PortDepth.fetches)

    /// Ports for an accelerator of that interface; `slave` says when, `contents` what.
    package init(
        _ contents: MemoryContents, interface: MemoryInterface, settings: PortSettings, slave: any AXISlave
    ) throws {
        parameters = MemoryPortParameters(
            ports: settings.ports, burstBytes: settings.burstBytes, memory: interface)
        let designs = try MemoryPortDesigns(parameters)
        self.interface = interface
        self.settings = settings
        core = try ClockedDesign(designs.core)
        ports = try (0..<settings.ports).map {
            HardwarePort(
                $0, try ClockedDesign(designs.port), parameters, AXIMemory($0, slave: slave, contents: contents))
        }
    }

    /// Counts nothing by itself: the slave does.
    package func dram(before cycle: Int) -> DRAMStatistics? { nil }

    /// It is called in every cycle.
    package var wakeNets: [NetID] { [] }

    // MARK: the accelerator's side

    /// Offers what the core's side shows, which depends on its registers and the latches behind the FIFOs.
    package func drive(cycle: Int, _ inputs: InputPorts) {
        for port in ports { core.set("answer.line\(port.index).read_line\(port.index)", lanes: port.line) }
        core.simulation.settle()
        let scalars: [(NetID, String)] = [
            (interface.fetch.ready, "fetch.fetch_ready"), (interface.fetch.valid, "fetched.fetch_valid"),
            (interface.read.ready, "read.read_ready"), (interface.read.valid, "answer.read_valid"),
            (interface.write.ready, "write.write_ready"), (interface.write.settled, "write.write_settled"),
        ]
        for (net, path) in scalars { inputs.set(net, core.value(path)) }
        for (net, path) in [(interface.fetch.data, "fetched.fetch_data"), (interface.read.data, "answer.read_data")] {
            for (lane, value) in core.lanes(path).enumerated() { inputs.set(net, lane: lane, value) }
        }
    }

    /// The edges of the ports' clock up to the one that ends this cycle, and that one. At a common edge both sides see what
    /// was before it.
    package func clock(cycle: Int, _ state: StateView) -> Int {
        // Edge e of the ports' clock is at e / portKHz, the edge that ends this cycle at (cycle + 1) / coreKHz.
        let end = (cycle + 1) * settings.portKHz
        let last = end / settings.coreKHz
        let isCommon = last * settings.coreKHz == end
        do {
            while edge < last - (isCommon ? 1 : 0) {
                for port in ports { port.show(core) }
                try stepPorts()
            }
            for port in ports { core.show(port) }
            for port in ports { port.show(core) }
            if isCommon { try stepPorts() }
            try stepCore(cycle, state)
        } catch {
            failure = failure ?? error
        }
        return cycle + 1
    }

    private func stepPorts() throws {
        edge += 1
        for port in ports {
            let word = try port.step(edge, recorder)
            if let word { fetched[word.place] = word.bytes }
        }
    }

    private func stepCore(_ cycle: Int, _ state: StateView) throws {
        let requests: [(String, NetID)] = [
            ("fetch_request", interface.fetch.request), ("fetch_address", interface.fetch.address),
            ("read_request", interface.read.request), ("read_address", interface.read.address),
            ("read_length", interface.read.length), ("read_take", interface.read.take),
            ("write_request", interface.write.request), ("write_address", interface.write.address),
        ]
        for (path, net) in requests { core.set(path, state.value(net, lane: 0)) }
        if let wide = interface.read.wide { core.set("read_wide", state.value(wide, lane: 0)) }
        core.set("write_data", lanes: (0..<interface.beat.fields).map { state.value(interface.write.data, lane: $0) })
        core.simulation.settle()
        for port in ports { port.takeCommands(core) }
        for port in ports where core.isSet("answer.line\(port.index).data_read") {
            port.readLine(Int(core.value("answer.line\(port.index).data_read_place")))
        }
        let fetches = core.isSet("fetched.fetch_read")
        let place = Int(core.value("fetched.fetch_read_place"))
        try core.simulation.step()
        if fetches {
            core.set("fetched.fetch_words", lanes: littleEndian(fetched[place], bytes: 4).map { $0 & 0xFFFF_FFFF })
        }
    }
}

extension ClockedDesign {
    /// The Gray codes of a port's counters at the core's side.
    fileprivate func show(_ port: HardwarePort) {
        let (index, side) = (port.index, port.side)
        set("port\(index).read_commands_popped_gray", side.value("read_commands_popped_gray"))
        set("answer.line\(index).data_arrived_gray", side.value("data_arrived_gray"))
        for name in ["write_commands_popped_gray", "lines_popped_gray", "responses_gray"] {
            set("write.write\(index).\(name)", side.value(name))
        }
        if index == 0 { set("fetched.fetch_arrived_gray", side.value("fetch_arrived_gray")) }
    }
}

/// Signed fields of that many bytes each, lowest first.
func littleEndian(_ bytes: [UInt8], bytes count: Int) -> [Int64] {
    stride(from: 0, to: bytes.count, by: count).map { place in
        let value = (0..<count).reduce(Int64(0)) { $0 | Int64(bytes[place + $1]) << Int64(8 * $1) }
        let unused = Int64(64 - 8 * count)
        return (value << unused) >> unused
    }
}
