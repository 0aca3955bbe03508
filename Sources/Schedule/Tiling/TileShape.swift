// Tile sizes: output rows, output columns and output groups that fit half of each buffer, so that the next tile loads
// while this one computes; a layer of a single tile may use whole buffers.

import Accelerator
import Diagnostics
import Networks

#if MUTANTS
    import Mutants
#endif

/// Output extent of the tiles of one layer.
struct TileShape: Sendable, Hashable {
    /// Output rows, output columns, output groups.
    var rows: Int
    var columns: Int
    var groups: Int
    /// Output columns of one pixel unit.
    var columnsPerUnit: Int
    /// Where not even one output group's weights fit half of their buffer: input groups (of a flattened layer words)
    /// whose weights do, and that one instruction works on. Else 0.
    var partUnits = 0
    /// What goes round inside what.
    var loops = TileLoops.byWords

    /// Input rows and columns (of one pixel unit) that a tile covers.
    func inputRows(_ window: Window) -> Int { (rows - 1) * window.strideHeight + window.extentHeight }
    func inputColumns(_ window: Window) -> Int {
        (columnsPerUnit - 1) * window.strideWidth + window.extentWidth
    }

    init(rows: Int, columns: Int, groups: Int, pixels: Int) {
        self.rows = rows
        self.columns = columns
        self.groups = groups
        columnsPerUnit = (columns + pixels - 1) / pixels
    }

    /// The same tiles, though another rule may order them.
    func isSame(as other: TileShape) -> Bool {
        (rows, columns, groups, partUnits) == (other.rows, other.columns, other.groups, other.partUnits)
    }

    /// The smallest tile: a pixel of one output group.
    static func pixel(_ p: AcceleratorParameters) -> TileShape {
        TileShape(rows: 1, columns: 1, groups: 1, pixels: p.pixels)
    }

    /// The largest tiles that fit: all groups first, then whole rows, then columns.
    /// Throws `InputError` when not even one pixel of one group fits.
    static func choose(_ layer: LayerShape, _ p: AcceleratorParameters, name: String) throws -> TileShape {
        let whole = TileShape(
            rows: layer.outputShape.height, columns: layer.outputShape.width, groups: layer.outputGroups,
            pixels: p.pixels)
        if whole.shortage(layer, p, share: 1) == nil { return whole }
        var best: TileShape?
        var groups = layer.outputGroups
        while groups >= 1 {
            if let tile = largest(layer, p, groups: groups) {
                if best == nil || tile.cost(layer) < best!.cost(layer) { best = tile }
            }
            groups = groups == 1 ? 0 : (groups + 1) / 2
        }
        if let best { return best }
        if let parts = inParts(layer, p) { return parts }
        throw tooSmall(layer, p, name: name)
    }

    /// What to throw where not even one pixel of one group fits.
    static func tooSmall(_ layer: LayerShape, _ p: AcceleratorParameters, name: String) -> InputError {
        let smallest = pixel(p)
        let limit = smallest.shortage(layer, p, share: 2) ?? .ifmap
        return Shortage.tile(limit, outputs: p.outputs).error(layer: name)
    }

    /// One output group whose weights come in parts. Sums wait in the accumulators meanwhile, so that a tile is one
    /// pixel of each unit, or on the convolver family in the psum buffer.
    static func inParts(_ layer: LayerShape, _ p: AcceleratorParameters) -> TileShape? {
        let units = p.weightDepth / 2 / layer.unitWords
        guard !layer.isPool, units > 0 else { return nil }
        var tile: TileShape?
        if layer.streams {
            tile = largest(layer, p, groups: 1, weightsFit: true)
        } else {
            let pixel = TileShape(
                rows: 1, columns: min(p.pixels, layer.outputShape.width), groups: 1, pixels: p.pixels)
            if pixel.shortage(layer, p, share: 2, weightsFit: true) == nil { tile = pixel }
        }
        tile?.partUnits = units
        return tile
    }

    /// Rows, then columns, as many as fit with this many groups.
    private static func largest(
        _ layer: LayerShape, _ p: AcceleratorParameters, groups: Int, weightsFit: Bool = false
    ) -> TileShape? {
        var columns = layer.outputShape.width
        while columns >= 1 {
            var low = 0
            var high = layer.outputShape.height
            while low < high {
                let middle = (low + high + 1) / 2
                let tile = TileShape(rows: middle, columns: columns, groups: groups, pixels: p.pixels)
                if tile.shortage(layer, p, share: 2, weightsFit: weightsFit) == nil {
                    low = middle
                } else {
                    high = middle - 1
                }
            }
            if low > 0 {
                // Equal tiles: no small remainder at the bottom.
                let count = (layer.outputShape.height + low - 1) / low
                let rows = (layer.outputShape.height + count - 1) / count
                return TileShape(rows: rows, columns: columns, groups: groups, pixels: p.pixels)
            }
            columns = columns == 1 ? 0 : (columns + 1) / 2
        }
        return nil
    }

    /// Beats moved, roughly: what decides between more groups and more rows per tile.
    private func cost(_ layer: LayerShape) -> Int {
        let rowTiles = (layer.outputShape.height + rows - 1) / rows
        let columnTiles = (layer.outputShape.width + columns - 1) / columns
        let groupTiles = (layer.outputGroups + groups - 1) / groups
        let ifmap = rowTiles * columnTiles * inputRows(layer.window) * inputColumns(layer.window) * layer.inputGroups
        let weights =
            layer.outputGroups * layer.passes * layer.inputGroups * layer.window.kernelHeight
            * layer.window.kernelWidth
        let ifmapLoads = groupTiles > 1 && rowTiles * columnTiles > 1 ? groupTiles : 1
        return ifmap * ifmapLoads + weights + 64 * rowTiles * columnTiles * groupTiles
    }

    /// The size that is too small, nil when the tile fits 1/share of each.
    func shortage(
        _ layer: LayerShape, _ p: AcceleratorParameters, share: Int, weightsFit: Bool = false
    ) -> TileLimit? {
        let planes = layer.isPool ? groups : layer.inputGroups
        var (rows, columns) = (inputRows(layer.window), inputColumns(layer.window))
        switch layer.work {
        case .pool, .nest: break
        case .stream(let convolver), .flattened(let convolver):
            (rows, columns) = (min(rows, layer.inputShape.height), min(columns, layer.inputShape.width))
            if let limit = streamShortage(layer, convolver, rows: rows, columns: columns) { return limit }
        }
        if planes * rows * columns > p.ifmapDepth / share { return .ifmap }
        let kernel = layer.window.kernelHeight * layer.window.kernelWidth
        if !layer.isPool && !weightsFit
            && groups * layer.passes * layer.inputGroups * kernel > p.weightDepth / share
        {
            return .weights
        }
        #if MUTANTS
            if isPlanted("schedule-tile") { return nil }
        #endif
        if groups * self.rows * columnsPerUnit > p.ofmapDepth / share { return .ofmap }
        // A tile of fewer results has fewer groups.
        if groups > p.constantDepth / share { return .ofmap }
        return nil
    }
}
