// Stores of a tile: the ofmap buffer's words, granule by granule, to the layer's feature map.

import Accelerator

extension TileEmitter {
    /// One store per pixel unit and granule of the output word; returns their places in the program.
    func emitStores(_ place: TilePlace, _ ofmap: Range<Int>, _ s: inout Scheduler) -> [Int] {
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
