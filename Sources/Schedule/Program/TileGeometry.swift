// What of its input and output a tile covers, and which granules of a word exist.

import Accelerator
import Networks

extension TileEmitter {
    /// Words of the weight buffer that an output group takes.
    var wordsPerGroup: Int {
        (passes?.count ?? 0) * shape.inputGroups * window.kernelHeight * window.kernelWidth
    }

    /// Input rows and columns (of one pixel unit) of a tile, padding included.
    func rows(_ place: TilePlace) -> Int { (place.rows - 1) * window.strideHeight + window.extentHeight }
    func columns(_ place: TilePlace) -> Int {
        (place.columnsPerUnit - 1) * window.strideWidth + window.extentWidth
    }
    /// Planes of the ifmap buffer: words of a row of pixels.
    func planes(_ place: TilePlace) -> Int { shape.isPool ? place.groups : shape.inputGroups }
    /// Words of the ifmap buffer.
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

    /// The extent of one pixel unit.
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
                    body(pixel, part, place.groups, output.first + place.group * planeStep(p), columns)
                    continue
                }
                let existing = max(0, (output.count - part + perWord - 1) / perWord)
                let planes = min(place.groups, existing - place.group)
                if planes > 0 { body(pixel, part, planes, output.first + place.group * perWord + part, columns) }
            }
        }
    }
}
