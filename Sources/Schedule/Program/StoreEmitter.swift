// Stores of a tile: the ofmap buffer's words, granule by granule, to the layer's feature map.

import Accelerator

extension TileEmitter {
    /// One store per pixel unit and granule of the output word.
    func emitStores(
        _ place: TilePlace, _ ofmap: Range<Int>, of step: inout BufferLedger.Step, _ s: inout Scheduler
    ) {
        let target = s.placements[layer.name]!
        var written: Range<Int>?
        let perWord = s.p.outputs / s.p.granule
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
            step.stores.append(s.program.count)
            s.program.append(i)
            let last = plane + (planes - 1) * planeStep(s.p)
            written = min(written?.lowerBound ?? plane, plane)..<max(written?.upperBound ?? 0, last + 1)
        }
        step.ofmap = ofmap
        step.stored = MapRegion(
            target, planes: written ?? 0..<0, rows: place.row..<place.row + place.rows,
            columns: place.column..<place.column + place.columns)
    }
}
