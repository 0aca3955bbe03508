import Accelerator
import Networks
import TestSupport
import Testing

/// Do poolings whose border has other multipliers equal the reference model, and do tiles end where regions do?
@Suite struct PoolRegionTests {
    static let perBlock = 40
    static var blocks: Int { Tools.isLong ? 40 : 3 }

    @Test(arguments: 0..<blocks, [false, true])
    func randomRegions(block: Int, onConvolver: Bool) throws {
        var (regions, joined) = (0, 0)
        for index in 0..<Self.perBlock {
            let random = RandomCase(seed: UInt64(2000 + block * Self.perBlock + index)).withBranches()
            guard random.network.layers.contains(where: { !$0.regions.isEmpty }),
                let here = onConvolver ? random.onConvolver() : random
            else { continue }
            try here.bench().expectReference(here.text)
            for layer in here.network.layers where !layer.regions.isEmpty {
                regions += layer.regions.count
                joined += here.network.concatenations.contains { $0.name == layer.input } ? 1 : 0
            }
        }
        #expect(regions > 30 && joined > 0, "\(regions) \(joined)")
    }

    /// A 3x3 average over 6x8 pixels that counts no padding: 4/9, 6/9 and 9/9 of the map.
    @Test func averageWithoutPadding() throws {
        let shape = Shape(channels: 4, height: 6, width: 8)
        func multiplier(_ count: Int) -> [Int32] { [Int32](repeating: Int32(36864 / 4 / count), count: 4) }
        var regions: [PoolRegion] = []
        for rows in [0..<1, 1..<5, 5..<6] {
            for columns in [0..<1, 1..<7, 7..<8] where rows.count == 1 || columns.count == 1 {
                let count = (rows.count == 1 ? 2 : 3) * (columns.count == 1 ? 2 : 3)
                regions.append(PoolRegion(rows: rows, columns: columns, multiplier: multiplier(count)))
            }
        }
        let layer = QuantizedLayer(
            name: "a", kind: "average-pool", operation: .sumPool, window: Window(kernel: 3, pad: 1),
            input: Network.inputName, residual: nil, inputShape: shape, outputShape: shape,
            requantization: Requantization(
                preShift: 0, multiplier: multiplier(9), bias: [0, 0, 0, 0], shift: 10, relu: false),
            outputExponent: 0, macs: 0, regions: regions)
        for pixels in [1, 3] {
            var bench = try Bench(
                AcceleratorParameters(.svpe(weightBits: 3), pixels, 4, 4), QuantizedNetwork([layer], activationBits: 16)
            )
            bench.inputs = [IntegerTensor(shape: shape, values: [Int32](repeating: 100, count: shape.count))]
            // The mean of equal pixels, 9 times over: 1 everywhere, border or not.
            let run = try bench.expectReference("average")
            #expect(run.tensors[0]["a"]?.values == [Int32](repeating: 900, count: shape.count))
            #expect(bench.compiled.layers[0].tiles == 9)
        }
    }
}
