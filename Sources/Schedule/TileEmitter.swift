import Accelerator
import Networks

// Instructions of one layer's tiles.

/// Emits the tiles of a layer, a group of it or a granule of a pooling.
struct TileEmitter {
    let layer: QuantizedLayer
    let shape: LayerShape
    let tile: TileShape
    /// First granule plane of the input and the granules (or, pooling, words) that exist.
    let firstInput: Int
    let inputGranules: Int
    let firstOutput: Int
    let outputGranules: Int
    let poolGranule: Int
    let weightAddress: Int
    let constantAddress: Int
    let passes: WeightPasses?
    /// What is in the ifmap buffer: before `run` from the stretch before, which has the same input.
    var loadedFeatures: LoadedFeatures?
    /// Address in external memory of the pre-activation's constants, a word per plane in the order of `inputPlanes`.
    var preActivationAddress = 0
    var hasPreActivation: Bool { layer.preActivation != nil }

    init(
        layer: QuantizedLayer, shape: LayerShape, tile: TileShape, firstInput: Int, inputGranules: Int,
        firstOutput: Int, outputGranules: Int, poolGranule: Int, weightAddress: Int, constantAddress: Int,
        passes: WeightPasses?, loadedFeatures: LoadedFeatures? = nil
    ) {
        self.layer = layer
        self.shape = shape
        self.tile = tile
        self.firstInput = firstInput
        self.inputGranules = inputGranules
        self.firstOutput = firstOutput
        self.outputGranules = outputGranules
        self.poolGranule = poolGranule
        self.weightAddress = weightAddress
        self.constantAddress = constantAddress
        self.passes = passes
        self.loadedFeatures = loadedFeatures
    }

    var window: Window { layer.window }

    mutating func run(_ s: inout Scheduler) {
        var loadedGroup: (group: Int, region: Int?, weights: Range<Int>, constants: Range<Int>)?
        if let constants = layer.preActivation {
            preActivationAddress = s.storePreActivation(constants, of: layer.input, planes: inputPlanes(s.p))
        }
        for (index, place) in tiles().enumerated() {
            var loads: [(index: Int, buffer: Buffer, range: Range<Int>, readsFeatureMap: Bool)] = []
            if index == 0, hasPreActivation { loadPreActivation(&s, &loads) }
            // Weights first: they need not wait for the layer before.
            if loadedGroup == nil || loadedGroup?.group != place.group || loadedGroup?.region != place.region {
                let hasWeights = passes != nil && tile.partUnits == 0
                let weights = hasWeights ? s.turns.weights.take(place.groups * wordsPerGroup) : 0..<0
                let constants = s.turns.constants.take(place.groups)
                if hasWeights { loadWeights(place, weights, &s, &loads) }
                loadConstants(place, constants, &s, &loads)
                loadedGroup = (place.group, place.region, weights, constants)
            }
            let poolGroup = shape.isPool ? place.group : 0
            if loadedFeatures?.serves(place, group: poolGroup) != true {
                let range = s.turns.ifmap.take(featureWords(place))
                loadFeatures(place, range, &s, &loads)
                loadedFeatures = LoadedFeatures(place, group: poolGroup, range: range)
            }
            let ofmap = s.turns.ofmap.take(place.groups * place.rows * place.columnsPerUnit)
            if layer.residual != nil { loadResidual(place, ofmap, &s, &loads) }
            if tile.partUnits > 0 {
                emitParts(
                    place, loads, ifmap: loadedFeatures!.range, constants: loadedGroup!.constants, ofmap: ofmap, &s)
                continue
            }
            let compute = s.program.count
            emitCompute(
                place, ifmap: loadedFeatures!.range, weights: loadedGroup!.weights,
                constants: loadedGroup!.constants, ofmap: ofmap, &s)
            var reads: [(buffer: Buffer, range: Range<Int>)] = [
                (.ifmap, loadedFeatures!.range), (.constants, loadedGroup!.constants),
            ]
            if passes != nil { reads.append((.weights, loadedGroup!.weights)) }
            if layer.residual != nil { reads.append((.residual, ofmap)) }
            let stores = emitStores(place, ofmap, &s)
            s.ledger.add(
                .init(
                    loads: loads, compute: compute, computeReads: reads, ofmap: ofmap, stores: stores, layer: 0))
        }
    }

    // MARK: order

    /// Output rows or columns of a tile.
    private typealias Stretch = Range<Int>

    /// 0..<count in stretches of at most `most` that do not cross `borders`.
    private static func stretches(_ count: Int, most: Int, borders: [Range<Int>]) -> [Stretch] {
        let cuts = Set([0, count] + borders.flatMap { [$0.lowerBound, $0.upperBound] }).filter { $0 <= count }.sorted()
        return zip(cuts, cuts.dropFirst()).flatMap { from, to in
            stride(from: from, to: to, by: most).map { $0..<min($0 + most, to) }
        }
    }

    /// Tiles in the order that reloads less: output groups inside rows, or rows inside output groups.
    private func tiles() -> [TilePlace] {
        let output = shape.outputShape
        let rows = TileEmitter.stretches(output.height, most: tile.rows, borders: layer.regions.map(\.rows))
        let columns = TileEmitter.stretches(output.width, most: tile.columns, borders: layer.regions.map(\.columns))
        let groupStarts = Array(stride(from: 0, to: shape.outputGroups, by: tile.groups))
        func place(_ group: Int, _ rows: Stretch, _ columns: Stretch) -> TilePlace {
            TilePlace(
                group: group, groups: min(tile.groups, shape.outputGroups - group), row: rows.lowerBound,
                rows: rows.count, column: columns.lowerBound, columns: columns.count,
                columnsPerUnit: min(tile.columnsPerUnit, columns.count),
                region: layer.regions.firstIndex {
                    $0.rows.contains(rows.lowerBound) && $0.columns.contains(columns.lowerBound)
                })
        }
        let spatial = rows.flatMap { row in columns.map { (row, $0) } }
        let weightWords = shape.outputGroups * wordsPerGroup
        let featureWords =
            spatial.count * shape.inputGroups * tile.inputRows(window) * tile.inputColumns(window)
        if shape.isPool || weightWords * spatial.count > featureWords * groupStarts.count {
            return groupStarts.flatMap { group in spatial.map { place(group, $0.0, $0.1) } }
        }
        return spatial.flatMap { spot in groupStarts.map { place($0, spot.0, spot.1) } }
    }

    var wordsPerGroup: Int {
        (passes?.count ?? 0) * shape.inputGroups * window.kernelHeight * window.kernelWidth
    }

    // MARK: geometry

    func rows(_ place: TilePlace) -> Int { (place.rows - 1) * window.strideHeight + window.extentHeight }
    func columns(_ place: TilePlace) -> Int {
        (place.columnsPerUnit - 1) * window.strideWidth + window.extentWidth
    }
    func planes(_ place: TilePlace) -> Int { shape.isPool ? place.groups : shape.inputGroups }
    func featureWords(_ place: TilePlace) -> Int {
        let extent = extent(place, pixel: 0)
        return planes(place) * extent.rows * extent.columns
    }

    /// What of the map a tile of one pixel unit takes, and how it stands in the buffer.
    struct Extent {
        /// Rows and columns in the buffer.
        var rows: Int
        var columns: Int
        /// Rows and columns of the map.
        var validRows: Range<Int>
        var validColumns: Range<Int>
        /// Padding before them, in the window's terms.
        var padTop: Int
        var padLeft: Int
    }

    func extent(_ place: TilePlace, pixel: Int) -> Extent {
        let (rowCount, columnCount) = (rows(place), columns(place))
        let top = place.row * window.strideHeight - window.padTop
        let left = (place.column + pixel * place.columnsPerUnit) * window.strideWidth - window.padLeft
        let validRows = max(0, top)..<max(max(0, top), min(layer.inputShape.height, top + rowCount))
        let validColumns = max(0, left)..<max(max(0, left), min(layer.inputShape.width, left + columnCount))
        return Extent(
            rows: shape.streams ? validRows.count : rowCount,
            columns: shape.streams ? validColumns.count : columnCount, validRows: validRows,
            validColumns: validColumns, padTop: validRows.lowerBound - top, padLeft: validColumns.lowerBound - left)
    }

    /// Output columns of one pixel unit in a tile; 0 when the unit has none.
    func columns(of pixel: Int, _ place: TilePlace) -> Int {
        max(0, min(place.columnsPerUnit, place.columns - pixel * place.columnsPerUnit))
    }

    // MARK: compute and stores

    /// Granule planes from one output word to the next.
    func planeStep(_ p: AcceleratorParameters) -> Int {
        (shape.isPool ? p.inputs : p.outputs) / p.granule
    }

    /// Pixel units and granules of the output word that exist: (pixel, granule, planes, first plane, columns).
    func eachOutputGranule(
        _ place: TilePlace, _ p: AcceleratorParameters,
        _ body: (_ pixel: Int, _ part: Int, _ planes: Int, _ plane: Int, _ columns: Int) -> Void
    ) {
        let perWord = p.outputs / p.granule
        for pixel in 0..<p.pixels {
            let columns = columns(of: pixel, place)
            guard columns > 0 else { continue }
            for part in shape.isPool ? 0..<1 : 0..<perWord {
                if shape.isPool {
                    body(pixel, part, place.groups, firstOutput + place.group * planeStep(p), columns)
                    continue
                }
                let existing = max(0, (outputGranules - part + perWord - 1) / perWord)
                let planes = min(place.groups, existing - place.group)
                if planes > 0 { body(pixel, part, planes, firstOutput + place.group * perWord + part, columns) }
            }
        }
    }

    /// A tile whose weights come in parts: one instruction for each part of each pass.
    private func emitParts(
        _ place: TilePlace, _ given: Loads, ifmap: Range<Int>, constants: Range<Int>, ofmap: Range<Int>,
        _ s: inout Scheduler
    ) {
        let words = shape.unitWords
        let group = weightAddress + place.group * wordsPerGroup * s.p.weightBeats * s.p.beatBytes
        var loads = given
        for pass in 0..<shape.passes {
            for first in stride(from: 0, to: shape.units, by: tile.partUnits) {
                let part = Part(pass: pass, units: first..<min(first + tile.partUnits, shape.units), of: shape)
                let weights = s.turns.weights.take(part.units.count * words)
                let start = (pass * shape.units + first) * words
                loadWords(
                    .weights, .weights, address: group + start * s.p.weightBeats * s.p.beatBytes, range: weights,
                    beatsPerWord: s.p.weightBeats, &s, &loads)
                let compute = s.program.count
                emitCompute(place, ifmap: ifmap, weights: weights, constants: constants, ofmap: ofmap, part: part, &s)
                var reads: [(buffer: Buffer, range: Range<Int>)] = [(.ifmap, ifmap), (.weights, weights)]
                if part.isLast { reads.append((.constants, constants)) }
                if part.isLast, layer.residual != nil { reads.append((.residual, ofmap)) }
                s.ledger.add(
                    .init(
                        loads: loads, compute: compute, computeReads: reads, ofmap: part.isLast ? ofmap : 0..<0,
                        stores: part.isLast ? emitStores(place, ofmap, &s) : [], layer: 0))
                loads = []
            }
        }
    }

    /// What an instruction works on of a tile whose weights come in parts.
    private struct Part {
        var pass: Int
        /// Input groups, or a flattened layer's streams.
        var units: Range<Int>
        var isFirst: Bool
        var isLast: Bool

        init(pass: Int, units: Range<Int>, of shape: LayerShape) {
            self.pass = pass
            self.units = units
            isFirst = pass == 0 && units.lowerBound == 0
            isLast = pass == shape.passes - 1 && units.upperBound == shape.units
        }
    }

    private func restrict(_ i: inout Instruction, to part: Part, planeWords: Int) {
        let begins = part.units.lowerBound == 0 && !part.isFirst
        i[ComputeField.lastPass] = 0
        i[ComputeField.passShift] = begins ? (passes?.shiftMask ?? 0) >> part.pass & 1 : 0
        i[ComputeField.lastInputGroup] = part.units.count - 1
        i[ComputeField.ifmapAddress] += part.units.lowerBound * (shape.isFlattened ? 1 : planeWords)
        i[ComputeField.keepSums] = part.isFirst ? 0 : 1
        i[ComputeField.leaveSums] = part.isLast ? 0 : 1
    }

    private func emitCompute(
        _ place: TilePlace, ifmap: Range<Int>, weights: Range<Int>, constants: Range<Int>, ofmap: Range<Int>,
        part: Part? = nil, _ s: inout Scheduler
    ) {
        let (kh, kw) = (window.kernelHeight, window.kernelWidth)
        let requantization = layer.requantization
        var i = Instruction()
        i[CommonField.opcode] = Opcode.compute.rawValue
        switch layer.operation {
        case .convolution: i[ComputeField.mode] = ComputeMode.convolution.rawValue
        case .maxPool: i[ComputeField.mode] = ComputeMode.maxPool.rawValue
        case .sumPool: i[ComputeField.mode] = ComputeMode.sumPool.rawValue
        case .localResponseNormalization: preconditionFailure("runs on the host")
        }
        i[ComputeField.relu] = requantization.relu ? 1 : 0
        i[ComputeField.addResidual] = layer.residual == nil ? 0 : 1
        i[ComputeField.poolGranule] = poolGranule
        i[ComputeField.ifmapAddress] = ifmap.lowerBound
        i[ComputeField.weightAddress] = weights.lowerBound
        i[ComputeField.constantAddress] = constants.lowerBound
        i[ComputeField.residualAddress] = ofmap.lowerBound
        i[ComputeField.ofmapAddress] = ofmap.lowerBound
        i[ComputeField.lastOutputGroup] = place.groups - 1
        i[ComputeField.lastRow] = place.rows - 1
        i[ComputeField.lastColumn] = place.columnsPerUnit - 1
        i[ComputeField.lastInputGroup] = shape.inputGroups - 1
        i[ComputeField.lastPass] = shape.passes - 1
        i[ComputeField.passShift] = passes?.shiftMask ?? 0
        i[ComputeField.lastKernelRow] = kh - 1
        i[ComputeField.lastKernelColumn] = kw - 1
        i[ComputeField.preShift] = requantization.preShift + (passes?.extraShift ?? 0)
        i[ComputeField.residualShift] = requantization.residualShift
        i[ComputeField.shift] = requantization.shift
        if shape.streams { setStream(place, s.p, &i) } else { setJumps(place, &i) }
        if s.p.dilates && !shape.streams { i[ComputeField.kernelColumnStep] = window.dilationWidth }
        if let part { restrict(&i, to: part, planeWords: ifmap.count / shape.inputGroups) }
        s.program.append(i)
    }

    private func setJumps(_ place: TilePlace, _ i: inout Instruction) {
        let pitch = columns(place)
        let plane = rows(place) * pitch
        // From the last step inside a loop back to its start.
        let kernelRow = -(window.extentWidth - 1)
        let kernel = kernelRow - (window.extentHeight - 1) * pitch
        let back = kernel - (shape.inputGroups - 1) * plane
        let rowBack = back - (place.columnsPerUnit - 1) * window.strideWidth
        i.set(ComputeField.kernelRowJump, wrapping: kernelRow + window.dilationHeight * pitch)
        i.set(ComputeField.inputGroupJump, wrapping: kernel + plane)
        i.set(ComputeField.passJump, wrapping: back)
        i.set(ComputeField.columnJump, wrapping: back + window.strideWidth)
        i.set(ComputeField.rowJump, wrapping: rowBack + window.strideHeight * pitch)
        let groupBack = rowBack - (place.rows - 1) * window.strideHeight * pitch
        i.set(ComputeField.outputGroupJump, wrapping: groupBack + (shape.isPool ? plane : 0))
    }

    /// The convolver family's streams.
    private func setStream(_ place: TilePlace, _ p: AcceleratorParameters, _ i: inout Instruction) {
        let extent = extent(place, pixel: 0)
        if shape.isFlattened {
            // Every pixel of every plane is an input group of one 1x1 window.
            i[ComputeField.lastInputGroup] = shape.inputGroups * extent.rows * extent.columns - 1
            i[ComputeField.lastKernelRow] = 0
            i[ComputeField.lastKernelColumn] = 0
            i[StreamField.resultDelay] = AcceleratorParameters.resultDelay(tap: p.convolver!.taps[0], padLeft: 0)
            return
        }
        let (kh, stride) = (window.kernelHeight, window.strideWidth)
        let tap = p.convolver!.tap(height: kh, width: window.kernelWidth)!
        let padBottom = rows(place) - extent.padTop - extent.rows
        // Windows by their place in the row, 0 being padLeft columns left of the map.
        let lastWindow = (place.columnsPerUnit - 1) * stride
        func isWindow(_ position: Int) -> Bool { position >= 0 && position % stride == 0 && position <= lastWindow }
        i[StreamField.lastStreamRow] = extent.rows + padBottom - 1
        i[StreamField.lastSlot] = max(extent.columns - 1, lastWindow)
        i[StreamField.lastMapRow] = extent.rows - 1
        i[StreamField.lastMapColumn] = extent.columns - 1
        i[StreamField.lastResultSlot] = lastWindow
        i.set(StreamField.lastWindowColumn, wrapping: lastWindow - extent.padLeft)
        i[StreamField.tap] = tap
        for column in 1..<max(2, window.kernelWidth) where isWindow(extent.padLeft - column) {
            i[StreamField.columnMask] |= 1 << column
        }
        i[StreamField.firstResultRow] = kh - 1 - extent.padTop
        i[StreamField.lastRowStride] = window.strideHeight - 1
        i[StreamField.lastColumnStride] = stride - 1
        i[StreamField.firstWindowPhase] = (stride - extent.padLeft % stride) % stride
        i[StreamField.resultDelay] = AcceleratorParameters.resultDelay(
            tap: p.convolver!.taps[tap], padLeft: extent.padLeft)
    }

    private func emitStores(_ place: TilePlace, _ ofmap: Range<Int>, _ s: inout Scheduler) -> [Int] {
        let target = s.placements[layer.name]!
        let perWord = s.p.outputs / s.p.granule
        var indices: [Int] = []
        eachOutputGranule(place, s.p) { pixel, part, planes, plane, columns in
            var i = Instruction()
            i[CommonField.opcode] = Opcode.store.rawValue
            i[StoreField.granule] = pixel * perWord + part
            i[StoreField.address] = target.address(
                plane: plane, row: place.row, column: place.column + pixel * place.columnsPerUnit)
            i[StoreField.planeStride] = planeStep(s.p) * target.planeStride
            i[StoreField.rowStride] = target.rowStride
            i[StoreField.lastPlane] = planes - 1
            i[StoreField.lastRow] = place.rows - 1
            i[StoreField.lastColumn] = columns - 1
            i[StoreField.bufferAddress] = ofmap.lowerBound
            i[StoreField.bufferRowStep] = place.columnsPerUnit
            i[StoreField.bufferPlaneStep] = place.rows * place.columnsPerUnit
            indices.append(s.program.count)
            s.program.append(i)
        }
        return indices
    }
}
