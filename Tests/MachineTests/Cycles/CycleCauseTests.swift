import Accelerator
import ExternalMemory
import Machine
import Networks
import Schedule
import TestSupport
import Testing

/// Is every cycle that the array waits charged to what it waits for?
@Suite struct CycleCauseTests {
    private static func pointwise(_ channels: Int, _ outputs: Int, rows: Int, columns: Int) -> QuantizedNetwork {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 3)
        let shape = Shape(channels: channels, height: rows, width: columns)
        let layer = maker.layer("a", shape, .convolution(outputs: outputs, groups: 1), Window(kernel: 1))
        return QuantizedNetwork([layer], activationBits: 16)
    }

    private static func parameters(_ inputs: Int, _ outputs: Int, ofmap: Int) -> AcceleratorParameters {
        AcceleratorParameters(
            .svpe(weightBits: 3), 1, inputs, outputs, ifmap: 8192, weights: 512, ofmap: ofmap)
    }

    /// One lane, one tile, 3 x 4 pixels of one channel, memory that answers in the next cycle: the terms are those of
    /// CycleFormulaTests.completePointwiseLayer.
    @Test func oneTile() throws {
        let bench = try Bench(Self.parameters(1, 1, ofmap: 4096), Self.pointwise(1, 1, rows: 3, columns: 4)).firstFit()
        let counts = try bench.run().perImage
        let loads = [
            1 + 1 + 1,  // weights: request, beat, finish; to begin is the instruction's
            1 + 4 + 1,  // constants: 64 bits in beats of 16
            1 + 12 + 1,  // features: a beat per pixel
        ]
        // Beside the fetches run the loads of weights and constants, to begin included; these cycles are the loads'.
        let beside = loads[0] + loads[1]
        let instructions = [
            1,  // start: the sequencer runs in the next cycle
            6 * 5 - beside,  // fetches: compute, weights, end of compute, constants, store, features
            1, 1,  // features move to the current instruction; the load engine begins
            1,  // the compute engine begins
            1,  // the store engine begins
            1,  // all streams have ended: done
        ]
        let stores = [
            3,  // ofmap latch, output register, selected beat
            12,  // a beat per pixel
            1, 1,  // acknowledgement of the last beat, finish
        ]
        #expect(counts.stallStore == stores.reduce(0, +))
        #expect(counts.stallInstructions == instructions.reduce(0, +))
        #expect(counts.stallLoad == (loads + instructions).reduce(0, +))
        #expect(counts.compute == 12 && counts.fillDrain == 9)
        #expect(counts.total == 88)
    }

    /// Twice as many beats to store as steps to issue, in tiles of half the ofmap buffer: from the end of the first
    /// tile on the store engine never rests, and computes wait for it.
    @Test(arguments: [3, 4, 8])
    func storesAreTheBound(tiles: Int) throws {
        let rows = 24 / tiles
        let words = rows * 16
        let parameters = Self.parameters(4, 8, ofmap: 2 * words)
        let bench = try Bench(parameters, Self.pointwise(4, 8, rows: 24, columns: 16)).firstFit()
        #expect(bench.compiled.layers[0].tiles == tiles && bench.compiled.layers[0].stores == 2 * tiles)
        let counts = try bench.run().perImage
        // To begin 1, ofmap latch, output register and selected beat 3, a beat a word, acknowledgement and finish 2; a
        // granule of 4 of the 8 channels each. Between two stores the next one moves to the current instruction: 1.
        let stores = 2 * tiles * (1 + 3 + words + 2) + (2 * tiles - 1)
        // Of the first tile: start 1, fetches of compute and weights 10, move 1. Weights, constants and features: begin,
        // request, beats, finish, and a move between two of them. A word of weights has 8 x 4 codes of 3 bits, 5 in a
        // field, 20 in a beat: 2 beats; constants 8 x 64 bits in beats of 64: 8; features a beat a pixel.
        // The fourth fetch, of the constants (compute, weights, the next compute, constants), ends 4 cycles after the
        // load of the weights: 1 + 4 * 5 against 1 + 10 + 1 + 5.
        let first = 1 + 10 + 1 + (3 + 2) + 4 + 1 + (3 + 8) + 1 + (3 + words) + 1
        // Steps, and the drain: buffer 2, product 1, two levels of the tree, accumulator 1, requantization 5.
        let compute = words + 2 + 1 + 2 + 1 + 5
        #expect(counts.total == first + compute + stores + 1)
        #expect(counts.compute == tiles * words && counts.fillDrain == tiles * 11)
        // The computes of all tiles but the first run beside stores, and before each its instruction moves and begins.
        // After the last compute two more stores move and begin, and then the program ends: nobody works then.
        let handed = 2 * (tiles - 1)
        #expect(counts.stallStore == stores - (tiles - 1) * compute - handed - 4)
        #expect(counts.stallLoad == first + handed + 4 + 1)
    }

    /// The first load of a layer's maps waits until the layer before has stored them.
    @Test func loadsThatWaitForTheLayerBefore() throws {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 3)
        let shape = Shape(channels: 4, height: 8, width: 16)
        let layers = [("a", Network.inputName), ("b", "a")].map { name, input in
            maker.layer(name, from: input, shape, .convolution(outputs: 4, groups: 1), Window(kernel: 1))
        }
        let bench = try Bench(
            Self.parameters(4, 4, ofmap: 4096), QuantizedNetwork(layers, activationBits: 16)
        ).firstFit()
        let run = try bench.run()
        // A layer's last store: pipeline 3, a beat a pixel, acknowledgement and finish 2.
        let last = 3 + 8 * 16 + 2
        // The first layer ends with its last compute, so both stores are the second's.
        #expect(run.layers[0].counts.stallStore == 0)
        // Beside the store of the first layer come weights and constants of the second.
        let beside = 2 * last - run.layers[1].counts.stallStore
        #expect(beside >= 0 && beside <= 2 * 3 + 1 + 4 + 2 * 5)
    }
}
