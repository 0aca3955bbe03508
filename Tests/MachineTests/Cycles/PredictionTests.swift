import Accelerator
import ExternalMemory
import Machine
import Networks
import Schedule
import TestSupport
import Testing

/// Does the prediction count every term that it says it counts, and is it near the simulation?
@Suite struct PredictionTests {
    private static let lanes = AcceleratorParameters(
        .svpe(weightBits: 3), 1, 4, 4, ifmap: 8192, weights: 8192, ofmap: 4096)

    private static func network(rows: Int, columns: Int, kernel: Int) -> QuantizedNetwork {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 5)
        let shape = Shape(channels: 4, height: rows, width: columns)
        let layer = maker.layer(
            "a", shape, .convolution(outputs: 4, groups: 1), Window(kernel: kernel, pad: kernel / 2))
        return QuantizedNetwork([layer], activationBits: 16)
    }

    /// One tile: nothing overlaps, so the prediction is the sum of its terms, and the simulation has what happens
    /// between them besides.
    @Test(arguments: [1, 3, 5])
    func oneTile(kernel: Int) throws {
        let bench = try Bench(Self.lanes, Self.network(rows: 6, columns: 7, kernel: kernel)).firstFit()
        let pad = 2 * (kernel / 2)
        // Words of 4 x 4 codes of 3 bits, 5 codes in a field, 20 in a beat; constants 4 x 64 bits in beats of 64.
        let loads = [kernel * kernel, 4, (6 + pad) * (7 + pad)]
        let terms = [
            1, 5, 5, 1,  // start, fetches of compute and weights, the first load moves
            loads.reduce(0, +) + 3 * loads.count,  // beats; begin, request and write of each load
            1 + 6 * 7 * kernel * kernel,  // the compute begins; steps
            2 + 1 + 2 + 1 + 5,  // drain: buffer, product, tree, accumulator, requantization
            1 + 3 + 6 * 7 + 2,  // the store: begin, pipeline, beats, acknowledgement and finish
        ]
        #expect(bench.compiled.predictedCycles == terms.reduce(0, +))
        // Constants and features move to the current instruction, `done` follows; the features' request runs beside
        // their first position, which is padding. A single word of weights is loaded before the next instructions are
        // there: the features move after start and six fetches, whatever the loads before them take.
        let total = try bench.run().perImage.total
        guard kernel > 1 else {
            #expect(total == 1 + 6 * 5 + 1 + terms.reduce(0, +) - (12 + (3 + 1) + (3 + 4)) + 1)
            return
        }
        #expect(total == terms.reduce(0, +) + 2 + 1 - 1)
    }

    /// Three tiles and more: the first loads, the longer of computing and later loads, the stores of the last tile.
    @Test(arguments: [3, 4, 6])
    func tilesOverlap(tiles: Int) throws {
        let rows = 12 / tiles
        var parameters = Self.lanes
        parameters.ofmapDepth = 2 * rows * 16
        let bench = try Bench(parameters, Self.network(rows: 12, columns: 16, kernel: 1)).firstFit()
        #expect(bench.compiled.layers[0].tiles == tiles)
        let words = rows * 16
        let first = (3 + 1) + (3 + 4) + (3 + words)
        let later = (tiles - 1) * (3 + words)
        let compute = tiles * (1 + words + 11)
        let lastStore = 1 + 3 + words + 2
        #expect(bench.compiled.predictedCycles == 12 + first + max(compute, later) + lastStore)
        // The instructions of a tile that are fetched and moved beside the others are not in it: a few cycles a tile.
        let total = try bench.run().perImage.total
        #expect(total > bench.compiled.predictedCycles)
        #expect(total <= bench.compiled.predictedCycles + 3 + 8 * tiles)
    }
}
