// Instructions of one layer's tiles: for each tile its loads, one compute (or one for each part of its weights) and its
// stores. What of the weights and the ifmap still stands in the buffers is not loaded again.

import Accelerator
import Networks

/// Consecutive granule planes of a feature map; for a pooling every plane that stands at the granule's place of a word.
struct Granules {
    /// The first plane.
    var first: Int
    /// How many exist.
    var count: Int
}

/// A layer, a group of it, filters of it or a granule of a pooling, with the tiles that it is cut into.
struct LayerPart {
    var layer: QuantizedLayer
    var shape: LayerShape
    var tile: TileShape
    /// What it reads and writes.
    var input: Granules
    var output: Granules
    /// Granule of the input word that a pooling works on.
    var poolGranule = 0
}

/// Words of each buffer that a tile's compute uses; the residual's are those of the ofmap.
struct BufferRanges {
    var ifmap, weights, constants, ofmap: Range<Int>
}

/// Emits the tiles of a part of a layer.
struct TileEmitter {
    let layer: QuantizedLayer
    let shape: LayerShape
    let tile: TileShape
    let input: Granules
    let output: Granules
    let poolGranule: Int
    let addresses: Addresses
    let passes: WeightPasses?
    /// What is in the ifmap buffer: before `run` from the filters before, which have the same input.
    var loadedFeatures: LoadedFeatures?
    /// Address in external memory of the pre-activation's constants, a word per plane in the order of `inputPlanes`.
    var preActivationAddress = 0
    var hasPreActivation: Bool { layer.preActivation != nil }
    var window: Window { layer.window }

    /// Where weights and constants stand in external memory.
    struct Addresses {
        var weights: Int
        var constants: Int
    }

    init(_ part: LayerPart, addresses: Addresses, passes: WeightPasses?, loadedFeatures: LoadedFeatures? = nil) {
        (layer, shape, tile, poolGranule) = (part.layer, part.shape, part.tile, part.poolGranule)
        (input, output) = (part.input, part.output)
        self.addresses = addresses
        self.passes = passes
        self.loadedFeatures = loadedFeatures
    }

    /// Weights and constants that stand in their buffers.
    private struct LoadedGroup {
        var group: Int
        var region: Int?
        var weights: Range<Int>
        var constants: Range<Int>

        func serves(_ place: TilePlace) -> Bool { group == place.group && region == place.region }
    }

    /// Appends all tiles to the program and the ledger.
    mutating func run(_ s: inout Scheduler) {
        if let constants = layer.preActivation {
            preActivationAddress = s.storePreActivation(constants, of: layer.input, planes: inputPlanes(s.p))
        }
        var loadedGroup: LoadedGroup?
        for (index, place) in tiles().enumerated() {
            var loads: [BufferLedger.Load] = []
            if index == 0, hasPreActivation { loadPreActivation(&s, &loads) }
            // Weights first: they need not wait for the layer before.
            let group: LoadedGroup
            var late: Range<Int>?
            if let loadedGroup, loadedGroup.serves(place) {
                group = loadedGroup
            } else {
                (group, late) = loadGroup(place, &s, &loads)
                loadedGroup = group
            }
            let ifmap = needFeatures(place, &s, &loads)
            let ofmap = s.turns.ofmap.take(place.groups * place.rows * place.columnsPerUnit).range
            if layer.residual != nil { loadResidual(place, ofmap, &s, &loads) }
            if let late { loadWeights(place, late, of: group.weights, &s, &loads) }
            let ranges = BufferRanges(ifmap: ifmap, weights: group.weights, constants: group.constants, ofmap: ofmap)
            if tile.partUnits > 0 { emitParts(place, loads, ranges, &s) } else { emitWhole(place, loads, ranges, &s) }
        }
    }

    /// Loads weights, unless they come in parts, and constants of the tile's output groups. `late` is the stretch of the
    /// weights that is not loaded yet, where the tile before still uses it.
    private func loadGroup(
        _ place: TilePlace, _ s: inout Scheduler, _ loads: inout [BufferLedger.Load]
    ) -> (LoadedGroup, late: Range<Int>?) {
        let hasWeights = passes != nil && tile.partUnits == 0
        let turn = hasWeights ? s.turns.weights.take(place.groups * wordsPerGroup) : BufferTurn.none
        let constants = s.turns.constants.take(place.groups).range
        if hasWeights { loadWeights(place, turn.free, of: turn.range, &s, &loads) }
        loadConstants(place, constants, &s, &loads)
        let group = LoadedGroup(group: place.group, region: place.region, weights: turn.range, constants: constants)
        return (group, turn.busy.isEmpty ? nil : turn.busy)
    }

    /// Loads the tile's input unless it is in the buffer; returns its words there.
    private mutating func needFeatures(
        _ place: TilePlace, _ s: inout Scheduler, _ loads: inout [BufferLedger.Load]
    ) -> Range<Int> {
        let poolGroup = shape.isPool ? place.group : 0
        if let loadedFeatures, loadedFeatures.serves(place, group: poolGroup) { return loadedFeatures.range }
        let range = s.turns.ifmap.take(featureWords(place)).range
        loadFeatures(place, range, &s, &loads)
        loadedFeatures = LoadedFeatures(place, group: poolGroup, range: range)
        return range
    }

    /// A tile that one instruction computes.
    private func emitWhole(
        _ place: TilePlace, _ loads: [BufferLedger.Load], _ ranges: BufferRanges, _ s: inout Scheduler
    ) {
        let compute = s.program.count
        emitCompute(place, ranges, &s)
        var reads: [BufferLedger.Read] = [.init(.ifmap, ranges.ifmap), .init(.constants, ranges.constants)]
        if passes != nil { reads.append(.init(.weights, ranges.weights)) }
        if layer.residual != nil { reads.append(.init(.residual, ranges.ofmap)) }
        var step = BufferLedger.Step(loads: loads, compute: compute, computeReads: reads)
        emitStores(place, ranges.ofmap, of: &step, &s)
        s.ledger.add(step)
    }
}
