// What a tiling costs, counted from its sizes alone: how long each engine works on all tiles, and what of the first and
// the last tile nothing else can hide. It bounds what the program takes from below, and ranks candidates.

import Accelerator
import Networks

/// Cycles of the engines for all tiles of a part of a layer.
struct TileCost {
    /// Of all loads, computes and stores.
    private(set) var load = 0
    private(set) var compute = 0
    private(set) var store = 0
    /// Of the loads before the first compute, and of the stores behind the last.
    private var firstLoad = 0
    private var lastStore = 0
    /// Of tiles that cannot load while the one before computes, since the buffers do not hold both.
    private var alone = 0
    /// Bytes of features and weights that are loaded.
    private(set) var bytes = 0

    /// Cycles of loads that padding may save, which is filled without memory.
    private var padding = 0

    /// No engine works longer than the whole takes.
    var bound: Int { max(compute, load - padding, store) }
    /// As the bound, with what does not overlap.
    var estimate: Int { max(compute + alone, load) + firstLoad + lastStore }

    init(_ part: LayerPart, passes: WeightPasses?, _ p: AcceleratorParameters, _ memory: ScheduleOptions.Memory) {
        let counter = Counter(part: part, passes: passes, p: p, memory: memory)
        let (shape, tile) = (part.shape, part.tile)
        let rows = Counter.split(shape.outputShape.height, tile.rows)
        let columns = Counter.split(shape.outputShape.width, tile.columns)
        let groups = Counter.split(shape.outputGroups, tile.groups)
        let places = rows.count * columns.count
        let groupsOutside = counter.hasPlacesInside(places: places, groups: groups.count)
        // Each of the groups' tiles reads features of its own, but where the next has the same.
        let featureLoads = shape.isPool || groupsOutside && places > 1 ? groups.count : 1
        let weightLoads = !groupsOutside && groups.count > 1 ? places : 1
        for row in rows.kinds {
            for column in columns.kinds {
                let times = row.times * column.times
                let features = counter.featureCycles(row.size, column.size)
                load += featureLoads * times * features
                padding += featureLoads * times * (features - counter.unpaddedCycles(row.size, column.size))
                bytes += featureLoads * times * counter.featureBeats(row.size, column.size) * p.beatBytes
                for group in groups.kinds {
                    let all = times * group.times
                    compute += all * counter.computeCycles(row.size, column.size, group.size)
                    store += all * counter.storeCycles(row.size, column.size, group.size)
                    load += all * counter.residualCycles(row.size, column.size, group.size)
                }
            }
        }
        for group in groups.kinds {
            let all = counter.parts > 1 ? places : weightLoads
            load += all * group.times * counter.weightCycles(group.size)
            bytes += all * group.times * counter.weightBeats(group.size) * p.weightBeatBytes
        }
        let features = counter.featureCycles(tile.rows, tile.columns)
        let weights = counter.weightCycles(tile.groups) / counter.parts
        firstLoad = features + weights
        lastStore = counter.storeCycles(rows.last, columns.last, groups.last)
        if 2 * counter.featureWords > p.ifmapDepth { alone += (featureLoads * places - 1) * features }
        if 2 * counter.weightWords > p.weightDepth, weightLoads * groups.count > 1 {
            alone +=
                (weightLoads * groups.count - 1) * weights * (2 * counter.weightWords - p.weightDepth)
                / max(1, counter.weightWords)
        }
        if 2 * counter.resultWords > p.ofmapDepth { alone += store - lastStore }
    }
}

/// Counts the cycles of one tile's instructions.
private struct Counter {
    let part: LayerPart
    let passes: WeightPasses?
    let p: AcceleratorParameters
    let memory: ScheduleOptions.Memory

    private var shape: LayerShape { part.shape }
    private var tile: TileShape { part.tile }
    private var window: Window { shape.window }

    /// A count in tiles: sizes, and how many have each.
    struct Split {
        var kinds: [(size: Int, times: Int)]
        var count: Int { kinds.reduce(0) { $0 + $1.times } }
        var last: Int { kinds.last!.size }
    }

    static func split(_ count: Int, _ most: Int) -> Split {
        let (whole, rest) = count.quotientAndRemainder(dividingBy: most)
        return Split(kinds: (whole > 0 ? [(most, whole)] : []) + (rest > 0 ? [(rest, 1)] : []))
    }

    /// Instructions that a tile's weights come in.
    var parts: Int { tile.partUnits > 0 ? shape.passes * ((shape.units + tile.partUnits - 1) / tile.partUnits) : 1 }

    func hasPlacesInside(places: Int, groups: Int) -> Bool {
        TileEmitter(part, addresses: .init(weights: 0, constants: 0), passes: passes)
            .hasPlacesInside(places: places, groups: groups)
    }

    /// Cycles of a transfer of so many beats in so many instructions.
    private func cycles(beats: Int, bytes: Int, instructions: Int, overhead: Int) -> Int {
        var cycles = beats
        if let rate = memory.bytesPerCycle65536 { cycles = max(beats, (beats * bytes << 16) / max(1, rate)) }
        return cycles + instructions * (overhead + memory.latency - 1)
    }

    private func rows(_ rows: Int) -> Int {
        let extent = (rows - 1) * window.strideHeight + window.extentHeight
        return shape.streams ? min(extent, shape.inputShape.height) : extent
    }

    private func columns(_ columns: Int) -> Int {
        let extent = (perUnit(columns) - 1) * window.strideWidth + window.extentWidth
        return shape.streams ? min(extent, shape.inputShape.width) : extent
    }

    private func perUnit(_ columns: Int) -> Int { (columns + p.pixels - 1) / p.pixels }
    /// Pixel units that have columns.
    private func units(_ columns: Int) -> Int { (columns + perUnit(columns) - 1) / perUnit(columns) }

    /// The largest tile's words of each buffer.
    var featureWords: Int {
        (shape.isPool ? tile.groups : shape.inputGroups) * rows(tile.rows) * columns(tile.columns)
    }
    var weightWords: Int { part.wordsPerGroup(passes) * tile.groups / parts }
    var resultWords: Int { tile.groups * tile.rows * perUnit(tile.columns) }

    func featureCycles(_ tileRows: Int, _ tileColumns: Int) -> Int {
        let granules = p.inputs / p.granule
        let instructions = (shape.isPool ? 1 : min(granules, part.input.count)) * units(tileColumns)
        return cycles(
            beats: featureBeats(tileRows, tileColumns), bytes: p.beatBytes, instructions: instructions,
            overhead: p.loadOverhead)
    }

    /// At least, wherever the tile lies: its padding takes a cycle a beat, and no bytes.
    func unpaddedCycles(_ tileRows: Int, _ tileColumns: Int) -> Int {
        let beats = featureBeats(tileRows, tileColumns)
        let extent = (rows(tileRows), columns(tileColumns))
        let valid = (
            max(0, extent.0 - window.padTop - window.padBottom), max(0, extent.1 - window.padLeft - window.padRight)
        )
        let read = beats / max(1, extent.0 * extent.1) * valid.0 * valid.1
        return max(beats, cycles(beats: read, bytes: p.beatBytes, instructions: 0, overhead: 0))
    }

    func featureBeats(_ tileRows: Int, _ tileColumns: Int) -> Int {
        let planes = shape.isPool ? tile.groups : part.input.count
        return planes * rows(tileRows) * columns(tileColumns) * units(tileColumns)
    }

    func weightBeats(_ groups: Int) -> Int { groups * part.wordsPerGroup(passes) * p.weightBeats }

    func weightCycles(_ groups: Int) -> Int {
        let weights = cycles(
            beats: weightBeats(groups), bytes: p.weightBeatBytes,
            instructions: passes == nil ? 0 : parts, overhead: p.loadOverhead)
        return weights
            + cycles(
                beats: groups * p.constantBeats, bytes: p.weightBeatBytes, instructions: 1, overhead: p.loadOverhead)
    }

    private func resultCycles(_ rows: Int, _ columns: Int, _ groups: Int, overhead: Int) -> Int {
        let granules = shape.isPool ? 1 : min(p.outputs / p.granule, part.output.count)
        let planes = shape.isPool ? groups : min(groups * (p.outputs / p.granule), part.output.count)
        return cycles(
            beats: planes * rows * columns, bytes: p.beatBytes, instructions: granules * units(columns),
            overhead: overhead)
    }

    func storeCycles(_ rows: Int, _ columns: Int, _ groups: Int) -> Int {
        resultCycles(rows, columns, groups, overhead: AcceleratorParameters.storeOverhead)
    }

    func residualCycles(_ rows: Int, _ columns: Int, _ groups: Int) -> Int {
        part.layer.residual == nil ? 0 : resultCycles(rows, columns, groups, overhead: p.loadOverhead)
    }

    func computeCycles(_ tileRows: Int, _ tileColumns: Int, _ groups: Int) -> Int {
        switch shape.work {
        case .pool:
            let steps = window.kernelHeight * window.kernelWidth
            return groups * tileRows * perUnit(tileColumns) * steps + p.poolTileOverhead
        case .nest:
            return groups * part.wordsPerGroup(passes) * tileRows * perUnit(tileColumns) + parts * p.tileOverhead
        case .stream:
            let streams = groups * shape.passes * shape.inputGroups
            let slots = rows(tileRows) * max(columns(tileColumns), (tileColumns - 1) * window.strideWidth + 1)
            let interval = p.convolverInterval(words: shape.unitWords)
            return streams * max(slots, interval) + parts * p.poolTileOverhead
        case .flattened:
            return groups * shape.passes * shape.units * p.convolverInterval(words: 1) + parts * p.poolTileOverhead
        }
    }
}

extension LayerPart {
    /// Words of the weight buffer that an output group takes.
    func wordsPerGroup(_ passes: WeightPasses?) -> Int {
        (passes?.count ?? 0) * shape.inputGroups * shape.window.kernelHeight * shape.window.kernelWidth
    }
}
