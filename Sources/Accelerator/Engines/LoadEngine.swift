// Load engine. The requester (BurstRequester) asks for one row of beats at a time; the writer walks all positions,
// takes a beat where the position is valid and fills where it is padding, and writes one beat per cycle into the target
// buffer. Where the accelerator has a pre-activation, all beats go through or beside it, and are written that much
// later. Where beats of weights and constants are wider than those of activations, they have a register and a way of
// their own: no fill, no pre-activation, and banks as wide as they are.

import Design

extension Elaboration {
    struct Load {
        /// The engine works on an instruction.
        var busy: Signal
        /// The read port's request.
        var request: BurstRequest
        /// The read port's beat is taken.
        var take: Signal
        /// The beat of activations, and that of weights and constants: one and the same where all beats are alike.
        var activations, constants: Beat
        /// The beat of `constants` as stored weights.
        var weights: Signal
        /// Write enables of the banks of each buffer, [bank], beside the beat.
        var banks: [LoadTarget: Signal]
    }

    /// A beat being written, [field], and its word address, 16 bits: a cycle after its position and, where it goes through
    /// or beside the pre-activation, that much later.
    struct Beat { var data, address: Signal }

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
        builder.beginScope(
            "load",
            about: "DMA reads: asks for a burst per row, walks the tile's positions, takes a beat or fills "
                + "padding, and writes one beat a cycle into a buffer.")
        defer { builder.endScope() }
        let words = sequencer.load.words
        let busy = builder.register("busy", width: 1)
        let begin = and(sequencer.load.ready, not(busy), term: "begins")
        builder.drive(feedback.loadBegin, with: begin)
        builder.connect(busy, next: begin, enable: or(begin, feedback.loadFinish))

        let request = makeRequester(inputs, words, begin)
        let position = makePosition(inputs, words, begin, request)
        let place = makeBankAddress(words, position)
        let beats = makeBeats(inputs, words, position, place)
        let banks = makeBanks(position, place, beats)
        let weights = builder.inArray("weight_field", lanes: p.weightsPerBeat) { [p] in
            $0.logic(
                .unpack, [beats.constants.data], width: p.element.weightBits, signed: p.element.lane.hasSignedWeights,
                name: "weight", parameter: p.weightsPerField)
        }
        let finish = builder.delayed("finish", position.end, by: writeStages)
        builder.drive(feedback.loadFinish, with: finish)
        let address =
            beats.activations.address
            ?? builder.register(
                "write_address", place.address, enable: position.advance)
        return Load(
            busy: busy, request: request, take: position.take,
            activations: Beat(data: beats.activations.data, address: address),
            constants: Beat(data: beats.constants.data, address: beats.constants.address ?? address),
            weights: weights, banks: banks)
    }

    /// Cycles from a position to the write of its beat, and to the end of a load.
    private var writeStages: Int { PipelineStages.loadWrite + p.preActivationStages }
    /// Cycles from a position to the write of its beat into the bank of a buffer.
    private func writeStages(_ target: LoadTarget) -> Int {
        target.isWords && p.hasWideBeats ? PipelineStages.loadWrite : writeStages
    }

    /// The position that the writer works on: a beat of the tile, from memory or filled.
    private struct Position {
        /// The engine begins; the writer goes on to the next position in the next cycle.
        var begin, advance: Signal
        /// The position is in the map; its beat is taken from memory where there is one; it is the tile's last.
        var inside, take, end: Signal
        /// It is the last of its row, of its plane; the writer goes on to the next plane.
        var endOfRow, endOfPlane, planeAdvance: Signal
        /// The instruction's `LoadTarget`, and whether beats go round its banks.
        var target, roundBanks: Signal
    }

    private mutating func makePosition(
        _ inputs: Inputs, _ words: [Signal], _ begin: Signal, _ request: BurstRequest
    ) -> Position {
        let lastRow = field(LoadField.lastRow, of: words)
        let lastColumn = field(LoadField.lastColumn, of: words)
        let lastPlane = field(LoadField.lastPlane, of: words)
        let target = field(LoadField.target, of: words)
        let roundBanks = request.wide ?? field(LoadField.roundBanks, of: words)
        let advance = builder.wire("advance", width: 1)
        let (column, endOfRow) = counter("column", last: lastColumn, advance: advance, clear: begin)
        let rowAdvance = and(advance, endOfRow)
        let (row, rowIsLast) = counter("row", last: lastRow, advance: rowAdvance, clear: begin)
        let endOfPlane = and(endOfRow, rowIsLast, term: "end_of_plane")
        let planeAdvance = and(advance, endOfPlane, term: "plane_advance")
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
        var lastBank = select(
            isConstants, p.constantBeats - 1, p.weightBeats - 1, width: 16, term: "last_bank_of_target")
        let toPreActivation = p.preActivationDepth.map { _ in field(LoadField.toPreActivation, of: words) }
        if let toPreActivation {
            lastBank = select(toPreActivation, p.preActivationBeats - 1, lastBank, width: 16, term: "last_bank")
        }
        let bankIsLast = equal(bank, lastBank, term: "bank_is_last")
        let nextBank = select(bankIsLast, 0, builder.logic(.add, [bank, 1], width: 16), width: 16)
        let firstBank = field(LoadField.bank, of: words)
        builder.connect(
            bank, next: select(begin, firstBank, nextBank, width: 16),
            enable: or(begin, and(advance, position.roundBanks)))
        let step = or(not(position.roundBanks), bankIsLast, term: "buffer_steps")
        let base = field(LoadField.bufferAddress, of: words)
        let rowStep = field(LoadField.bufferRowStep, of: words)
        let planeStep = field(LoadField.bufferPlaneStep, of: words)
        let address = makeAddress(
            "buffer", base: base, steps: (step, rowStep, planeStep),
            Walk(
                begin: begin, advance: advance, endOfRow: position.endOfRow, endOfPlane: position.endOfPlane))
        return Place(bank: bank, address: address, toPreActivation: toPreActivation)
    }

    /// A beat that is written.
    private struct WrittenBeat {
        var data, bank: Signal
        /// Its word address where another than all beats have.
        var address: Signal?
    }

    /// The beat's register and its way through the pre-activation; beats of weights and constants, where they are wide,
    /// have their own.
    private mutating func makeBeats(
        _ inputs: Inputs, _ words: [Signal], _ position: Position, _ place: Place
    ) -> (activations: WrittenBeat, constants: WrittenBeat) {
        let advance = position.advance
        let narrow = p.hasWideBeats ? and(advance, not(position.roundBanks)) : advance
        let data = makeNarrowBeat(inputs, words, position, enable: narrow)
        let wide = p.hasWideBeats ? makeWideBeat(inputs, position) : data
        let bank = builder.register("write_bank", place.bank, enable: advance)
        let beats = (WrittenBeat(data: data, bank: bank), WrittenBeat(data: wide, bank: bank))
        guard let depth = p.preActivationDepth, let toPreActivation = place.toPreActivation else { return beats }
        let write = builder.register("write_pre", and(advance, toPreActivation))
        let address = builder.register("write_address", place.address, enable: advance)
        let late = makePreActivation(
            LoadPosition(
                words: words, begin: position.begin, advance: advance, inside: position.inside,
                planeAdvance: position.planeAdvance, data: data),
            ConstantWrite(enable: write, bank: bank, address: address, data: wide), depth: depth)
        let activations = WrittenBeat(
            data: late, bank: builder.delayed("late_bank", bank, by: p.preActivationStages),
            address: builder.delayed("late_address", address, by: p.preActivationStages))
        return (
            activations, p.hasWideBeats ? WrittenBeat(data: wide, bank: bank, address: address) : activations
        )
    }

    /// The register of a beat of activations, or of fill.
    private mutating func makeNarrowBeat(
        _ inputs: Inputs, _ words: [Signal], _ position: Position, enable: Signal
    ) -> Signal {
        let fillMinimum = field(LoadField.fillMinimum, of: words)
        let fill = builder.logic(
            .multiplex, [fillMinimum, -(1 << (p.activationBits - 1)), 0], width: p.activationBits, signed: true,
            term: "fill")
        return builder.inArray("beat", lanes: p.granule) { [p] builder in
            let read: Signal = p.hasWideBeats ? inputs.readData.mapped([.init(p.granule, stride: 1)]) : inputs.readData
            let next = builder.logic(
                .multiplex, [position.inside, read, fill], width: p.activationBits, signed: true)
            return builder.register("data", next, enable: enable)
        }
    }

    /// The register of a wide beat; none of them is padding.
    private mutating func makeWideBeat(_ inputs: Inputs, _ position: Position) -> Signal {
        let enable = and(position.advance, position.roundBanks)
        return builder.inArray("wide_beat", lanes: p.weightBeatFields) {
            $0.register("wide_data", inputs.readData, enable: enable)
        }
    }

    /// Write enables of all banks, beside the beat.
    private mutating func makeBanks(
        _ position: Position, _ place: Place, _ beats: (activations: WrittenBeat, constants: WrittenBeat)
    ) -> [LoadTarget: Signal] {
        var banks: [LoadTarget: Signal] = [:]
        for kind in LoadTarget.allCases {
            var hit = and(position.advance, equal(position.target, kind.rawValue))
            if kind == .constants, let toPreActivation = place.toPreActivation { hit = and(hit, not(toPreActivation)) }
            let write = builder.delayed("write_\(kind)", hit, by: writeStages(kind))
            let bank = kind.isWords ? beats.constants.bank : beats.activations.bank
            banks[kind] = builder.inArray("\(kind)_bank", lanes: bankCount(kind)) {
                let mine = $0.logic(.equal, [bank, LaneIndex()], width: 1)
                return $0.logic(.and, [mine, write], width: 1, name: "write")
            }
        }
        return banks
    }

    /// first <= position <= first + last, with one subtraction and one unsigned comparison.
    private mutating func isValid(
        _ position: Signal, first: InstructionField, last: Signal, _ words: [Signal]
    ) -> Signal {
        let offset = builder.logic(.subtract, [position, field(first, of: words)], width: 16)
        let what = first.name.replacing("first_valid_", with: "")
        let isOutside = builder.logic(.lessThan, [last, offset], width: 1, term: "\(what)_is_outside")
        return not(isOutside, term: "\(what)_is_inside")
    }
}
