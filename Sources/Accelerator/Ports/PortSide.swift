// The part of a memory port that has the port's clock: commands become AXI requests, beats go to and come from the FIFOs.
// Between it and CoreSide are the FIFOs' memories, written with one clock and read with the other.

import Design

/// Builds the Design of one AXI port.
struct PortSide: Circuits {
    let p: MemoryPortParameters
    var builder = DesignBuilder(
        name: "memory_port",
        about: "One AXI port, with its clock: commands become requests, beats go to and come from the FIFOs.")

    init(_ parameters: MemoryPortParameters) { p = parameters }

    mutating func run() {
        makeReads()
        makeWrites()
    }

    // MARK: reads

    /// AR from the commands; R into the FIFO of instructions or of data, where room has been kept.
    private mutating func makeReads() {
        let width = MemoryPortParameters.counterBits(PortDepth.commands)
        let pushed = seenCounter("read_commands_pushed", width: width)
        let address = builder.input("read_command_address", width: 28)
        let length = builder.input("read_command_length", width: 8)
        let stream = builder.input("read_command_stream", width: 1)
        let ready = builder.input("arready", width: 1)
        let popped = builder.wire("read_popped", width: width)
        let valid = not(equal(pushed, popped), name: "arvalid")
        let takes = and(valid, ready)
        builder.drive(popped, with: crossingCounter("read_commands_popped", width: width, advance: takes))
        let place = builder.logic(
            .slice, [popped], width: width - 1, name: "read_command_place")
        let byteAddress = builder.logic(.shiftLeftConstant, [address], width: 32, name: "araddr", parameter: 4)
        let burst = builder.logic(.slice, [length], width: 8, name: "arlen")
        let id = builder.logic(.slice, [stream], width: 1, name: "arid")
        for signal in [valid, byteAddress, burst, id, place] { builder.output(signal) }

        let arrives = builder.input("rvalid", width: 1)
        let isData = builder.input("rid", width: 1)
        let data = and(arrives, isData, name: "data_write")
        let fetched = and(arrives, not(isData), name: "fetch_write")
        let dataCount = crossingCounter(
            "data_arrived", width: MemoryPortParameters.counterBits(PortDepth.data), advance: data)
        let fetchCount = crossingCounter(
            "fetch_arrived", width: MemoryPortParameters.counterBits(PortDepth.fetches), advance: fetched)
        let dataPlace = builder.logic(
            .slice, [dataCount], width: MemoryPortParameters.bits(PortDepth.data), name: "data_write_place")
        let fetchPlace = builder.logic(
            .slice, [fetchCount], width: MemoryPortParameters.bits(PortDepth.fetches), name: "fetch_write_place")
        for signal in [data, dataPlace, fetched, fetchPlace] { builder.output(signal) }
    }

    // MARK: writes

    /// A burst between AW and its last beat.
    private struct Burst {
        /// The next burst's address has been taken; its length less one, 8 bits.
        var hasNext, nextLength: Signal
        /// The data of a burst move, and none of its beats has moved.
        var isNew: Signal
    }

    /// AW from the commands, one burst ahead of the data; W from the lines, all of which are there before their command.
    private mutating func makeWrites() {
        let width = MemoryPortParameters.counterBits(PortDepth.commands)
        let pushed = seenCounter("write_commands_pushed", width: width)
        let address = builder.input("write_command_address", width: 28)
        let length = builder.input("write_command_length", width: 8)
        let ready = builder.input("awready", width: 1)
        let popped = builder.wire("write_popped", width: width)
        let burst = Burst(
            hasNext: builder.register("has_next_burst", width: 1),
            nextLength: builder.register("next_burst_length", width: 8),
            isNew: builder.register("burst_is_new", width: 1))
        let valid = and(not(equal(pushed, popped)), not(burst.hasNext), not(burst.isNew), name: "awvalid")
        let takes = and(valid, ready, name: "aw_taken")
        builder.drive(popped, with: crossingCounter("write_commands_popped", width: width, advance: takes))
        builder.connect(burst.nextLength, next: length, enable: takes)
        let place = builder.logic(.slice, [popped], width: width - 1, name: "write_command_place")
        let byteAddress = builder.logic(.shiftLeftConstant, [address], width: 32, name: "awaddr", parameter: 4)
        let burstLength = builder.logic(.slice, [length], width: 8, name: "awlen")
        for signal in [valid, byteAddress, burstLength, place] { builder.output(signal) }
        makeBeats(burst, takesAddress: takes)

        let response = builder.input("bvalid", width: 1)
        let responseBits = MemoryPortParameters.counterBits(PortDepth.openBursts)
        _ = crossingCounter("responses", width: responseBits, advance: response)
    }

    /// W: beats of a burst, one an edge where the slave takes them.
    private mutating func makeBeats(_ burst: Burst, takesAddress: Signal) {
        let ready = builder.input("wready", width: 1)
        let busy = builder.register("burst_busy", width: 1)
        let left = builder.register("beats_left", width: 8)
        let hasLine = builder.register("has_line", width: 1)
        let valid = and(busy, hasLine, name: "wvalid")
        let moves = and(valid, ready, name: "w_moves")
        let isLast = equal(left, 0, name: "wlast")
        let ends = and(moves, isLast)
        let isFree = or(not(busy), ends)
        let begins = and(isFree, burst.hasNext, name: "burst_begins")
        builder.connect(burst.hasNext, next: takesAddress, enable: or(takesAddress, begins))
        builder.connect(burst.isNew, next: begins, enable: or(begins, moves))
        builder.connect(busy, next: begins, enable: or(begins, ends))
        let fewer = builder.logic(.subtract, [left, 1], width: 8)
        builder.connect(left, next: select(begins, burst.nextLength, fewer, width: 8), enable: or(begins, moves))

        var popsLine = moves
        if p.beatsOfWriteLine > 1 {
            let width = MemoryPortParameters.bits(p.beatsOfWriteLine)
            let beat = builder.register("beat_of_line", width: width)
            builder.connect(beat, next: builder.logic(.add, [beat, 1], width: width), enable: moves)
            popsLine = and(moves, equal(beat, p.beatsOfWriteLine - 1))
            builder.output(beat)
        }
        let width = MemoryPortParameters.counterBits(p.writeLines)
        let pushed = seenCounter("lines_pushed", width: width)
        let popped = builder.wire("popped_lines", width: width)
        let loads = and(not(equal(pushed, popped)), or(not(hasLine), popsLine), name: "line_read")
        builder.drive(popped, with: crossingCounter("lines_popped", width: width, advance: loads))
        builder.connect(hasLine, next: loads, enable: or(loads, popsLine))
        let place = builder.logic(.slice, [popped], width: width - 1, name: "line_read_place")
        for signal in [valid, isLast, loads, place] { builder.output(signal) }
    }
}
