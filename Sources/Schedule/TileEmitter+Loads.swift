import Accelerator
import Networks

// Loads of a tile: words of weights and constants, feature maps by granule, residuals.

extension TileEmitter {
    typealias Loads = [(index: Int, buffer: Buffer, range: Range<Int>, readsFeatureMap: Bool)]

    private func append(
        _ instruction: Instruction, _ buffer: Buffer, _ range: Range<Int>, features: Bool, _ s: inout Scheduler,
        _ loads: inout Loads
    ) {
        var instruction = instruction
        instruction[CommonField.opcode] = Opcode.load.rawValue
        loads.append((s.program.count, buffer, range, features))
        s.program.append(instruction)
    }

    /// Consecutive beats that go round the banks of a buffer's words; `target` nil: of the pre-activation's constants.
    func loadWords(
        _ target: LoadTarget?, _ buffer: Buffer, address: Int, range: Range<Int>, beatsPerWord: Int,
        _ s: inout Scheduler, _ loads: inout Loads
    ) {
        let most = 65536 / beatsPerWord
        var word = 0
        while word < range.count {
            let count = min(most, range.count - word)
            var i = Instruction()
            i[LoadField.target] = (target ?? .constants).rawValue
            i[LoadField.toPreActivation] = target == nil ? 1 : 0
            i[LoadField.roundBanks] = 1
            i[LoadField.address] = address + word * beatsPerWord * s.p.beatBytes
            i[LoadField.lastColumn] = count * beatsPerWord - 1
            i[LoadField.lastValidColumn] = count * beatsPerWord - 1
            i[LoadField.bufferAddress] = range.lowerBound + word
            append(i, buffer, range, features: false, &s, &loads)
            word += count
        }
    }

    func loadWeights(_ place: TilePlace, _ range: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads) {
        loadWords(
            .weights, .weights,
            address: weightAddress + place.group * wordsPerGroup * s.p.weightBeats * s.p.beatBytes, range: range,
            beatsPerWord: s.p.weightBeats, &s, &loads)
    }

    func loadConstants(_ place: TilePlace, _ range: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads) {
        loadWords(
            .constants, .constants,
            address: constantAddress
                + ((place.region.map { $0 + 1 } ?? 0) * shape.outputGroups + place.group) * s.p.constantBeats
                    * s.p.beatBytes,
            range: range, beatsPerWord: s.p.constantBeats, &s, &loads)
    }

    /// Once for all tiles.
    func loadPreActivation(_ s: inout Scheduler, _ loads: inout Loads) {
        loadWords(
            nil, .preActivation, address: preActivationAddress, range: 0..<inputPlanes(s.p).count,
            beatsPerWord: s.p.preActivationBeats, &s, &loads)
    }

    /// Words of the input that hold a real granule at place `part` of the word.
    private func words(_ part: Int, _ p: AcceleratorParameters) -> Int {
        let perWord = p.inputs / p.granule
        return shape.isPool ? inputGranules : max(0, (inputGranules - part + perWord - 1) / perWord)
    }

    private func parts(_ p: AcceleratorParameters) -> Range<Int> {
        shape.isPool ? poolGranule..<poolGranule + 1 : 0..<p.inputs / p.granule
    }

    /// Planes of the input, those of one load behind each other.
    func inputPlanes(_ p: AcceleratorParameters) -> [Int] {
        let perWord = p.inputs / p.granule
        return parts(p).flatMap { part in
            (0..<words(part, p)).map { firstInput + (shape.isPool ? 0 : part) + $0 * perWord }
        }
    }

    private func setPreActivation(_ part: Int, firstWord: Int, _ p: AcceleratorParameters, _ i: inout Instruction) {
        guard let constants = layer.preActivation else { return }
        let before = parts(p).prefix { $0 < part }.reduce(0) { $0 + words($1, p) }
        i[LoadField.preActivation] = 1
        i[LoadField.preActivationRelu] = constants.relu ? 1 : 0
        i[LoadField.preActivationShift] = constants.shift
        i[LoadField.preActivationAddress] = before + firstWord
    }

    /// One load per pixel unit and granule of the input word.
    func loadFeatures(_ place: TilePlace, _ range: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads) {
        let source = s.placements[layer.input]!
        let perWord = s.p.inputs / s.p.granule
        for pixel in 0..<s.p.pixels where columns(of: pixel, place) > 0 {
            let extent = extent(place, pixel: pixel)
            let (rowCount, columnCount) = (extent.rows, extent.columns)
            for part in parts(s.p) {
                // Words of the tile that hold a real granule here.
                let firstWord = shape.isPool ? place.group : 0
                let existing = shape.isPool ? place.groups : min(shape.inputGroups, words(part, s.p))
                let plane = firstInput + (shape.isPool ? firstWord * perWord : part)
                var i = Instruction()
                i[LoadField.target] = LoadTarget.ifmap.rawValue
                i[LoadField.bank] = pixel * perWord + part
                i[LoadField.fillMinimum] = layer.operation == .maxPool ? 1 : 0
                i[LoadField.lastRow] = rowCount - 1
                i[LoadField.lastColumn] = columnCount - 1
                i[LoadField.bufferRowStep] = columnCount
                i[LoadField.bufferPlaneStep] = rowCount * columnCount
                if existing > 0 {
                    let (validRows, validColumns) = (extent.validRows, extent.validColumns)
                    i[LoadField.lastPlane] = existing - 1
                    if validRows.isEmpty || validColumns.isEmpty {
                        // All padding: one valid beat of zeros, the rest is fill.
                        i[LoadField.address] = s.zeroPlane
                    } else {
                        i[LoadField.address] = source.address(
                            plane: plane, row: validRows.lowerBound, column: validColumns.lowerBound)
                        i[LoadField.planeStride] = perWord * source.planeStride
                        i[LoadField.rowStride] = source.rowStride
                        i[LoadField.firstValidRow] = shape.streams ? 0 : extent.padTop
                        i[LoadField.lastValidRow] = validRows.count - 1
                        i[LoadField.firstValidColumn] = shape.streams ? 0 : extent.padLeft
                        i[LoadField.lastValidColumn] = validColumns.count - 1
                        setPreActivation(part, firstWord: firstWord, s.p, &i)
                    }
                    i[LoadField.bufferAddress] = range.lowerBound
                    append(i, .ifmap, range, features: true, &s, &loads)
                }
                if !shape.isPool, s.p.element == .svpe(weightBits: 1), existing < shape.inputGroups {
                    clearMissing(i, from: existing, range, rowCount * columnCount, &s, &loads)
                }
            }
        }
    }

    /// n = 1 lanes have no zero weight: channels that do not exist must be zero in the buffer.
    private func clearMissing(
        _ like: Instruction, from word: Int, _ range: Range<Int>, _ planeWords: Int, _ s: inout Scheduler,
        _ loads: inout Loads
    ) {
        var i = Instruction()
        i[LoadField.target] = LoadTarget.ifmap.rawValue
        i[LoadField.bank] = like[LoadField.bank]
        // One valid beat of zeros, the rest is fill.
        i[LoadField.address] = s.zeroPlane
        i[LoadField.lastRow] = (shape.inputGroups - word) - 1
        i[LoadField.lastColumn] = planeWords - 1
        i[LoadField.bufferRowStep] = planeWords
        i[LoadField.bufferAddress] = range.lowerBound + word * planeWords
        append(i, .ifmap, range, features: false, &s, &loads)
    }

    func loadResidual(_ place: TilePlace, _ range: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads) {
        eachOutputGranule(place, s.p) { pixel, part, planes, plane, columns in
            let source = s.placements[layer.residual!]!
            var i = Instruction()
            i[LoadField.target] = LoadTarget.residual.rawValue
            i[LoadField.bank] = pixel * (s.p.outputs / s.p.granule) + part
            i[LoadField.address] = source.address(
                plane: plane, row: place.row, column: place.column + pixel * place.columnsPerUnit)
            i[LoadField.planeStride] = planeStep(s.p) * source.planeStride
            i[LoadField.rowStride] = source.rowStride
            i[LoadField.lastPlane] = planes - 1
            i[LoadField.lastRow] = place.rows - 1
            i[LoadField.lastValidRow] = place.rows - 1
            i[LoadField.lastColumn] = columns - 1
            i[LoadField.lastValidColumn] = columns - 1
            i[LoadField.bufferAddress] = range.lowerBound
            i[LoadField.bufferRowStep] = place.columnsPerUnit
            i[LoadField.bufferPlaneStep] = place.rows * place.columnsPerUnit
            append(i, .residual, range, features: true, &s, &loads)
        }
    }
}
