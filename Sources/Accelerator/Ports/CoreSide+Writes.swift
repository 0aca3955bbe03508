// Written beats: a beat that follows the one before joins its burst, up to a multiple of the burst's length; a cycle without
// a beat ends it. Bursts go to the ports in turn; a line is pushed when a beat goes elsewhere.

import Design

extension CoreSide {
    /// The FIFOs of a port's writes.
    private struct WritePort {
        /// Wires: a line is pushed, a burst's command is.
        var pushesLine, pushesCommand: Signal
        /// There is room for two of each.
        var hasRoom: Signal
        /// A burst has been written that was not noted yet.
        var notes: Signal
    }

    /// What a written beat does.
    private struct Joining {
        /// A beat is accepted; it belongs to the burst that is open; to its last line.
        var accepted, follows, sameLine: Signal
        /// The open line and the open burst end.
        var endsLine, endsBurst: Signal
        /// A burst is open.
        var isOpen: Signal
    }

    mutating func makeWrites(_ requests: Requests) {
        builder.beginScope(
            "write",
            about: "Collects written beats into lines and lines into bursts, and deals the bursts to the "
                + "ports in turn.")
        defer { builder.endScope() }
        let ports = (0..<p.ports).map { makeWritePort($0) }
        let ready = ports.dropFirst().reduce(ports[0].hasRoom) { and($0, $1.hasRoom) }
        // What is counted as open may grow by a burst that ends now and one that begins.
        let open = builder.register("open_bursts", width: MemoryPortParameters.counterBits(PortDepth.openBursts))
        let canOpen = builder.logic(.lessThan, [open, PortDepth.openBursts - 1], width: 1, name: "can_open")
        let writeReady = and(ready, canOpen, name: "write_ready")
        let joining = makeJoining(requests, ready: writeReady)
        let (port, isAt) = turn("port")
        advance(port, isAt, when: joining.endsBurst)
        for (index, port) in ports.enumerated() {
            builder.drive(port.pushesLine, with: and(joining.endsLine, isAt[index]))
            builder.drive(port.pushesCommand, with: and(joining.endsBurst, isAt[index]))
        }
        makeLine(requests, joining)
        makeCommand(requests, joining)
        countOpenBursts(open, joining, ports)
        let settled = and(not(joining.isOpen), equal(open, 0), name: "write_settled")
        builder.output(writeReady)
        builder.output(settled)
    }

    private mutating func makeWritePort(_ index: Int) -> WritePort {
        builder.beginScope(
            "write\(index)",
            about: "The write FIFOs of one port: what has been pushed, what the port has popped, and the "
                + "responses that have come.")
        defer { builder.endScope() }
        let commandBits = MemoryPortParameters.counterBits(PortDepth.commands)
        let lineBits = MemoryPortParameters.counterBits(p.writeLines)
        let pushesLine = builder.wire("line_write", width: 1)
        let pushesCommand = builder.wire("write_command_write", width: 1)
        let lines = crossingCounter("lines_pushed", width: lineBits, advance: pushesLine)
        let commands = crossingCounter("write_commands_pushed", width: commandBits, advance: pushesCommand)
        let linePlace = builder.logic(.slice, [lines], width: lineBits - 1, name: "line_write_place")
        let commandPlace = builder.logic(
            .slice, [commands], width: commandBits - 1, name: "write_command_write_place")
        for signal in [pushesLine, linePlace, pushesCommand, commandPlace] { builder.output(signal) }
        let linesUsed = builder.logic(
            .subtract, [lines, seenCounter("lines_popped", width: lineBits)], width: lineBits)
        let commandsUsed = builder.logic(
            .subtract, [commands, seenCounter("write_commands_popped", width: commandBits)], width: commandBits)
        let hasRoom = and(
            builder.logic(.lessThan, [linesUsed, p.writeLines - 1], width: 1),
            builder.logic(.lessThan, [commandsUsed, PortDepth.commands - 1], width: 1), name: "has_room")
        let responseBits = MemoryPortParameters.counterBits(PortDepth.openBursts)
        let responses = seenCounter("responses", width: responseBits)
        let noted = builder.register("noted", width: responseBits)
        let notes = not(equal(responses, noted), name: "notes")
        builder.connect(noted, next: builder.logic(.add, [noted, 1], width: responseBits), enable: notes)
        return WritePort(pushesLine: pushesLine, pushesCommand: pushesCommand, hasRoom: hasRoom, notes: notes)
    }

    private mutating func makeJoining(_ requests: Requests, ready: Signal) -> Joining {
        let isOpen = builder.register("is_open", width: 1)
        let next = builder.register("next_address", width: 32)
        let accepted = and(ready, requests.writeRequest, name: "accepted")
        func isInside(_ bytes: Int) -> Signal {
            not(
                equal(
                    builder.logic(.slice, [requests.writeAddress], width: MemoryPortParameters.bits(bytes)), 0))
        }
        let follows = and(isOpen, equal(requests.writeAddress, next), isInside(p.chunkBytes), name: "follows")
        let sameLine = and(follows, isInside(p.writeLineBytes), name: "same_line")
        let pauses = not(requests.writeRequest)
        builder.connect(isOpen, next: accepted, enable: or(accepted, pauses))
        builder.connect(
            next, next: builder.logic(.add, [requests.writeAddress, p.beat.bytes], width: 32), enable: accepted)
        return Joining(
            accepted: accepted, follows: follows, sameLine: sameLine,
            endsLine: and(isOpen, or(and(accepted, not(sameLine)), pauses), name: "line_ends"),
            endsBurst: and(isOpen, or(and(accepted, not(follows)), pauses), name: "burst_ends"), isOpen: isOpen)
    }

    /// The line that is filled: its fields, and which of its beats are written.
    private mutating func makeLine(_ requests: Requests, _ joining: Joining) {
        let slotBits = MemoryPortParameters.bits(p.writeSlots)
        let slot: any Readable =
            slotBits == 0
            ? 0
            : builder.logic(
                .slice, [requests.writeAddress], width: slotBits, parameter: MemoryPortParameters.bits(p.beat.bytes))
        let strobe = builder.inArray("line_beat", lanes: p.writeSlots) { builder in
            let mine = builder.logic(.equal, [slot, LaneIndex()], width: 1)
            let strobe = builder.register("write_strobe", width: 1)
            let kept = builder.logic(.and, [strobe, joining.sameLine], width: 1)
            builder.connect(
                strobe, next: builder.logic(.or, [mine, kept], width: 1), enable: joining.accepted)
            return (strobe, builder.logic(.and, [mine, joining.accepted], width: 1))
        }
        let fields = p.beat.fields
        let data = builder.inArray("line_field", lanes: p.writeSlots * fields) { [p] builder in
            let value = requests.writeData.mapped([.init(p.writeSlots, stride: 0), .init(fields, stride: 1)])
            return builder.register(
                "write_line", value,
                enable: strobe.1.mapped([.init(p.writeSlots, stride: 1), .init(fields, stride: 0)]))
        }
        builder.output(strobe.0)
        builder.output(data)
    }

    /// The burst that is open: where it begins, and its beats of AXI less one.
    private mutating func makeCommand(_ requests: Requests, _ joining: Joining) {
        let start = builder.register("write_command_address", width: 28)
        let begins = and(joining.accepted, not(joining.follows), name: "burst_begins")
        builder.connect(
            start, next: builder.logic(.slice, [requests.writeAddress], width: 28, parameter: 4), enable: begins)
        let length = builder.register("write_command_length", width: 8)
        let more = builder.logic(.add, [length, p.beatsOfWriteLine], width: 8)
        builder.connect(
            length, next: select(begins, p.beatsOfWriteLine - 1, more, width: 8),
            enable: and(joining.accepted, not(joining.sameLine)))
        builder.output(start)
        builder.output(length)
    }

    /// Bursts that were sent and are not known to be written.
    private mutating func countOpenBursts(_ open: Signal, _ joining: Joining, _ ports: [WritePort]) {
        let written = ports.dropFirst().reduce(ports[0].notes) {
            builder.logic(.add, [$0, $1.notes], width: 3)
        }
        let more = builder.logic(.add, [open, joining.endsBurst], width: open.width)
        builder.connect(open, next: builder.logic(.subtract, [more, written], width: open.width))
    }
}
