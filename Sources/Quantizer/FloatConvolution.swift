// Convolution of several images as one product of matrices: weights times the patches of all output positions.
//
// The order of additions of one output value is part of what a calibration is, and stays whatever the blocking: the
// patch, in the order (channel, row, column), is dealt out to eight phases; each phase is summed by itself from its
// first element to its last, and then the eight sums are added from the first to the last.
//
// Four channels times sixteen positions are summed at a time, as many as the registers of AVX2 hold with what they are
// made of (BLIS, Van Zee and van de Geijn, TOMS 2015). Phase by phase, a block of patches stays in the second-level cache while all weights of the
// phase pass by.

import Networks

/// A convolution without its weights.
struct FloatConvolution {
    var window: Window
    var groups: Int
    var output: Shape

    /// The results for several images of one shape. `weights` is [out][in/groups][kh][kw]; `bias` [out] or empty.
    func apply(to inputs: [FloatMap], weights: [Float], bias: [Float]) -> [FloatMap] {
        var results = inputs.map { _ in FloatMap(shape: output, values: [Float](repeating: 0, count: output.count)) }
        guard let shape = inputs.first?.shape, output.count > 0 else { return results }
        let patch = shape.channels / groups * window.kernelHeight * window.kernelWidth
        let perGroup = output.channels / groups
        let positions = inputs.count * output.height * output.width
        let blocking = Blocking(patch: patch, positions: positions, channels: perGroup)
        let maps = PaddedMaps(inputs, window: window)
        let elements = maps.elements(channels: shape.channels / groups, window: window)
        for group in 0..<groups {
            // Patches that are all in one block serve all channels of their group.
            var only: PatchBlock?
            let channels = group * perGroup..<(group + 1) * perGroup
            for first in stride(from: channels.lowerBound, to: channels.upperBound, by: blocking.channels) {
                let some = first..<min(first + blocking.channels, channels.upperBound)
                let panels = WeightPanels(weights, patch: patch, rows: some)
                for start in stride(from: 0, to: positions, by: blocking.positions) {
                    let block = start..<min(start + blocking.positions, positions)
                    let origin = group * (shape.channels / groups) * maps.channelStride
                    let runs = { PositionRuns(block, of: output, window: window, maps: maps) }
                    let patches = only ?? PatchBlock(maps, elements, from: origin, runs())
                    if block.count == positions { only = patches }
                    spread(panels.times(patches), rows: some, block: block, bias: bias, into: &results)
                }
            }
        }
        return results
    }

    /// Sums of a block to their places, with the bias.
    private func spread(
        _ sums: [Float], rows: Range<Int>, block: Range<Int>, bias: [Float], into results: inout [FloatMap]
    ) {
        let plane = output.height * output.width
        let stride = (block.count + MatrixTile.positions - 1) / MatrixTile.positions * MatrixTile.positions
        for image in block.lowerBound / plane...(block.upperBound - 1) / plane {
            let part = block.clamped(to: image * plane..<(image + 1) * plane)
            results[image].values.withUnsafeMutableBufferPointer { result in
                sums.withUnsafeBufferPointer { sums in
                    for row in rows {
                        let offset = bias.isEmpty ? 0 : bias[row]
                        let source = (row - rows.lowerBound) * stride + part.lowerBound - block.lowerBound
                        let target = row * plane + part.lowerBound - image * plane
                        for index in 0..<part.count { result[target + index] = sums[source + index] + offset }
                    }
                }
            }
        }
    }
}

/// How much of a convolution is worked on at a time.
private struct Blocking {
    /// Output channels whose weights are laid out at a time: a copy of all would double the largest networks.
    var channels: Int
    /// Positions whose patches are laid out at a time.
    var positions: Int

    /// Of a second-level cache of 512 KiB the patches of a phase take some 200 KiB and the sums 128 KiB.
    init(patch: Int, positions: Int, channels: Int) {
        self.channels = min(64 * MatrixTile.channels, channels)
        let column = MatrixTile.positions * MemoryLayout<Float>.size
        let tiles = min((200 << 10) / (MatrixTile.steps(patch) * column), (128 << 10) / (self.channels * column))
        self.positions = min(max(1, tiles) * MatrixTile.positions, positions)
    }
}

/// Maps of several images one after another, with their padding, and some zeros behind the last: whoever reads sixteen
/// values from any of them on reads no other memory.
private struct PaddedMaps {
    let values: [Float]
    let rowStride: Int
    let channelStride: Int
    let imageStride: Int

    init(_ inputs: [FloatMap], window: Window) {
        let shape = inputs[0].shape
        rowStride = shape.width + window.padLeft + window.padRight
        channelStride = rowStride * (shape.height + window.padTop + window.padBottom)
        imageStride = channelStride * shape.channels
        var values = [Float](repeating: 0, count: inputs.count * imageStride + MatrixTile.positions)
        let (rowStride, channelStride, imageStride) = (rowStride, channelStride, imageStride)
        // Negative padding cuts.
        let rows = max(0, -window.padTop)..<max(0, min(shape.height, shape.height + window.padBottom))
        let columns = max(0, -window.padLeft)..<max(0, min(shape.width, shape.width + window.padRight))
        values.withUnsafeMutableBufferPointer { values in
            for (image, input) in inputs.enumerated() {
                input.values.withUnsafeBufferPointer { input in
                    for channel in 0..<shape.channels {
                        for row in rows {
                            let source = (channel * shape.height + row) * shape.width
                            let target =
                                image * imageStride + channel * channelStride + (row + window.padTop) * rowStride
                                + window.padLeft
                            for column in columns { values[target + column] = input[source + column] }
                        }
                    }
                }
            }
        }
        self.values = values
    }

    /// Where the elements of a patch lie, from its first one on: channels, rows, columns.
    func elements(channels: Int, window: Window) -> [Int] {
        (0..<channels).flatMap { channel in
            (0..<window.kernelHeight).flatMap { row in
                (0..<window.kernelWidth).map { column in
                    channel * channelStride + row * window.dilationHeight * rowStride + column * window.dilationWidth
                }
            }
        }
    }
}

/// Output positions of all images in tiles of sixteen, each cut into stretches whose patches are neighbours.
private struct PositionRuns {
    struct Run {
        /// Of the tile.
        var lane: Int
        var count: Int
        /// Where the first patch begins.
        var source: Int
    }

    let tiles: [[Run]]
    /// From one patch to the next.
    let stride: Int

    init(_ block: Range<Int>, of output: Shape, window: Window, maps: PaddedMaps) {
        stride = window.strideWidth
        let width = MatrixTile.positions
        tiles = Swift.stride(from: block.lowerBound, to: block.upperBound, by: width).map { first in
            let end = min(first + width, block.upperBound)
            var runs: [Run] = []
            var position = first
            while position < end {
                let (image, rest) = position.quotientAndRemainder(dividingBy: output.height * output.width)
                let (row, column) = rest.quotientAndRemainder(dividingBy: output.width)
                let count = min(output.width - column, end - position)
                let source =
                    image * maps.imageStride + row * window.strideHeight * maps.rowStride + column * window.strideWidth
                runs.append(Run(lane: position - first, count: count, source: source))
                position += count
            }
            return runs
        }
    }
}

/// Patches of some output positions: [phase][tile][step][16 positions]. Steps beyond the patch are zero; positions
/// beyond the last hold anything, and nobody asks for their sums.
private struct PatchBlock {
    let steps: Int
    let tiles: Int
    let values: [Float]

    /// `elements` are relative to `start`.
    init(_ maps: PaddedMaps, _ elements: [Int], from start: Int, _ runs: PositionRuns) {
        steps = MatrixTile.steps(elements.count)
        tiles = runs.tiles.count
        let width = MatrixTile.positions
        let (steps, tiles) = (steps, tiles)
        let count = MatrixTile.phases * tiles * steps * width
        values = [Float](unsafeUninitializedCapacity: count + width) { values, initialized in
            maps.values.withUnsafeBufferPointer { source in
                var target = 0
                for phase in 0..<MatrixTile.phases {
                    for tile in runs.tiles {
                        for step in 0..<steps {
                            let element = step * MatrixTile.phases + phase
                            let row = UnsafeMutableBufferPointer(start: values.baseAddress! + target, count: 2 * width)
                            if element < elements.count {
                                PatchBlock.fill(row, tile, source, from: start + elements[element], stride: runs.stride)
                            } else {
                                for lane in 0..<width { row[lane] = 0 }
                            }
                            target += width
                        }
                    }
                }
            }
            initialized = count + width
        }
    }

    /// Writes sixteen positions of one element. Neighbours are copied sixteen at a time, whatever their number: what is
    /// too much lies where the next run, or the next row, is written afterwards.
    private static func fill(
        _ row: UnsafeMutableBufferPointer<Float>, _ runs: [PositionRuns.Run], _ source: UnsafeBufferPointer<Float>,
        from start: Int, stride: Int
    ) {
        for run in runs {
            let first = start + run.source
            precondition(first >= 0 && first + (run.count - 1) * stride < source.count && run.lane + run.count <= 16)
            if stride == 1 {
                precondition(first + MatrixTile.positions <= source.count)
                let sixteen = UnsafeRawPointer(source.baseAddress! + first).loadUnaligned(as: SIMD16<Float>.self)
                UnsafeMutableRawPointer(row.baseAddress! + run.lane).storeBytes(of: sixteen, as: SIMD16<Float>.self)
            } else {
                for index in 0..<run.count { row[run.lane + index] = source[first + index * stride] }
            }
        }
    }
}

/// Weights of some output channels: [phase][panel][step][4 channels], channels beyond the last and steps beyond the
/// patch zero.
private struct WeightPanels {
    let steps: Int
    let panels: Int
    private var values: [Float]

    /// `weights` is [channel][element of the patch].
    init(_ weights: [Float], patch: Int, rows: Range<Int>) {
        steps = MatrixTile.steps(patch)
        panels = (rows.count + MatrixTile.channels - 1) / MatrixTile.channels
        values = [Float](repeating: 0, count: MatrixTile.phases * panels * steps * MatrixTile.channels)
        let (steps, panels) = (steps, panels)
        values.withUnsafeMutableBufferPointer { values in
            weights.withUnsafeBufferPointer { weights in
                precondition(rows.upperBound * patch <= weights.count)
                for row in rows {
                    let (panel, lane) = (row - rows.lowerBound).quotientAndRemainder(dividingBy: MatrixTile.channels)
                    for phase in 0..<min(MatrixTile.phases, patch) {
                        var source = row * patch + phase
                        var target = (phase * panels + panel) * steps * MatrixTile.channels + lane
                        while source < (row + 1) * patch {
                            values[target] = weights[source]
                            source += MatrixTile.phases
                            target += MatrixTile.channels
                        }
                    }
                }
            }
        }
    }

    /// The product: [channel][position], rows as long as the block's tiles.
    func times(_ patches: PatchBlock) -> [Float] {
        let (width, height) = (MatrixTile.positions, MatrixTile.channels)
        let row = patches.tiles * width
        return [Float](unsafeUninitializedCapacity: panels * height * row) { sums, initialized in
            values.withUnsafeBufferPointer { weights in
                patches.values.withUnsafeBufferPointer { patch in
                    for phase in 0..<MatrixTile.phases {
                        for panel in 0..<panels {
                            let four = weights.baseAddress! + (phase * panels + panel) * steps * height
                            for tile in 0..<patches.tiles {
                                MatrixTile.sum(
                                    four, patch.baseAddress! + (phase * patches.tiles + tile) * steps * width,
                                    steps: steps, isFirst: phase == 0,
                                    into: (sums.baseAddress! + panel * height * row + tile * width, row))
                            }
                        }
                    }
                }
            }
            initialized = panels * height * row
        }
    }
}

/// Four channels times sixteen positions, one phase.
private enum MatrixTile {
    static let phases = 8
    static let channels = 4
    static let positions = 16

    /// Elements of a patch in a phase, at most.
    static func steps(_ patch: Int) -> Int { (patch + phases - 1) / phases }

    /// Sums of `steps` products each: the first in place of what is at `place`, others added to it. Rows there are `row`
    /// apart.
    static func sum(
        _ weights: UnsafePointer<Float>, _ patches: UnsafePointer<Float>, steps: Int, isFirst: Bool,
        into sums: (place: UnsafeMutablePointer<Float>, row: Int)
    ) {
        typealias Vector = SIMD8<Float>
        var (a0, a1, b0, b1) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        var (c0, c1, d0, d1) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        var (weight, patch) = (weights, UnsafeRawPointer(patches))
        for _ in 0..<steps {
            let x0 = patch.loadUnaligned(as: Vector.self)
            let x1 = patch.loadUnaligned(fromByteOffset: 32, as: Vector.self)
            let a = Vector(repeating: weight[0])
            a0 += a * x0
            a1 += a * x1
            let b = Vector(repeating: weight[1])
            b0 += b * x0
            b1 += b * x1
            let c = Vector(repeating: weight[2])
            c0 += c * x0
            c1 += c * x1
            let d = Vector(repeating: weight[3])
            d0 += d * x0
            d1 += d * x1
            weight += channels
            patch += positions * MemoryLayout<Float>.size
        }
        put(a0, a1, sums.place, isFirst)
        put(b0, b1, sums.place + sums.row, isFirst)
        put(c0, c1, sums.place + 2 * sums.row, isFirst)
        put(d0, d1, sums.place + 3 * sums.row, isFirst)
    }

    private static func put(
        _ low: SIMD8<Float>, _ high: SIMD8<Float>, _ target: UnsafeMutablePointer<Float>, _ isFirst: Bool
    ) {
        let target = UnsafeMutableRawPointer(target)
        var (low, high) = (low, high)
        if !isFirst {
            low = target.loadUnaligned(as: SIMD8<Float>.self) + low
            high = target.loadUnaligned(fromByteOffset: 32, as: SIMD8<Float>.self) + high
        }
        target.storeBytes(of: low, as: SIMD8<Float>.self)
        target.storeBytes(of: high, toByteOffset: 32, as: SIMD8<Float>.self)
    }
}
