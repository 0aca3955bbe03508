// DMA bursts: the load engine asks for one burst for each row of each plane of its instruction. The scheduler makes
// rows of at most 65,536 beats (Schedule/Program/LoadEmitter); here no burst is split or joined. Behind the interface
// the memory ports cut them at AXI's limits of 256 beats and 4 KiB (docs/internals/MemoryPorts.md).

import Design

extension Elaboration {
    /// The read port's request, and the map's rectangle in the tile.
    struct BurstRequest {
        /// A burst is asked for; where it begins, 32 bits; its beats less one, 16 bits.
        var valid, address, length: Signal
        /// Its beats are wide, as all are that go round the banks of a word; nil: all beats are alike.
        var wide: Signal?
        /// Rows and columns of the tile that lie in the map, less one, 16 bits; constant while the instruction runs.
        var lastValidRow, lastValidColumn: Signal
    }

    /// Asks from the cycle after `begin` on, a burst per accepted request.
    mutating func makeRequester(_ inputs: Inputs, _ words: [Signal], _ begin: Signal) -> BurstRequest {
        let lastValidRow = field(LoadField.lastValidRow, of: words)
        let lastValidColumn = field(LoadField.lastValidColumn, of: words)
        let request = builder.register("read_request", width: 1)
        let accepted = and(request, inputs.readReady, term: "request_accepted")
        let plane = LoadField.lastPlane
        let lastPlane = builder.logic(
            .slice, [words[plane.word / 4].lane(plane.word % 4)], width: plane.width, name: "request_last_plane",
            parameter: plane.low)
        let (_, endOfPlane) = counter("request_row", last: lastValidRow, advance: accepted, clear: begin)
        let planeAdvance = and(accepted, endOfPlane, term: "request_plane_advance")
        let (_, planeIsLast) = counter("request_plane", last: lastPlane, advance: planeAdvance, clear: begin)
        let last = and(planeAdvance, planeIsLast, term: "requests_end")
        builder.connect(request, next: begin, enable: or(begin, last))

        let wide = p.hasWideBeats ? field(LoadField.roundBanks, of: words) : nil
        let base = field(LoadField.address, of: words)
        let rowStride = field(LoadField.rowStride, of: words)
        let planeStride = field(LoadField.planeStride, of: words)
        let address = builder.register("read_address", width: 32)
        let planeStart = builder.register("request_plane_start", width: 32)
        let nextRow = builder.logic(.add, [address, rowStride], width: 32, term: "request_next_row")
        let nextPlane = builder.logic(.add, [planeStart, planeStride], width: 32, term: "request_next_plane")
        let next = select(endOfPlane, nextPlane, nextRow, width: 32, term: "request_next_burst")
        builder.connect(address, next: select(begin, base, next, width: 32), enable: or(begin, accepted))
        builder.connect(planeStart, next: select(begin, base, nextPlane, width: 32), enable: or(begin, planeAdvance))
        return BurstRequest(
            valid: request, address: address, length: lastValidColumn, wide: wide, lastValidRow: lastValidRow,
            lastValidColumn: lastValidColumn)
    }
}
