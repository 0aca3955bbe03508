import Design

// Load engine. The requester asks for one row of beats at a time; the writer walks all positions, takes a beat where
// the position is valid and fills where it is padding, and writes one beat per cycle into the target buffer. Where the
// accelerator has a pre-activation, all beats go through or beside it, and are written that much later.

extension Elaboration {
    struct Load {
        var request, address, length, take: Signal
        /// The beat being written and its word address.
        var data, bufferAddress: Signal
        /// The beat as weights.
        var weights: Signal
        /// Write enables of the banks of each buffer.
        var banks: [LoadTarget: Signal]
    }

    /// Banks of each buffer: stretches of a word that one beat fills.
    func bankCount(_ target: LoadTarget) -> Int {
        switch target {
        case .ifmap: p.pixels * inputGranules
        case .weights: p.weightBeats
        case .constants: p.constantBeats
        case .residual: p.pixels * outputGranules
        }
    }

    mutating func makeLoad(_ inputs: Inputs, _ feedback: Feedback, _ sequencer: Sequencer) -> Load {
        builder.beginScope("load")
        defer { builder.endScope() }
        let words = sequencer.load.words
        let busy = builder.register("busy", width: 1)
        let begin = and(sequencer.load.ready, not(busy))
        builder.drive(feedback.loadBegin, with: begin)
        builder.connect(busy, next: begin, enable: or(begin, feedback.loadFinish))

        let request = makeRequester(inputs, words, begin)
        let position = makePosition(inputs, words, begin, request)
        let place = makeBankAddress(words, position)
        return makeWriteStage(inputs, feedback, words, position, place, request)
    }

    /// Where the writer is: the beat's place in the tile.
    private struct Position {
        var begin, advance, inside, take, end: Signal
        var endOfRow, endOfPlane, planeAdvance: Signal
        var target, roundBanks: Signal
    }

    private mutating func makePosition(
        _ inputs: Inputs, _ words: [Signal], _ begin: Signal, _ request: Requester
    ) -> Position {
        let lastRow = field(LoadField.lastRow, of: words)
        let lastColumn = field(LoadField.lastColumn, of: words)
        let lastPlane = field(LoadField.lastPlane, of: words)
        let target = field(LoadField.target, of: words)
        let roundBanks = field(LoadField.roundBanks, of: words)
        let advance = builder.wire("advance", width: 1)
        let (column, endOfRow) = counter("column", last: lastColumn, advance: advance, clear: begin)
        let rowAdvance = and(advance, endOfRow)
        let (row, rowIsLast) = counter("row", last: lastRow, advance: rowAdvance, clear: begin)
        let endOfPlane = and(endOfRow, rowIsLast)
        let planeAdvance = and(advance, endOfPlane)
        let (_, planeIsLast) = counter("plane", last: lastPlane, advance: planeAdvance, clear: begin)
        let end = and(planeAdvance, planeIsLast, name: "tile_loaded")
        let writing = flag("writing", set: begin, clear: end)
        let inside = and(
            isValid(row, first: LoadField.firstValidRow, last: request.lastValidRow, words),
            isValid(column, first: LoadField.firstValidColumn, last: request.lastValidColumn, words), name: "in_map")
        let take = and(writing, inside, name: "read_take")
        builder.drive(advance, with: and(writing, or(not(inside), inputs.readValid)))
        return Position(
            begin: begin, advance: advance, inside: inside, take: take, end: end, endOfRow: endOfRow,
            endOfPlane: endOfPlane, planeAdvance: planeAdvance, target: target, roundBanks: roundBanks)
    }

    /// Bank and word address of the beat; whether it goes to the pre-activation's constants, where there are any.
    private struct Place {
        var bank, address: Signal
        var toPreActivation: Signal?
    }

    private mutating func makeBankAddress(_ words: [Signal], _ position: Position) -> Place {
        let (begin, advance) = (position.begin, position.advance)
        let bank = builder.register("bank", width: 16)
        let isConstants = equal(position.target, LoadTarget.constants.rawValue)
        var lastBank = select(isConstants, p.constantBeats - 1, p.weightBeats - 1, width: 16)
        let toPreActivation = p.preActivationDepth.map { _ in field(LoadField.toPreActivation, of: words) }
        if let toPreActivation { lastBank = select(toPreActivation, p.preActivationBeats - 1, lastBank, width: 16) }
        let bankIsLast = equal(bank, lastBank)
        let nextBank = select(bankIsLast, 0, builder.logic(.add, [bank, 1], width: 16), width: 16)
        let firstBank = field(LoadField.bank, of: words)
        builder.connect(
            bank, next: select(begin, firstBank, nextBank, width: 16),
            enable: or(begin, and(advance, position.roundBanks)))
        let step = or(not(position.roundBanks), bankIsLast)
        let base = field(LoadField.bufferAddress, of: words)
        let rowStep = field(LoadField.bufferRowStep, of: words)
        let planeStep = field(LoadField.bufferPlaneStep, of: words)
        let address = walk(
            "buffer", base: base, steps: (step, rowStep, planeStep), begin: begin, advance: advance,
            endOfRow: position.endOfRow, endOfPlane: position.endOfPlane)
        return Place(bank: bank, address: address, toPreActivation: toPreActivation)
    }

    /// The beat's registers, its way through the pre-activation, and the write enables.
    private mutating func makeWriteStage(
        _ inputs: Inputs, _ feedback: Feedback, _ words: [Signal], _ position: Position, _ place: Place,
        _ request: Requester
    ) -> Load {
        let advance = position.advance
        let (bank, bufferAddress) = (place.bank, place.address)
        let fillMinimum = field(LoadField.fillMinimum, of: words)
        let fill = builder.logic(
            .multiplex, [fillMinimum, -(1 << (p.activationBits - 1)), 0], width: p.activationBits, signed: true)
        let data = builder.inArray("beat", lanes: p.granule) { [p] builder in
            let next = builder.logic(
                .multiplex, [position.inside, inputs.readData, fill], width: p.activationBits, signed: true)
            return builder.register("data", next, enable: advance)
        }
        var writeBank = builder.register("write_bank", bank, enable: advance)
        var beats = data
        var writeAddress: Signal?
        if let depth = p.preActivationDepth, let toPreActivation = place.toPreActivation {
            let write = builder.register("write_pre", and(advance, toPreActivation))
            let address = builder.register("write_address", bufferAddress, enable: advance)
            beats = makePreActivation(
                LoadPosition(
                    words: words, begin: position.begin, advance: advance, inside: position.inside,
                    planeAdvance: position.planeAdvance, data: data),
                ConstantWrite(enable: write, bank: writeBank, address: address), depth: depth)
            writeBank = builder.delayed("late_bank", writeBank, by: p.preActivationStages)
            writeAddress = builder.delayed("late_address", address, by: p.preActivationStages)
        }
        var banks: [LoadTarget: Signal] = [:]
        for kind in LoadTarget.allCases {
            var hit = and(advance, equal(position.target, kind.rawValue))
            if kind == .constants, let toPreActivation = place.toPreActivation { hit = and(hit, not(toPreActivation)) }
            let write = builder.delayed("write_\(kind)", hit, by: 1 + p.preActivationStages)
            banks[kind] = builder.inArray("\(kind)_bank", lanes: bankCount(kind)) {
                let mine = $0.logic(.equal, [writeBank, LaneIndex()], width: 1)
                return $0.logic(.and, [mine, write], width: 1, name: "write")
            }
        }
        let weights = builder.inArray("weight_field", lanes: p.weightsPerBeat) { [p] in
            $0.logic(
                .unpack, [beats], width: p.element.weightBits, signed: p.element.name == "vpe", name: "weight",
                parameter: p.weightsPerField)
        }
        // The last beat's write.
        let finish = builder.delayed("finish", position.end, by: 1 + p.preActivationStages)
        builder.drive(feedback.loadFinish, with: finish)
        return Load(
            request: request.request, address: request.address, length: request.length, take: position.take,
            data: beats,
            bufferAddress: writeAddress ?? builder.register("write_address", bufferAddress, enable: advance),
            weights: weights, banks: banks)
    }

    private struct Requester { var request, address, length, lastValidRow, lastValidColumn: Signal }

    private mutating func makeRequester(_ inputs: Inputs, _ words: [Signal], _ begin: Signal) -> Requester {
        let lastValidRow = field(LoadField.lastValidRow, of: words)
        let lastValidColumn = field(LoadField.lastValidColumn, of: words)
        let request = builder.register("read_request", width: 1)
        let accepted = and(request, inputs.readReady)
        let lastPlane = builder.logic(
            .slice, [words[1].lane(0)], width: 16, name: "request_last_plane", parameter: LoadField.lastPlane.low)
        let (_, endOfPlane) = counter("request_row", last: lastValidRow, advance: accepted, clear: begin)
        let planeAdvance = and(accepted, endOfPlane)
        let (_, planeIsLast) = counter("request_plane", last: lastPlane, advance: planeAdvance, clear: begin)
        let last = and(planeAdvance, planeIsLast)
        builder.connect(request, next: begin, enable: or(begin, last))

        let base = field(LoadField.address, of: words)
        let rowStride = field(LoadField.rowStride, of: words)
        let planeStride = field(LoadField.planeStride, of: words)
        let address = builder.register("read_address", width: 32)
        let plane = builder.register("request_plane_start", width: 32)
        let nextRow = builder.logic(.add, [address, rowStride], width: 32)
        let nextPlane = builder.logic(.add, [plane, planeStride], width: 32)
        let next = select(endOfPlane, nextPlane, nextRow, width: 32)
        builder.connect(address, next: select(begin, base, next, width: 32), enable: or(begin, accepted))
        builder.connect(plane, next: select(begin, base, nextPlane, width: 32), enable: or(begin, planeAdvance))
        return Requester(
            request: request, address: address, length: lastValidColumn, lastValidRow: lastValidRow,
            lastValidColumn: lastValidColumn)
    }

    /// first <= position <= first + last, with one subtraction and one unsigned comparison.
    private mutating func isValid(
        _ position: Signal, first: InstructionField, last: Signal, _ words: [Signal]
    ) -> Signal {
        let offset = builder.logic(.subtract, [position, field(first, of: words)], width: 16)
        return not(builder.logic(.lessThan, [last, offset], width: 1))
    }
}
