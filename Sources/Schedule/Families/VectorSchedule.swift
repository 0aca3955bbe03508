// What the loop nest needs, in which family `vector` convolves and all families pool: the jumps of the ifmap address.

import Accelerator
import Networks

extension Scheduler {
    /// The columns of a kernel stand apart only where the array can step over them.
    func checkDilation(_ layer: QuantizedLayer, _ vector: VectorParameters) throws {
        let width = layer.window.dilationWidth
        guard width == 1 || layer.window.kernelWidth == 1 || vector.dilates else {
            throw Shortage.dilation(columns: width).error(layer: layer.name)
        }
    }
}

extension TileEmitter {
    /// The differences of the ifmap address when a loop advances.
    func setJumps(_ place: TilePlace, _ i: inout Instruction) {
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
}
