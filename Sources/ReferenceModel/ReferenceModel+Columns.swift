// Convolutions sixteen output positions at a time: the same sums as the plain loop of ReferenceModel+Windows.swift,
// which is the definition, about ten times as fast. Products are added up in 32 bits for as many taps as cannot
// overflow, then in 64.

import Networks

extension ReferenceModel {
    /// Output positions of one block.
    private typealias Block = SIMD16<Int32>
    /// Their sums.
    private typealias WideBlock = SIMD16<Int64>

    /// Fewer positions leave too many lanes idle: fully connected layers.
    private static let fewestPositions = 4
    /// With shorter runs the additions in 64 bits cost more than the products.
    private static let shortestRun = 8
    /// Values of padding that are always held; wider padding is not.
    private static let mostPadding = 1 << 24

    /// As `convolvePlainly`; nil where a single product may exceed 32 bits, where blocks are no
    /// faster and where the padding is far wider than the map.
    static func convolveInBlocks(
        _ input: IntegerTensor, weights: [Int32], groups: Int, layer: QuantizedLayer
    ) -> [Int64]? {
        let largest = magnitude(input.values) * magnitude(weights)
        let positions = layer.outputShape.height * layer.outputShape.width
        guard largest <= Int(Int32.max), positions >= fewestPositions,
            PaddedMap.count(input.shape, layer.window) <= 4 * input.shape.count + mostPadding
        else { return nil }
        let map = PaddedMap(input, layer.window)
        let output = layer.outputShape
        let channels = input.shape.channels / groups
        let outputs = output.channels / groups
        let taps = map.taps(channels: channels)
        // Taps whose products add up to 32 bits at most.
        let run = min(taps.count, Int(Int32.max) / max(1, largest))
        guard run >= min(taps.count, shortestRun) else {
            return convolveInBytes(input, weights: weights, groups: groups, layer: layer)
        }
        // Four rows of weights at a time: the last rows may be none.
        let rows = weights + [Int32](repeating: 0, count: 3 * taps.count)
        var sums = [Int64](repeating: 0, count: output.count)
        var columns = [Block](repeating: .zero, count: taps.count)
        for group in 0..<groups {
            for first in stride(from: 0, to: positions, by: Block.scalarCount) {
                let origins = map.origins(first: first, group * channels, output: output)
                map.gather(origins, taps, into: &columns)
                let channels = group * outputs..<(group + 1) * outputs
                for row in stride(from: channels.lowerBound, to: channels.upperBound, by: 4) {
                    let blocks = Self.sums(columns, rows, at: row * taps.count, run: run)
                    for (channel, block) in zip(row..., [blocks.0, blocks.1, blocks.2, blocks.3])
                    where channels.contains(channel) {
                        let start = channel * positions + first
                        store(block, count: min(Block.scalarCount, positions - first), at: start, in: &sums)
                    }
                }
            }
        }
        return sums
    }

    /// Weights of 16 bits as 256 * upper + lower, whose products leave room for longer runs.
    private static func convolveInBytes(
        _ input: IntegerTensor, weights: [Int32], groups: Int, layer: QuantizedLayer
    ) -> [Int64]? {
        let upper = weights.map { ($0 + 128) >> 8 }
        let lower = zip(weights, upper).map { $0 - $1 << 8 }
        guard magnitude(upper) <= 128,
            let high = convolveInBlocks(input, weights: upper, groups: groups, layer: layer),
            let low = convolveInBlocks(input, weights: lower, groups: groups, layer: layer)
        else { return nil }
        return zip(high, low).map { $0 << 8 + $1 }
    }

    private static func store(_ block: WideBlock, count: Int, at start: Int, in sums: inout [Int64]) {
        precondition(start >= 0 && start + count <= sums.count)
        sums.withUnsafeMutableBytes { bytes in
            withUnsafeBytes(of: block) {
                bytes.baseAddress!.advanced(by: 8 * start).copyMemory(from: $0.baseAddress!, byteCount: 8 * count)
            }
        }
    }

    private static func magnitude(_ values: [Int32]) -> Int { Int(values.reduce(0) { max($0, $1.magnitude) }) }

    /// Sums of columns[i] * weights[row][i] of four rows from `start` on, `run` taps at a time in 32 bits.
    private static func sums(
        _ columns: [Block], _ weights: [Int32], at start: Int, run: Int
    ) -> (WideBlock, WideBlock, WideBlock, WideBlock) {
        let count = columns.count
        precondition(run > 0 && start >= 0 && start + 4 * count <= weights.count)
        return columns.withUnsafeBufferPointer { columns in
            weights.withUnsafeBufferPointer { weights in
                var (a, b, c, d) = (WideBlock.zero, WideBlock.zero, WideBlock.zero, WideBlock.zero)
                for first in stride(from: 0, to: count, by: run) {
                    var (p, q, r, s) = (Block.zero, Block.zero, Block.zero, Block.zero)
                    for tap in first..<min(first + run, count) {
                        let (column, weight) = (columns[tap], start + tap)
                        p &+= column &* weights[weight]
                        q &+= column &* weights[weight + count]
                        r &+= column &* weights[weight + 2 * count]
                        s &+= column &* weights[weight + 3 * count]
                    }
                    a &+= WideBlock(truncatingIfNeeded: p)
                    b &+= WideBlock(truncatingIfNeeded: q)
                    c &+= WideBlock(truncatingIfNeeded: r)
                    d &+= WideBlock(truncatingIfNeeded: s)
                }
                return (a, b, c, d)
            }
        }
    }
}

/// A feature map with its padding, so that no window needs to ask where it is.
private struct PaddedMap {
    let window: Window
    let height: Int
    let width: Int
    var values: [Int32]

    /// Values that it would hold.
    static func count(_ shape: Shape, _ window: Window) -> Int {
        shape.channels * (shape.height + window.padTop + window.padBottom)
            * (shape.width + window.padLeft + window.padRight)
    }

    init(_ input: IntegerTensor, _ window: Window) {
        let shape = input.shape
        self.window = window
        height = shape.height + window.padTop + window.padBottom
        width = shape.width + window.padLeft + window.padRight
        values = [Int32](repeating: 0, count: shape.channels * height * width)
        for channel in 0..<shape.channels {
            for row in 0..<shape.height {
                let from = (channel * shape.height + row) * shape.width
                let to = (channel * height + row + window.padTop) * width + window.padLeft
                values.replaceSubrange(to..<to + shape.width, with: input.values[from..<from + shape.width])
            }
        }
    }

    /// Distance of every tap from the window's first value, in the order of the weights.
    func taps(channels: Int) -> [Int] {
        (0..<channels).flatMap { channel in
            (0..<window.kernelHeight).flatMap { y in
                (0..<window.kernelWidth).map { x in
                    (channel * height + y * window.dilationHeight) * width + x * window.dilationWidth
                }
            }
        }
    }

    /// First value of the windows of sixteen output positions from `first`; past the end, of the last position.
    func origins(first: Int, _ channel: Int, output: Shape) -> [Int] {
        (first..<first + 16).map { position in
            let (row, column) = min(position, output.height * output.width - 1)
                .quotientAndRemainder(dividingBy: output.width)
            return (channel * height + row * window.strideHeight) * width + column * window.strideWidth
        }
    }

    /// columns[tap][lane] = the value `taps[tap]` behind `origins[lane]`.
    func gather(_ origins: [Int], _ taps: [Int], into columns: inout [SIMD16<Int32>]) {
        precondition(origins.count == 16 && columns.count == taps.count)
        precondition((origins.max() ?? 0) + (taps.max() ?? 0) < values.count)
        values.withUnsafeBufferPointer { values in
            for (index, tap) in taps.enumerated() {
                var block = SIMD16<Int32>.zero
                for lane in 0..<16 { block[lane] = values[origins[lane] &+ tap] }
                columns[index] = block
            }
        }
    }
}
