import Accelerator
import Design
import ExternalMemory

// One port: its Design, the memories of its FIFOs, and its AXI channels.

/// A port of `PortHardware`.
final class HardwarePort {
    let index: Int
    let side: ClockedDesign
    /// The latch behind the data FIFO, as the core's side reads it.
    private(set) var line: [Int64]
    private let p: MemoryPortParameters
    private let axi: AXIMemory
    private var readCommands = [(address: Int64, length: Int64, stream: Int64)](
        repeating: (0, 0, 0), count: PortDepth.commands)
    private var writeCommands = [(address: Int64, length: Int64)](repeating: (0, 0), count: PortDepth.commands)
    private var data: [[UInt8]]
    private var lines: [WriteLine]
    /// The latch behind the FIFO of lines to write.
    private var writeLine: WriteLine

    /// A line with a strobe for each of the accelerator's beats.
    private struct WriteLine {
        var fields: [Int64]
        var strobes: [Bool]
    }

    init(_ index: Int, _ side: ClockedDesign, _ parameters: MemoryPortParameters, _ axi: AXIMemory) {
        (self.index, self.side, p, self.axi) = (index, side, parameters, axi)
        line = .init(repeating: 0, count: p.lineBytes / p.beat.fieldBytes)
        data = .init(repeating: [UInt8](repeating: 0, count: PortDepth.beatBytes), count: PortDepth.data)
        writeLine = WriteLine(
            fields: .init(repeating: 0, count: p.writeSlots * p.beat.fields),
            strobes: .init(repeating: false, count: p.writeSlots))
        lines = .init(repeating: writeLine, count: p.writeLines)
    }

    // MARK: the core's clock

    /// The core's side pushes commands and lines at this edge.
    func takeCommands(_ core: ClockedDesign) {
        if core.isSet("port\(index).read_command_write") {
            let command = "command\(index).read_command_"
            readCommands[Int(core.value("port\(index).read_command_write_place"))] = (
                core.value(command + "address"), core.value(command + "length"), core.value(command + "stream")
            )
        }
        let write = "write.write\(index)."
        if core.isSet(write + "write_command_write") {
            writeCommands[Int(core.value(write + "write_command_write_place"))] = (
                core.value("write.write_command_address"), core.value("write.write_command_length")
            )
        }
        if core.isSet(write + "line_write") {
            lines[Int(core.value(write + "line_write_place"))] = WriteLine(
                fields: core.lanes("write.write_line"), strobes: core.lanes("write.write_strobe").map { $0 != 0 })
        }
    }

    /// The core's side takes a line out of the data FIFO.
    func readLine(_ place: Int) {
        let beats = place * p.beatsOfLine..<(place + 1) * p.beatsOfLine
        line = littleEndian(beats.flatMap { data[$0] }, bytes: p.beat.fieldBytes)
    }

    // MARK: the ports' clock

    /// The Gray codes of the core's counters at the port.
    func show(_ core: ClockedDesign) {
        side.set("read_commands_pushed_gray", core.value("port\(index).read_commands_pushed_gray"))
        for name in ["write_commands_pushed_gray", "lines_pushed_gray"] {
            side.set(name, core.value("write.write\(index).\(name)"))
        }
    }

    /// An edge. Returns a word of instructions with its place in their FIFO.
    func step(_ edge: Int, _ recorder: SystemStimulus?) throws -> (place: Int, bytes: [UInt8])? {
        // The memories of commands are read without a clock, at the place that their counter shows.
        side.simulation.settle()
        let read = readCommands[Int(side.value("read_command_place"))]
        let write = writeCommands[Int(side.value("write_command_place"))]
        side.set("read_command_address", read.address)
        side.set("read_command_length", read.length)
        side.set("read_command_stream", read.stream)
        side.set("write_command_address", write.address)
        side.set("write_command_length", write.length)
        let pins = axi.pins(edge, writeBeats: Int(write.length) + 1)
        side.set("arready", pins.arready ? 1 : 0)
        side.set("rvalid", pins.rvalid ? 1 : 0)
        side.set("rid", pins.rid)
        side.set("awready", pins.awready ? 1 : 0)
        side.set("wready", 1)
        side.set("bvalid", pins.bvalid ? 1 : 0)
        recorder?.port(index, edge, pins)
        side.simulation.settle()
        let word = takeData(pins.rdata)
        if side.isSet("wvalid") { axi.write(beat(), isLast: side.isSet("wlast")) }
        if pins.rvalid { axi.takeRead() }
        if pins.arready, side.isSet("arvalid") {
            axi.read(Int(side.value("araddr")), beats: Int(side.value("arlen")) + 1, id: side.value("arid"))
        }
        if pins.awready, side.isSet("awvalid") {
            axi.address(Int(side.value("awaddr")), beats: Int(side.value("awlen")) + 1)
        }
        if pins.bvalid { axi.takeResponse() }
        let loads = side.isSet("line_read")
        let place = Int(side.value("line_read_place"))
        try side.simulation.step()
        if loads { writeLine = lines[place] }
        return word
    }

    private func takeData(_ bytes: [UInt8]) -> (place: Int, bytes: [UInt8])? {
        if side.isSet("data_write") { data[Int(side.value("data_write_place"))] = bytes }
        return side.isSet("fetch_write") ? (Int(side.value("fetch_write_place")), bytes) : nil
    }

    /// The beat of W: bytes, nil where the strobe is low.
    private func beat() -> [UInt8?] {
        var bytes = [UInt8?](repeating: nil, count: p.writeLineBytes)
        for (field, value) in writeLine.fields.enumerated() {
            let (slot, place) = (field / p.beat.fields, field % p.beat.fields * p.beat.fieldBytes)
            guard writeLine.strobes[slot] else { continue }
            for byte in 0..<p.beat.fieldBytes {
                bytes[slot * p.beat.bytes + place + byte] = UInt8(truncatingIfNeeded: value >> Int64(8 * byte))
            }
        }
        let beat = p.beatsOfWriteLine > 1 ? Int(side.value("beat_of_line")) : 0
        return Array(bytes[beat * PortDepth.beatBytes..<(beat + 1) * PortDepth.beatBytes])
    }
}

/// A port's AXI slave with bytes behind it.
final class AXIMemory {
    /// What the slave shows at an edge.
    struct Pins {
        var arready, rvalid, awready, bvalid: Bool
        /// 0 where nothing is valid.
        var rid: Int64
        /// Zeros where nothing is valid.
        var rdata: [UInt8]
    }
    private let index: Int
    private let slave: any AXISlave
    private let contents: MemoryContents
    private var reads: [(id: Int64, address: Int, beats: Int)] = []
    private var addresses: [(address: Int, beats: Int)] = []
    private var burst = (address: 0, beats: 0)
    private static let nothing = [UInt8](repeating: 0, count: PortDepth.beatBytes)

    init(_ index: Int, slave: any AXISlave, contents: MemoryContents) {
        (self.index, self.slave, self.contents) = (index, slave, contents)
    }

    func pins(_ edge: Int, writeBeats: Int) -> Pins {
        slave.advance(port: index, to: edge)
        let isThere = slave.readValid(index)
        let oldest = isThere ? reads.first : nil
        return Pins(
            arready: slave.readReady(index), rvalid: isThere, awready: slave.writeReady(index, beats: writeBeats),
            bvalid: slave.responseValid(index), rid: oldest?.id ?? 0,
            rdata: oldest.map { bytes(at: $0.address) } ?? AXIMemory.nothing)
    }

    /// Bytes behind the memory are 0: a beat of AXI may reach over its end.
    private func bytes(at address: Int) -> [UInt8] {
        (address..<address + PortDepth.beatBytes).map { $0 < contents.bytes.count ? contents.bytes[$0] : 0 }
    }

    func read(_ address: Int, beats: Int, id: Int64) {
        slave.read(index, address: address, beats: beats)
        reads.append((id, address, beats))
    }

    func takeRead() {
        slave.takeRead(index)
        reads[0].address += PortDepth.beatBytes
        reads[0].beats -= 1
        if reads[0].beats == 0 { reads.removeFirst() }
    }

    func address(_ address: Int, beats: Int) { addresses.append((address, beats)) }

    func write(_ bytes: [UInt8?], isLast: Bool) {
        if burst.beats == 0 {
            burst = addresses.removeFirst()
            slave.write(index, address: burst.address, beats: burst.beats)
        }
        contents.modify { memory in
            for (place, byte) in bytes.enumerated() {
                if let byte, burst.address + place < memory.count { memory[burst.address + place] = byte }
            }
        }
        burst.address += PortDepth.beatBytes
        burst.beats -= 1
        precondition(isLast == (burst.beats == 0), "WLAST is not at the last beat of its burst")
    }

    func takeResponse() { slave.takeResponse(index) }
}
