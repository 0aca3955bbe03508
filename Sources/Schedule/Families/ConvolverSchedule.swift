// What family `convolver` alone needs: which windows its grid takes, streams instead of jumps, the sizes that bound a
// tile, and dilation as zeros between a kernel's elements, for its cells are neighbours.

import Accelerator
import Diagnostics
import Networks

extension Scheduler {
    /// A dilated kernel with zeros between its elements fits the convolvers, or is the whole map.
    func checkExtent(_ layer: QuantizedLayer, _ convolver: ConvolverParameters) throws {
        let (window, input) = (layer.window, layer.inputShape)
        let extents = [window.extentHeight, window.extentWidth]
        guard extents.max()! > convolver.kernel, extents != [window.kernelHeight, window.kernelWidth],
            extents != [input.height, input.width]
        else { return }
        throw Shortage.extent(window, grid: convolver.kernel).error(layer: layer.name)
    }

    /// What a convolver does with a window. Throws `InputError` (unsupported) where it cannot.
    func streamWork(_ layer: QuantizedLayer, _ convolver: ConvolverParameters) throws -> LayerWork {
        let (window, input, output) = (layer.window, layer.inputShape, layer.outputShape)
        func lacks(_ shortage: Shortage) -> InputError { shortage.error(layer: layer.name) }
        guard window.padTop < window.kernelHeight, window.padBottom < window.kernelHeight,
            window.padLeft < window.kernelWidth, window.padRight < window.kernelWidth
        else { throw lacks(.windowsInPadding) }
        guard max(window.strideHeight, window.strideWidth) <= 16 else {
            throw lacks(.strides(window.strideHeight, window.strideWidth))
        }
        let hasTap = convolver.tap(height: window.kernelHeight, width: window.kernelWidth) != nil
        let rowNeeded = min(window.kernelWidth, input.width)
        if hasTap && rowNeeded <= convolver.rowLength { return .stream(convolver) }
        let coversMap = window.kernelHeight == input.height && window.kernelWidth == input.width
        guard coversMap, window.padTop == 0, window.padLeft == 0, output.height == 1, output.width == 1 else {
            if hasTap { throw lacks(.rowLength(needed: rowNeeded, has: convolver.rowLength)) }
            throw lacks(.kernel(window, grid: convolver.kernel))
        }
        return .flattened(convolver)
    }
}

extension TileShape {
    /// The size of a convolver or its psum buffer that is too small for a tile of so many input rows and columns; nil
    /// when it fits. Psums are those of one output group at a time.
    func streamShortage(
        _ layer: LayerShape, _ convolver: ConvolverParameters, rows: Int, columns: Int
    ) -> TileLimit? {
        if columns > convolver.rowLength && !layer.isFlattened { return .rowLength }
        let streams = layer.passes * layer.inputGroups * (layer.isFlattened ? rows * columns : 1)
        return streams > 1 && self.rows * columnsPerUnit > convolver.psumDepth ? .psums : nil
    }
}

extension TileEmitter {
    /// Every pixel of every plane is an input group of one 1x1 window.
    func setFlattened(_ place: TilePlace, _ convolver: ConvolverParameters, _ i: inout Instruction) {
        let extent = extent(place, pixel: 0)
        i[ComputeField.lastInputGroup] = shape.inputGroups * extent.rows * extent.columns - 1
        i[ComputeField.lastKernelRow] = 0
        i[ComputeField.lastKernelColumn] = 0
        i[StreamField.resultDelay] = AcceleratorParameters.resultDelay(tap: convolver.taps[0], padLeft: 0)
    }

    /// The fields that say which slots, windows and results a stream has.
    func setStream(_ place: TilePlace, _ convolver: ConvolverParameters, _ i: inout Instruction) {
        let extent = extent(place, pixel: 0)
        let (kh, stride) = (window.kernelHeight, window.strideWidth)
        let tap = convolver.tap(height: kh, width: window.kernelWidth)!
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
            tap: convolver.taps[tap], padLeft: extent.padLeft)
    }
}

extension Window {
    /// Kernel position `position` counted with the last row first: a convolver's row 0 has the newest pixels.
    func fromBottom(_ position: Int) -> Int {
        let (row, column) = position.quotientAndRemainder(dividingBy: kernelWidth)
        return (kernelHeight - 1 - row) * kernelWidth + column
    }
}

extension QuantizedLayer {
    /// The same convolution with a kernel of its extent and no dilation; `weights` are its own.
    func withoutDilation(_ weights: [Int32]) -> (layer: QuantizedLayer, weights: [Int32]) {
        let (height, width) = (window.extentHeight, window.extentWidth)
        guard height > window.kernelHeight || width > window.kernelWidth else { return (self, weights) }
        let kernel = window.kernelHeight * window.kernelWidth
        var wide = [Int32](repeating: 0, count: weights.count / kernel * height * width)
        for (index, weight) in weights.enumerated() {
            let (filter, position) = index.quotientAndRemainder(dividingBy: kernel)
            let (row, column) = position.quotientAndRemainder(dividingBy: window.kernelWidth)
            let place = row * window.dilationHeight * width + column * window.dilationWidth
            wide[filter * height * width + place] = weight
        }
        var layer = self
        layer.window.kernelHeight = height
        layer.window.kernelWidth = width
        layer.window.dilationHeight = 1
        layer.window.dilationWidth = 1
        return (layer, wide)
    }
}
