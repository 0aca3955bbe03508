// The part of the memory ports that has the accelerator's clock: requests become bursts that go to the ports in turn, lines
// that come back are handed on beat by beat (CoreSide+Answers), written beats are collected into bursts (CoreSide+Writes).
// PortSide is the other part; ExternalMemory/Ports models both, edge by edge.

import Design

/// Builds the Design of the accelerator's side of all ports.
struct CoreSide: Circuits {
    let p: MemoryPortParameters
    var builder = DesignBuilder(
        name: "memory_ports",
        about: "The accelerator's side of its memory ports: requests become bursts that go to the ports in turn, lines "
            + "that come back are handed on beat by beat, written beats are collected into bursts.")

    init(_ parameters: MemoryPortParameters) { p = parameters }

    mutating func run() {
        let requests = makeRequests()
        let ports = (0..<p.ports).map { makePort($0) }
        let fetchCredit = makeCredit("fetch_credit", PortDepth.fetches)
        let fetch = makeFetchSplit(requests, ports[0], fetchCredit)
        let answer = makeAnswer(requests, ports)
        let read = makeReadSplit(requests, ports, answer, fetchSends: fetch.sends[0])
        let fetched = makeFetchAnswer(ports[0])
        for (index, port) in ports.enumerated() {
            connect(port, at: index, fetch: index == 0 ? fetch : nil, read)
            count(port.credit, fewer: read.sends[index], by: read.beats, more: answer.loads[index], p.beatsOfLine)
        }
        count(fetchCredit, fewer: fetch.sends[0], by: fetch.beats, more: fetched, 1)
        makeWrites(requests)
    }

    // MARK: the accelerator's requests

    /// Inputs from the accelerator, as `MemoryInterface` has them.
    struct Requests {
        var fetchRequest, fetchAddress: Signal
        var readRequest, readAddress, readLength, take: Signal
        /// The request's beats are wide; nil: all beats are alike.
        var readWide: Signal?
        var writeRequest, writeAddress, writeData: Signal
    }

    private mutating func makeRequests() -> Requests {
        let data = builder.inArray("write_field", lanes: p.beat.fields) { [p] in
            $0.input("write_data", width: 8 * p.beat.fieldBytes, signed: true)
        }
        return Requests(
            fetchRequest: builder.input("fetch_request", width: 1),
            fetchAddress: builder.input("fetch_address", width: 32),
            readRequest: builder.input("read_request", width: 1),
            readAddress: builder.input("read_address", width: 32),
            readLength: builder.input("read_length", width: 16), take: builder.input("read_take", width: 1),
            readWide: p.hasWideBeats ? builder.input("read_wide", width: 1) : nil,
            writeRequest: builder.input("write_request", width: 1),
            writeAddress: builder.input("write_address", width: 32), writeData: data)
    }

    // MARK: commands

    /// The FIFO of read commands of one port, and what may be asked for.
    struct CommandPort {
        /// A command is pushed; wire, driven later.
        var pushes: Signal
        /// The FIFO has room.
        var hasRoom: Signal
        /// Beats of AXI that the data FIFO has room for.
        var credit: Credit
    }

    /// A register of what a FIFO of that depth has room for.
    typealias Credit = (value: Signal, depth: Int)

    private mutating func makePort(_ index: Int) -> CommandPort {
        builder.beginScope(
            "port\(index)", about: "The FIFO of read commands of one port, and the credit of its data FIFO.")
        defer { builder.endScope() }
        let width = MemoryPortParameters.counterBits(PortDepth.commands)
        let pushes = builder.wire("read_command_write", width: 1)
        let pushed = crossingCounter("read_commands_pushed", width: width, advance: pushes)
        let place = builder.logic(.slice, [pushed], width: width - 1, name: "read_command_write_place")
        builder.output(pushes)
        builder.output(place)
        let popped = seenCounter("read_commands_popped", width: width)
        let used = builder.logic(.subtract, [pushed, popped], width: width)
        return CommandPort(
            pushes: pushes, hasRoom: not(equal(used, PortDepth.commands), name: "has_room"),
            credit: makeCredit("credit", PortDepth.data))
    }

    /// A register of what a FIFO has room for; `count` connects it.
    private mutating func makeCredit(_ name: String, _ depth: Int) -> Credit {
        (builder.register(name, width: MemoryPortParameters.counterBits(depth)), depth)
    }

    /// `less` of a credit are claimed, `more` given back.
    private mutating func count(
        _ credit: Credit, fewer: Signal, by less: Signal, more: Signal, _ back: Int
    ) {
        let width = credit.value.width
        let minus = select(fewer, less, 0, width: width)
        let plus = select(more, back, 0, width: width)
        let sum = builder.logic(.add, [credit.value, plus], width: width)
        builder.connect(
            credit.value, next: builder.logic(.subtract, [sum, minus], width: width), enable: or(fewer, more),
            initial: credit.depth)
    }

    /// A port's command: instructions before data.
    private mutating func connect(_ port: CommandPort, at index: Int, fetch: Split?, _ read: Split) {
        builder.beginScope("command\(index)", about: "The read command of one port: instructions before data.")
        defer { builder.endScope() }
        var (pushes, place, length) = (read.sends[index], read.place, read.length)
        var isData: any Readable = 1
        if let fetch {
            pushes = or(fetch.sends[0], read.sends[index])
            place = select(fetch.sends[0], fetch.place, read.place, width: 28)
            length = select(fetch.sends[0], fetch.length, read.length, width: 8)
            isData = not(fetch.sends[0])
        }
        builder.drive(port.pushes, with: pushes)
        builder.output(builder.logic(.slice, [place], width: 28, name: "read_command_address"))
        builder.output(builder.logic(.slice, [length], width: 8, name: "read_command_length"))
        builder.output(builder.logic(.slice, [isData], width: 1, name: "read_command_stream"))
    }

    // MARK: bursts

    /// A transfer that is split: its next burst.
    struct Split {
        /// It sends a burst, to each port.
        var sends: [Signal]
        /// The burst's address in AXI beats, 28 bits; its beats; its beats less one, 8 bits.
        var place, beats, length: Signal
    }

    /// Instructions: three beats from a multiple of a beat on, to the first port.
    private mutating func makeFetchSplit(
        _ requests: Requests, _ port: CommandPort, _ credit: Credit
    ) -> Split {
        builder.beginScope(
            "fetch",
            about: "Splits an instruction into bursts at the bounds of AXI, all of them for the first "
                + "port.")
        defer { builder.endScope() }
        let active = builder.register("active", width: 1)
        let place = builder.register("place", width: 28)
        let left = builder.register("left", width: 9)
        let ready = not(active, name: "fetch_ready")
        builder.output(ready)
        let accepted = and(ready, requests.fetchRequest, name: "accepted")
        let within = builder.logic(.slice, [place], width: MemoryPortParameters.bits(p.chunkBeats))
        let room = builder.logic(.subtract, [p.chunkBeats, within], width: 9)
        let isLast = not(builder.logic(.lessThan, [room, left], width: 1))
        let beats = select(isLast, left, room, width: 9, name: "beats")
        let length = builder.logic(.subtract, [beats, 1], width: 8, name: "length")
        let credited = builder.logic(.lessThan, [length, credit.value], width: 1)
        let sends = and(active, port.hasRoom, credited, name: "sends")
        let start = builder.logic(.slice, [requests.fetchAddress], width: 28, parameter: 4)
        let next = builder.logic(.add, [place, beats], width: 28)
        builder.connect(place, next: select(accepted, start, next, width: 28), enable: or(accepted, sends))
        let fewer = builder.logic(.subtract, [left, beats], width: 9)
        builder.connect(
            left, next: select(accepted, fetchBeats, fewer, width: 9), enable: or(accepted, sends))
        builder.connect(active, next: accepted, enable: or(accepted, and(sends, isLast)))
        return Split(sends: [sends], place: place, beats: beats, length: length)
    }

    /// AXI beats of an instruction.
    private var fetchBeats: Int { Instruction.bytes / PortDepth.beatBytes }

    /// The load engine's requests: bursts up to multiples of their length, to the ports in turn.
    private mutating func makeReadSplit(
        _ requests: Requests, _ ports: [CommandPort], _ answer: Answer, fetchSends: Signal
    ) -> Split {
        builder.beginScope(
            "read",
            about: "Splits a read request into bursts at the bounds of AXI, and deals them to the ports "
                + "in turn.")
        defer { builder.endScope() }
        let (leftBits, chunkBits) = (
            17 + MemoryPortParameters.bits(p.wideBeat.bytes), MemoryPortParameters.bits(p.chunkBytes)
        )
        let active = builder.register("active", width: 1)
        let address = builder.register("address", width: 32)
        let left = builder.register("left", width: leftBits)
        let ready = and(not(active), answer.hasRoom, name: "read_ready")
        builder.output(ready)
        let accepted = and(ready, requests.readRequest, name: "accepted")
        builder.drive(answer.accepted, with: accepted)
        let within = builder.logic(.slice, [address], width: chunkBits)
        let room = builder.logic(.subtract, [p.chunkBytes, within], width: chunkBits + 1)
        let isLast = not(builder.logic(.lessThan, [room, left], width: 1))
        let bytes = select(isLast, left, room, width: chunkBits + 1, name: "bytes")
        let length = makeLength(address, bytes)
        let beats = builder.logic(.add, [length, 1], width: 9, name: "beats")
        let (port, isAt) = turn("port")
        let sends = ports.enumerated().map { index, port -> Signal in
            let credited = builder.logic(.lessThan, [length, port.credit.value], width: 1)
            let mine = and(active, isAt[index], port.hasRoom, credited)
            let others = index == 0 ? not(fetchSends) : mine
            return and(mine, others, name: "sends\(index)")
        }
        let sent = any(sends, name: "sent")
        advance(port, isAt, when: sent)
        let count = builder.logic(.add, [requests.readLength, 1], width: 17)
        var asked = times(count, p.beat.bytes, width: leftBits)
        if let wide = requests.readWide {
            asked = select(wide, times(count, p.wideBeat.bytes, width: leftBits), asked, width: leftBits)
        }
        let next = builder.logic(.add, [address, bytes], width: 32)
        builder.connect(
            address, next: select(accepted, requests.readAddress, next, width: 32), enable: or(accepted, sent))
        let fewer = builder.logic(.subtract, [left, bytes], width: leftBits)
        builder.connect(left, next: select(accepted, asked, fewer, width: leftBits), enable: or(accepted, sent))
        builder.connect(active, next: accepted, enable: or(accepted, and(sent, isLast)))
        let place = makePlace(address)
        return Split(sends: sends, place: place, beats: beats, length: length)
    }

    /// A burst's beats of AXI less one, from the one that has the first byte to the one that has the last, or those that
    /// begin and end their lines.
    private mutating func makeLength(_ address: Signal, _ bytes: Signal) -> Signal {
        let (rounding, width) = (MemoryPortParameters.bits(p.roundingBytes), bytes.width + 1)
        let offset = builder.logic(.slice, [address], width: rounding)
        let end = builder.logic(.add, [bytes, offset], width: width)
        let last = builder.logic(.subtract, [end, 1], width: width)
        let inside = p.roundingBytes / PortDepth.beatBytes
        if inside == 1 { return builder.logic(.slice, [last], width: 8, name: "length", parameter: rounding) }
        let lines = builder.logic(.slice, [last], width: 8, parameter: rounding)
        let first = builder.logic(
            .shiftLeftConstant, [lines], width: 8, parameter: MemoryPortParameters.bits(inside))
        return builder.logic(.or, [first, inside - 1], width: 8, name: "length")
    }

    /// Where a burst begins, in beats of AXI.
    private mutating func makePlace(_ address: Signal) -> Signal {
        let inside = p.roundingBytes / PortDepth.beatBytes
        if inside == 1 { return builder.logic(.slice, [address], width: 28, name: "place", parameter: 4) }
        let bits = MemoryPortParameters.bits(inside)
        let line = builder.logic(.slice, [address], width: 28 - bits, parameter: 4 + bits)
        return builder.logic(.shiftLeftConstant, [line], width: 28, name: "place", parameter: bits)
    }

    private mutating func times(_ count: Signal, _ bytes: Int, width: Int) -> Signal {
        builder.logic(.shiftLeftConstant, [count], width: width, parameter: MemoryPortParameters.bits(bytes))
    }

    // MARK: turns

    /// A port whose turn it is: a register, and for each port whether it is that one.
    mutating func turn(_ name: String) -> (Signal, [Signal]) {
        let port = builder.register(name, width: 2)
        return (port, (0..<p.ports).map { equal(port, $0) })
    }

    /// The next port has its turn.
    mutating func advance(_ port: Signal, _ isAt: [Signal], when advances: Signal) {
        let more = builder.logic(.add, [port, 1], width: 2)
        builder.connect(port, next: select(isAt[p.ports - 1], 0, more, width: 2), enable: advances)
    }

    /// One of several bits is set.
    mutating func any(_ bits: [Signal], name: String) -> Signal {
        let all = bits.dropFirst().reduce(bits[0]) { builder.logic(.or, [$0, $1], width: 1) }
        return builder.logic(.slice, [all], width: 1, name: name)
    }
}
