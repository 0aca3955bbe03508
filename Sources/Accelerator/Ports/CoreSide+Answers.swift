// What comes back: each port's FIFO has a latch behind it that holds a line; the request that is answered says which latch
// the next beat is taken from.

import Design

extension CoreSide {
    /// The load engine's requests on their way, and what is taken for them.
    struct Answer {
        /// A request is accepted and kept; wire, driven by the split.
        var accepted: Signal
        /// Another request can be kept.
        var hasRoom: Signal
        /// The latch of each port takes a line out of the FIFO.
        var loads: [Signal]
    }

    /// Requests wait in a block RAM, the oldest at its latch; its beats are counted as they are taken.
    mutating func makeAnswer(_ requests: Requests, _ ports: [CommandPort]) -> Answer {
        builder.beginScope(
            "answer", about: "Hands the lines that come back to the load engine, request by request, beat by beat.")
        defer { builder.endScope() }
        let accepted = builder.wire("kept", width: 1)
        let pops = builder.wire("request_ends", width: 1)
        let queue = makeQueue(requests, accepted: accepted, pops: pops)
        let (port, isAt) = turn("port")
        let takesLine = builder.wire("line_ends", width: 1)
        let lines = (0..<p.ports).map { makeLine($0, pops: and(takesLine, isAt[$0])) }
        let isThere = any((0..<p.ports).map { and(isAt[$0], lines[$0].isThere) }, name: "line_is_there")
        let valid = and(queue.isThere, isThere, name: "read_valid")
        let takes = and(valid, requests.take, name: "takes")

        let chunkBits = MemoryPortParameters.bits(p.chunkBytes)
        let offset = builder.register("offset", width: chunkBits)
        let low = builder.logic(.add, [queue.address, offset], width: chunkBits, name: "low_address")
        var bytes: any Readable = p.beat.bytes
        // A beat may be as long as a chunk, whose length has a bit more than an address in it.
        if let wide = queue.wide { bytes = select(wide, p.wideBeat.bytes, p.beat.bytes, width: chunkBits + 1) }
        let next = builder.logic(.add, [low, bytes], width: chunkBits)
        builder.connect(
            offset,
            next: select(pops, 0, builder.logic(.add, [offset, bytes], width: chunkBits), width: chunkBits),
            enable: takes)
        let beat = builder.register("beat", width: 16)
        let isLast = equal(beat, queue.length, name: "is_last")
        builder.connect(
            beat, next: select(isLast, 0, builder.logic(.add, [beat, 1], width: 16), width: 16), enable: takes)
        builder.drive(pops, with: and(takes, isLast))
        let within = builder.logic(.slice, [next], width: MemoryPortParameters.bits(p.lineBytes))
        builder.drive(takesLine, with: and(takes, or(isLast, equal(within, 0))))
        advance(port, isAt, when: and(takes, or(isLast, equal(next, 0))))
        builder.output(valid)
        builder.output(makeData(low, isAt, lines, wide: queue.wide))
        return Answer(accepted: accepted, hasRoom: queue.hasRoom, loads: lines.map(\.loads))
    }

    /// Requests in order: the oldest one's address, its beats less one, and whether they are wide, where some are.
    private struct Queue {
        var isThere, hasRoom, address, length: Signal
        var wide: Signal?
    }

    private mutating func makeQueue(_ requests: Requests, accepted: Signal, pops: Signal) -> Queue {
        let width = MemoryPortParameters.bits(PortDepth.requests)
        let isThere = builder.register("request_is_there", width: 1)
        let first = builder.register("first_request", width: width)
        let end = builder.register("next_request", width: width)
        let count = builder.register("requests", width: width + 1)
        let loads = and(not(equal(count, 0)), or(not(isThere), pops), name: "request_read")
        builder.connect(isThere, next: loads, enable: or(loads, pops))
        builder.connect(first, next: builder.logic(.add, [first, 1], width: width), enable: loads)
        builder.connect(end, next: builder.logic(.add, [end, 1], width: width), enable: accepted)
        let more = builder.logic(.add, [count, 1], width: width + 1)
        let fewer = builder.logic(.subtract, [count, 1], width: width + 1)
        let changes = builder.logic(.xor, [accepted, loads], width: 1)
        builder.connect(count, next: select(accepted, more, fewer, width: width + 1), enable: changes)
        let used = builder.logic(.add, [count, isThere], width: width + 1)
        func memory(_ name: String, _ data: Signal) -> Signal {
            builder.memory(
                name, depth: PortDepth.requests, width: data.width, signed: false, lanesPerBank: 1,
                .init(
                    writeEnable: accepted, writeAddress: end, writeData: data, readEnable: loads, readAddress: first,
                    outputEnable: nil))
        }
        return Queue(
            isThere: isThere, hasRoom: builder.logic(.lessThan, [used, PortDepth.requests], width: 1),
            address: memory("request_address", requests.readAddress),
            length: memory("request_length", requests.readLength),
            wide: requests.readWide.map { memory("request_wide", $0) })
    }

    /// A port's latch: it takes a line; it holds one; its fields.
    private struct Line { var loads, isThere, fields: Signal }

    private mutating func makeLine(_ index: Int, pops: Signal) -> Line {
        builder.beginScope("line\(index)", about: "The line of one port that is handed on next.")
        defer { builder.endScope() }
        let width = MemoryPortParameters.counterBits(PortDepth.data)
        let arrived = seenCounter("data_arrived", width: width)
        let loaded = builder.register("loaded", width: width)
        let isThere = builder.register("is_there", width: 1)
        let waiting = builder.logic(.subtract, [arrived, loaded], width: width)
        let isWhole = not(builder.logic(.lessThan, [waiting, p.beatsOfLine], width: 1))
        let loads = and(isWhole, or(not(isThere), pops), name: "data_read")
        builder.connect(loaded, next: builder.logic(.add, [loaded, p.beatsOfLine], width: width), enable: loads)
        builder.connect(isThere, next: loads, enable: or(loads, pops))
        let place = builder.logic(
            .slice, [loaded], width: MemoryPortParameters.bits(p.lines), name: "data_read_place",
            parameter: MemoryPortParameters.bits(p.beatsOfLine))
        builder.output(loads)
        builder.output(place)
        let fields = builder.inArray("line_field", lanes: p.lineBytes / p.beat.fieldBytes) { [p] in
            $0.input("read_line\(index)", width: 8 * p.beat.fieldBytes, signed: true)
        }
        return Line(loads: loads, isThere: isThere, fields: fields)
    }

    /// The fields of the beat at an address, from the latch whose turn it is; those that it does not have are zero.
    private mutating func makeData(_ low: Signal, _ isAt: [Signal], _ lines: [Line], wide: Signal?) -> Signal {
        let width = 8 * p.beat.fieldBytes
        guard let wide else { return makeSelection("read", low, isAt, lines, of: p.beat) }
        let narrow = makeSelection("narrow", low, isAt, lines, of: p.beat)
        let all = makeSelection("wide", low, isAt, lines, of: p.wideBeat)
        return builder.inArray("read_field", lanes: p.wideBeat.fields) { [p] builder in
            let padded = narrow.mapped([.init(p.wideBeat.fields, stride: 1, limit: p.beat.fields)])
            return builder.logic(.multiplex, [wide, all, padded], width: width, signed: true, name: "read_data")
        }
    }

    /// The fields of a beat of that kind.
    private mutating func makeSelection(
        _ name: String, _ low: Signal, _ isAt: [Signal], _ lines: [Line], of beat: MemoryInterface.Beat
    ) -> Signal {
        let (width, fields) = (8 * beat.fieldBytes, beat.bytes / beat.fieldBytes)
        let slotBits = MemoryPortParameters.bits(p.lineBytes / beat.bytes)
        let slot: any Readable =
            slotBits == 0
            ? 0 : builder.logic(.slice, [low], width: slotBits, parameter: MemoryPortParameters.bits(beat.bytes))
        return builder.inArray("\(name)_field", lanes: beat.fields) { builder in
            let beats = lines.map {
                builder.logic(
                    .laneSelect, [$0.fields.mapped([.init(beat.fields, stride: 1)]), slot], width: width,
                    signed: true, parameter: fields)
            }
            let chosen = beats.indices.dropLast().reversed().reduce(beats[beats.count - 1]) { rest, index in
                builder.logic(.multiplex, [isAt[index], beats[index], rest], width: width, signed: true)
            }
            return builder.logic(.slice, [chosen], width: width, signed: true, name: "\(name)_data")
        }
    }

    /// Instructions are taken as they come. Returns whether the latch takes one.
    mutating func makeFetchAnswer(_ port: CommandPort) -> Signal {
        builder.beginScope("fetched", about: "Hands the beats of instructions on as they come.")
        defer { builder.endScope() }
        let width = MemoryPortParameters.counterBits(PortDepth.fetches)
        let arrived = seenCounter("fetch_arrived", width: width)
        let loaded = builder.register("loaded", width: width)
        let loads = not(equal(arrived, loaded), name: "fetch_read")
        builder.connect(loaded, next: builder.logic(.add, [loaded, 1], width: width), enable: loads)
        let place = builder.logic(.slice, [loaded], width: width - 1, name: "fetch_read_place")
        let valid = builder.register("fetch_valid", loads)
        let words = builder.inArray("fetch_line", lanes: 4) { $0.input("fetch_words", width: 32) }
        let data = builder.inArray("fetch_word", lanes: 4) {
            $0.logic(.slice, [words], width: 32, name: "fetch_data")
        }
        for signal in [loads, place, valid, data] { builder.output(signal) }
        return loads
    }
}
