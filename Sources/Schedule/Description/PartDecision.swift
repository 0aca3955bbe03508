// What the scheduler decided for a part of a layer, kept beside the program: from it and the instructions everything
// that `shiftsim schedule` says follows.

import Accelerator

/// A tiling with the cycles of its program.
struct CountedTile: Sendable, Equatable {
    var tile: TileShape
    /// Behind the end of the part before, as `TileChoice` counts.
    var cycles: Int
}

/// The tiles of a part of a layer, and how they were chosen.
struct PartDecision: Sendable {
    /// The layer's place in the network.
    var layer: Int
    var shape: LayerShape
    /// How the network's input stands in memory for it; nil: as every feature map.
    var unrolling: InputUnrolling?
    var tile: TileShape
    /// The order of the tiles: never `byWords`.
    var order: TileLoops
    /// Sizes of the tiles along each axis: output rows, output columns of all pixel units, output groups.
    var rows: TileSizes
    var columns: TileSizes
    var groups: TileSizes
    /// Channels in whole granules that it reads and writes.
    var inputs: Int
    var outputs: Int
    /// The part's first instruction.
    var firstInstruction: Int
    /// Nil for `first-fit`, which takes the first tiles that fit.
    var choice: TileChoice?
}

/// How an axis is cut.
struct TileSizes: Sendable, Equatable {
    /// Size of the first tile, and of the last.
    var first: Int
    var last: Int
    var count: Int
    /// All tiles but the last have the size of the first.
    var isEven: Bool

    /// Of tiles with these starts that end at `total`.
    init(starts: [Int], total: Int) {
        let ends = starts.dropFirst() + [total]
        let sizes = zip(starts, ends).map { $1 - $0 }
        (first, last, count) = (sizes[0], sizes[sizes.count - 1], sizes.count)
        isEven = sizes.dropLast().allSatisfy { $0 == sizes[0] } && sizes[sizes.count - 1] <= sizes[0]
    }
}

extension Scheduler {
    /// Keeps what was decided for the next part of the program.
    mutating func record(_ part: LayerPart, _ passes: WeightPasses?, _ tile: TileShape, choice: TileChoice?) {
        var part = part
        part.tile = tile
        let emitter = TileEmitter(part, addresses: .init(weights: 0, constants: 0), passes: passes)
        let places = emitter.tiles()
        func starts(_ axis: (TilePlace) -> Int) -> [Int] { Set(places.map(axis)).sorted() }
        let output = part.shape.outputShape
        let rows = TileSizes(starts: starts(\.row), total: output.height)
        let columns = TileSizes(starts: starts(\.column), total: output.width)
        let groups = TileSizes(starts: starts(\.group), total: part.shape.outputGroups)
        let isInside = emitter.hasPlacesInside(places: rows.count * columns.count, groups: groups.count)
        decisions.append(
            PartDecision(
                layer: plans.count, shape: part.shape, unrolling: unrolling, tile: tile,
                order: isInside ? .placesInside : .groupsInside,
                rows: rows, columns: columns, groups: groups, inputs: part.input.count * p.granule,
                outputs: part.output.count * p.granule, firstInstruction: program.count, choice: choice))
    }
}
