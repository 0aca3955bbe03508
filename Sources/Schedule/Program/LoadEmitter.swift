// Loads of a tile: words of weights and constants, feature maps by granule, residuals. A load is planes x rows x
// columns of beats; each row of each plane is one burst of the read port (Accelerator/Engines/BurstRequester).

import Accelerator
import Networks

#if MUTANTS
    import Mutants
#endif

extension TileEmitter {
    typealias Loads = [BufferLedger.Load]

    private func append(
        _ instruction: Instruction, _ access: BufferLedger.Read, features: MapRegion? = nil, _ s: inout Scheduler,
        _ loads: inout Loads
    ) {
        var instruction = instruction
        instruction[CommonField.opcode] = Opcode.load.rawValue
        loads.append(.init(index: s.program.count, access: access, features: features))
        s.program.append(instruction)
    }

    /// Words of a buffer in external memory, one behind the other.
    struct WordSource {
        var address: Int
        var beatsPerWord: Int
    }

    /// Consecutive beats that go round the banks of a buffer's words, in rows of at most 65,536 beats.
    func loadWords(
        _ buffer: Buffer, _ source: WordSource, to range: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads
    ) {
        let most = 65536 / source.beatsPerWord
        var word = 0
        while word < range.count {
            let count = min(most, range.count - word)
            var i = Instruction()
            i[LoadField.target] = buffer.loadTarget.rawValue
            i[LoadField.toPreActivation] = buffer == .preActivation ? 1 : 0
            i[LoadField.roundBanks] = 1
            i[LoadField.address] = source.address + word * source.beatsPerWord * s.p.weightBeatBytes
            i[LoadField.lastColumn] = count * source.beatsPerWord - 1
            i[LoadField.lastValidColumn] = count * source.beatsPerWord - 1
            i[LoadField.bufferAddress] = range.lowerBound + word
            append(i, .init(buffer, range), &s, &loads)
            word += count
        }
    }

    /// A stretch of the words that hold the weights of the tile's groups.
    func loadWeights(
        _ place: TilePlace, _ range: Range<Int>, of all: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads
    ) {
        let word = place.group * wordsPerGroup + range.lowerBound - all.lowerBound
        let address = addresses.weights + word * s.p.weightBeats * s.p.weightBeatBytes
        loadWords(.weights, .init(address: address, beatsPerWord: s.p.weightBeats), to: range, &s, &loads)
    }

    /// The words of the tile's region, or those outside all regions.
    func loadConstants(_ place: TilePlace, _ range: Range<Int>, _ s: inout Scheduler, _ loads: inout Loads) {
        let word = (place.region.map { $0 + 1 } ?? 0) * shape.outputGroups + place.group
        let address = addresses.constants + word * s.p.constantBeats * s.p.weightBeatBytes
        loadWords(.constants, .init(address: address, beatsPerWord: s.p.constantBeats), to: range, &s, &loads)
    }

    /// Once for all tiles.
    func loadPreActivation(_ s: inout Scheduler, _ loads: inout Loads) {
        let source = WordSource(address: preActivationAddress, beatsPerWord: s.p.preActivationBeats)
        loadWords(.preActivation, source, to: 0..<inputPlanes(s.p).count, &s, &loads)
    }

    /// Words of the input that hold a real granule at place `part` of the word.
    private func words(_ part: Int, _ p: AcceleratorParameters) -> Int {
        let perWord = p.inputs / p.granule
        return shape.isPool ? input.count : max(0, (input.count - part + perWord - 1) / perWord)
    }

    private func parts(_ p: AcceleratorParameters) -> Range<Int> {
        shape.isPool ? poolGranule..<poolGranule + 1 : 0..<p.inputs / p.granule
    }

    /// Planes of the input, those of one load behind each other.
    func inputPlanes(_ p: AcceleratorParameters) -> [Int] {
        let perWord = p.inputs / p.granule
        return parts(p).flatMap { part in
            (0..<words(part, p)).map { input.first + (shape.isPool ? 0 : part) + $0 * perWord }
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
        let perWord = s.p.inputs / s.p.granule
        for pixel in 0..<s.p.pixels where columns(of: pixel, place) > 0 {
            let extent = extent(place, pixel: pixel)
            for part in parts(s.p) {
                // Words of the tile that hold a real granule here.
                let existing = shape.isPool ? place.groups : min(shape.inputGroups, words(part, s.p))
                var i = Instruction()
                i[LoadField.target] = LoadTarget.ifmap.rawValue
                i[LoadField.bank] = pixel * perWord + part
                i[LoadField.fillMinimum] = layer.operation == .maxPool ? 1 : 0
                i[LoadField.lastRow] = extent.rows - 1
                i[LoadField.lastColumn] = extent.columns - 1
                i[LoadField.bufferRowStep] = extent.columns
                i[LoadField.bufferPlaneStep] = extent.rows * extent.columns
                if existing > 0 {
                    i[LoadField.lastPlane] = existing - 1
                    let features = setSource(place, extent, part, s, &i)
                    i[LoadField.bufferAddress] = range.lowerBound
                    append(i, .init(.ifmap, range), features: features, &s, &loads)
                }
                if !shape.isPool, !s.p.element.hasZeroWeight, existing < shape.inputGroups {
                    var zeros = missing(from: existing, planeWords: extent.rows * extent.columns, s)
                    zeros[LoadField.bank] = i[LoadField.bank]
                    zeros[LoadField.bufferAddress] += range.lowerBound
                    append(zeros, .init(.ifmap, range), &s, &loads)
                }
            }
        }
    }

    /// Where a load of features reads: the part of the map that its tile covers; nil where that is padding alone.
    private func setSource(
        _ place: TilePlace, _ extent: Extent, _ part: Int, _ s: Scheduler, _ i: inout Instruction
    ) -> MapRegion? {
        let (validRows, validColumns) = (extent.validRows, extent.validColumns)
        if validRows.isEmpty || validColumns.isEmpty {
            // All padding: one valid beat of zeros, the rest is fill.
            i[LoadField.address] = s.zeroPlane
            return nil
        }
        let source = s.placements[layer.input]!
        let perWord = s.p.inputs / s.p.granule
        let firstWord = shape.isPool ? place.group : 0
        let plane = input.first + (shape.isPool ? firstWord * perWord : part)
        i[LoadField.address] = source.address(
            plane: plane, row: validRows.lowerBound, column: validColumns.lowerBound)
        i[LoadField.planeStride] = perWord * source.planeStride
        i[LoadField.rowStride] = source.rowStride
        i[LoadField.firstValidRow] = shape.streams ? 0 : extent.padTop
        #if MUTANTS
            if isPlanted("padding") { i[LoadField.firstValidRow] = shape.streams ? 0 : max(0, extent.padTop - 1) }
        #endif
        i[LoadField.lastValidRow] = validRows.count - 1
        i[LoadField.firstValidColumn] = shape.streams ? 0 : extent.padLeft
        i[LoadField.lastValidColumn] = validColumns.count - 1
        setPreActivation(part, firstWord: firstWord, s.p, &i)
        let last = plane + i[LoadField.lastPlane] * perWord
        return MapRegion(source, planes: plane..<last + 1, rows: validRows, columns: validColumns)
    }

    /// A load of zeros for the words of a tile from `word` on, its buffer address counted from the tile's first word.
    /// On lanes without a zero weight, channels that do not exist must be zero in the buffer.
    private func missing(from word: Int, planeWords: Int, _ s: Scheduler) -> Instruction {
        var i = Instruction()
        i[LoadField.target] = LoadTarget.ifmap.rawValue
        // One valid beat of zeros, the rest is fill.
        i[LoadField.address] = s.zeroPlane
        i[LoadField.lastRow] = (shape.inputGroups - word) - 1
        i[LoadField.lastColumn] = planeWords - 1
        i[LoadField.bufferRowStep] = planeWords
        i[LoadField.bufferAddress] = word * planeWords
        return i
    }

    /// One load per pixel unit and granule of the output word.
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
            let lastPlane = plane + (planes - 1) * planeStep(s.p)
            let column = place.column + pixel * place.columnsPerUnit
            let region = MapRegion(
                source, planes: plane..<lastPlane + 1, rows: place.row..<place.row + place.rows,
                columns: column..<column + columns)
            append(i, .init(.residual, range), features: region, &s, &loads)
        }
    }
}
