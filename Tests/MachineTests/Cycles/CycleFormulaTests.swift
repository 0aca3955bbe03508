import Accelerator
import ExternalMemory
import Networks
import Schedule
import TestSupport
import Testing

/// Does a layer take exactly the cycles that its loop nest, its pipelines and its transfers have?
@Suite struct CycleFormulaTests {
    /// A layer that fits one tile.
    struct OneTile: CustomTestStringConvertible, Sendable {
        var name: String
        var input: Shape
        var outputs: Int
        var window: Window
        var groups = 1
        var testDescription: String { name }

        static let all = [
            OneTile(name: "1x1", input: Shape(channels: 8, height: 5, width: 7), outputs: 8, window: Window(kernel: 1)),
            OneTile(
                name: "3x3", input: Shape(channels: 6, height: 6, width: 5), outputs: 10,
                window: Window(kernel: 3, pad: 1)),
            OneTile(
                name: "5x5 strided", input: Shape(channels: 5, height: 9, width: 8), outputs: 4,
                window: Window(kernel: 5, stride: 2, pad: 2)),
            OneTile(
                name: "another stride on each axis, four different pads",
                input: Shape(channels: 3, height: 6, width: 9), outputs: 5,
                window: Window(
                    kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 1, padTop: 1, padLeft: 2,
                    padBottom: 0, padRight: 1)),
            OneTile(
                name: "1x1 strided", input: Shape(channels: 8, height: 9, width: 11), outputs: 6,
                window: Window(kernel: 1, stride: 2)),
            OneTile(
                name: "grouped", input: Shape(channels: 16, height: 4, width: 5), outputs: 16,
                window: Window(kernel: 3, pad: 1), groups: 2),
            OneTile(
                name: "fully connected", input: Shape(channels: 7, height: 3, width: 3), outputs: 13,
                window: Window(kernel: 3)),
        ]
    }

    struct Lanes: CustomTestStringConvertible, Sendable {
        var element: ProcessingElement
        var pixels: Int
        var inputs: Int
        var outputs: Int
        /// DSP48E2 of a chain; nil: a tree.
        var cascade: Int?
        /// Two products in each DSP48E2.
        var packs = false
        var bits: Int { packs ? 8 : 16 }
        var testDescription: String {
            "\(element.name) \(element.weightBits) \(pixels)x\(inputs)x\(outputs)"
                + (cascade.map { ", cascades of \($0)" } ?? "") + (packs ? ", packed" : "")
        }

        static let all = [
            Lanes(element: .svpe(weightBits: 3), pixels: 1, inputs: 1, outputs: 1),
            Lanes(element: .svpe(weightBits: 4), pixels: 2, inputs: 4, outputs: 8),
            Lanes(element: .vpe(weightBits: 8), pixels: 1, inputs: 8, outputs: 4),
            Lanes(element: .vpe(weightBits: 16), pixels: 3, inputs: 8, outputs: 8),
            Lanes(element: .svpe(weightBits: 1), pixels: 4, inputs: 2, outputs: 2),
            Lanes(element: .vpe(weightBits: 8), pixels: 1, inputs: 8, outputs: 4, cascade: 8),
            Lanes(element: .vpe(weightBits: 16), pixels: 3, inputs: 8, outputs: 8, cascade: 2),
            Lanes(element: .vpe(weightBits: 8), pixels: 2, inputs: 8, outputs: 4, cascade: 4),
            Lanes(element: .vpe(weightBits: 4), pixels: 1, inputs: 1, outputs: 2, cascade: 1),
            Lanes(element: .vpe(weightBits: 8), pixels: 1, inputs: 8, outputs: 4, packs: true),
            Lanes(element: .vpe(weightBits: 8), pixels: 2, inputs: 8, outputs: 4, cascade: 4, packs: true),
            Lanes(element: .vpe(weightBits: 8), pixels: 1, inputs: 6, outputs: 2, cascade: 6, packs: true),
        ]
        var parameters: AcceleratorParameters {
            var result = AcceleratorParameters(
                element, pixels, inputs, outputs, activationBits: bits, ifmap: 8192, weights: 8192, ofmap: 4096)
            result.family = packs ? .packing(cascade) : .cascading(cascade)
            return result
        }
    }

    private static func bench(_ layer: OneTile, _ array: Lanes, timing: MemoryTiming = .ideal) throws -> Bench {
        var maker = LayerMaker(array.element, activationBits: array.bits, seed: 3)
        let made = maker.layer(
            "a", layer.input, .convolution(outputs: layer.outputs, groups: layer.groups), layer.window)
        return try Bench(array.parameters, QuantizedNetwork([made], activationBits: array.bits), timing: timing)
            .firstFit()
    }

    private static func ceiling(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }

    @Test(arguments: OneTile.all, Lanes.all)
    func steadyPartAndDrain(_ layer: OneTile, _ array: Lanes) throws {
        let bench = try Self.bench(layer, array)
        let run = try bench.run()
        let counts = run.layers[0].counts
        let window = layer.window
        // A group is a convolution of M/G by N/G channels, a tile of its own: its channels fall on the granules.
        let (w, h) = (window.outputWidth(layer.input.width), window.outputHeight(layer.input.height))
        let (m, n) = (layer.input.channels / layer.groups, layer.outputs / layer.groups)
        let steps =
            layer.groups * Self.ceiling(w, array.pixels) * h * Self.ceiling(m, array.inputs)
            * Self.ceiling(n, array.outputs) * window.kernelHeight * window.kernelWidth
        #expect(counts.compute == steps)
        // After a tile's last step the engine is busy for
        //   2  buffer latch and output register
        // + 1  svpe: product register, or 3  vpe: A/B, M, P
        // + ceil(log2 Pm)  levels of the adder tree
        // + 1  accumulator
        // + 5  requantization: A/B, M, P, rounding, saturation
        // Along cascades of L lanes the last one works L - 1 cycles behind the first, the tree is over the Pm / L chains,
        // and the P of one chain alone is the accumulator, unless it has two sums.
        let length = array.cascade ?? 1
        var levels = 0
        while 1 << levels < array.inputs / length { levels += 1 }
        let lane = array.element.kind == .svpe ? 1 : 3
        let accumulator = array.cascade == array.inputs && !array.packs ? 0 : 1
        #expect(bench.compiled.layers[0].tiles == layer.groups)
        #expect(counts.fillDrain == layer.groups * (2 + lane + length - 1 + levels + accumulator + 5))
        #expect(counts.total == counts.compute + counts.fillDrain + counts.stallLoad + counts.stallStore)
        #expect(run.layers[0].startCycle == 0 && run.layers[0].endCycle == counts.total)
        #expect(run.perImage == counts)
    }

    /// Groups of which no number but all falls on granules make one dense convolution.
    @Test func unalignedGroupsAreDense() throws {
        let layer = OneTile(
            name: "unaligned", input: Shape(channels: 6, height: 4, width: 4), outputs: 6,
            window: Window(kernel: 3, pad: 1), groups: 2)
        let array = Lanes(element: .vpe(weightBits: 8), pixels: 1, inputs: 4, outputs: 4)
        // ceil(4/1) * 4 * ceil(6/4) * ceil(6/4) * 9
        #expect(try Self.bench(layer, array).run().perImage.compute == 4 * 4 * 2 * 2 * 9)
    }

    /// Eight filters for each of eight channels, stride 2: groups of one channel do not fall on granules of 4, four of
    /// them do, and two convolutions of four channels to 32 take half the steps of one of eight to 64.
    @Test func channelMultipliersGoTogether() throws {
        let layer = OneTile(
            name: "channel multiplier", input: Shape(channels: 8, height: 9, width: 9), outputs: 64,
            window: Window(kernel: 3, stride: 2, pad: 1), groups: 8)
        let array = Lanes(element: .vpe(weightBits: 16), pixels: 1, inputs: 4, outputs: 4)
        let bench = try Self.bench(layer, array)
        // 2 * ceil(32/4) * 5 * 5 * ceil(4/4) * 9
        #expect(try bench.run().perImage.compute == 2 * 8 * 25 * 9)
        #expect(bench.compiled.layers[0].tiles == 2)
    }

    /// A filter for each of 24 channels: as many channels at a time as the array has inputs or outputs, whichever are
    /// fewer. Of numbers that take as many steps it is the largest, which needs the fewest tiles.
    @Test(arguments: [(4, 4, 6, 6), (8, 4, 6, 3), (4, 8, 6, 3), (8, 8, 3, 3), (8, 32, 3, 1)])
    func depthwiseTakesAsManyAsTheArrayHas(inputs: Int, outputs: Int, words: Int, tiles: Int) throws {
        let layer = OneTile(
            name: "depthwise", input: Shape(channels: 24, height: 5, width: 6), outputs: 24,
            window: Window(kernel: 3, pad: 1), groups: 24)
        let array = Lanes(element: .vpe(weightBits: 8), pixels: 2, inputs: inputs, outputs: outputs)
        let bench = try Self.bench(layer, array)
        // ceil(6/2) * 5 pixels, 9 taps
        #expect(try bench.run().perImage.compute == words * 3 * 5 * 9)
        #expect(bench.compiled.layers[0].tiles == tiles)
    }

    /// Bytes of a strided 1x1 layer, 8 x 9 x 11 to 6 x 5 x 6, on 4 x 4 lanes of 16 bits: a granule is 4 channels = 8
    /// bytes = a beat.
    @Test func bytesOfAStridedPointwiseLayer() throws {
        let layer = OneTile(
            name: "1x1 strided", input: Shape(channels: 8, height: 9, width: 11), outputs: 6,
            window: Window(kernel: 1, stride: 2))
        let array = Lanes(element: .vpe(weightBits: 16), pixels: 1, inputs: 4, outputs: 4)
        let run = try Self.bench(layer, array).run()
        let read = [
            2 * 9 * 11 * 8,  // the map: 2 granules of 9 x 11 pixels, those that the stride passes over too
            8 * 8 * 2,  // weights: 8 inputs, 6 outputs padded to 2 groups of 4
            2 * 4 * 8,  // constants: 8 bytes (multiplier, bias) for each of 2 groups of 4 outputs
            (5 + 3) * 48,  // instructions: 3 loads, a compute, a store and an end of each of 3 streams
        ]
        #expect(run.readBytes == read.reduce(0, +))
        // 2 granules of 5 x 6 pixels.
        #expect(run.writtenBytes == 2 * 5 * 6 * 8)
    }

    /// From reset to done on one lane: 12 pixels of one channel, 1x1. Memory is ideal: a beat comes the cycle after its
    /// request. A fetch takes 5 cycles: begin, request, three beats.
    @Test func completePointwiseLayer() throws {
        let layer = OneTile(
            name: "1x1", input: Shape(channels: 1, height: 3, width: 4), outputs: 1, window: Window(kernel: 1))
        let array = Lanes(element: .svpe(weightBits: 3), pixels: 1, inputs: 1, outputs: 1)
        let run = try Self.bench(layer, array).run()
        // The last load (features) is fetched after the compute instruction, the loads of weights and constants, the
        // end of the compute stream and the store, while the loads before it (1 and 4 beats) run:
        let fetches = 6 * 5
        let terms = [
            1,  // start: the sequencer runs in the next cycle
            fetches,  // compute, weights, end of compute, constants, store, features
            1,  // features move from the waiting to the current instruction
            1,  // the load engine begins
            1,  // first request
            12,  // a beat per pixel
            1,  // load finished: token
            1,  // the compute engine begins
            12,  // steps
            2 + 1 + 0 + 1 + 5,  // drain
            1,  // the store engine begins
            3,  // ofmap latch, output register, selected beat
            12,  // a beat per pixel
            1,  // acknowledgement of the last beat
            1,  // store finished
            1,  // all streams have ended: done
        ]
        #expect(run.perImage.total == terms.reduce(0, +))
        #expect(run.perImage.compute == 12)
        #expect(run.perImage.fillDrain == 9)
        // The store's pipeline, its beats, acknowledgement and finish.
        #expect(run.perImage.stallStore == 3 + 12 + 1 + 1)
    }

    /// From reset to done where loads are longer than fetches: 3x3 on 4x4 pixels, 4 to 4 channels.
    @Test func completeConvolution() throws {
        let layer = OneTile(
            name: "3x3", input: Shape(channels: 4, height: 4, width: 4), outputs: 4, window: Window(kernel: 3, pad: 1))
        let array = Lanes(element: .vpe(weightBits: 8), pixels: 1, inputs: 4, outputs: 4)
        let run = try Self.bench(layer, array).run()
        let weightBeats = 9 * (4 * 4) / (4 * 2)  // nine words, a beat has 4 fields of two 8-bit weights
        let constantBeats = 4 * 64 / (4 * 16)  // 64 bits for each output
        let terms = [
            1,  // start
            5, 5,  // fetch of compute, of weights; all others run beside loads
            1,  // weights move to the current instruction
            1, 1, weightBeats, 1,  // load begin, request, beats, finish
            1,  // constants move
            1, 1, constantBeats, 1,  // begin, request, beats, finish
            1,  // features move
            1,  // begin; the request runs beside the first positions, which are padding
            6 * 6,  // a position per cycle, padding included
            1,  // finish: token
            1,  // compute begin
            4 * 4 * 9,  // steps
            2 + 3 + 2 + 1 + 5,  // drain
            1,  // store begin
            3,  // store pipeline
            4 * 4,  // beats of 4 channels
            1, 1, 1,  // acknowledgement, finish, done
        ]
        #expect(run.perImage.total == terms.reduce(0, +))
    }

    /// From reset to done of a fully connected layer, 8 x 4 x 4 to 32 on 8 x 8 lanes, where a beat of weights and constants
    /// has 1, 2 or 4 times the 16 bytes of a beat of activations. Words are 32 fields of 16 bits: of weights two of 8 bits
    /// each, of constants a quarter of a channel's. What is loaded moves in a quarter of the beats, and everything else
    /// takes what it takes.
    @Test(arguments: [1, 2, 4])
    func completeFullyConnectedLayer(ratio: Int) throws {
        var maker = LayerMaker(.vpe(weightBits: 8), activationBits: 16, seed: 3)
        let layer = maker.layer(
            "fc", Shape(channels: 8, height: 4, width: 4), .convolution(outputs: 32, groups: 1), Window(kernel: 4))
        var parameters = AcceleratorParameters(
            .vpe(weightBits: 8), 1, 8, 8, ifmap: 8192, weights: 8192, ofmap: 4096)
        parameters.weightBeatRatio = ratio
        let bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: 16)).firstFit()
        let run = try bench.run()
        let groups = 32 / 8
        let fields = ratio * 8
        let weightBeats = groups * 4 * 4 * (8 * 8 / 2) / fields  // a word for each kernel position of each group
        let constantBeats = groups * (8 * 64 / 16) / fields  // a word for each group
        let terms = [
            1,  // start
            5, 5,  // fetch of compute, of weights; all others run beside loads
            1,  // weights move to the current instruction
            1, 1, weightBeats, 1,  // load begin, request, beats, finish
            1,  // constants move
            1, 1, constantBeats, 1,  // begin, request, beats, finish
            1,  // features move
            1, 1, 4 * 4, 1,  // begin, request, a beat of 8 channels per pixel, finish: token
            1,  // compute begin
            groups * 4 * 4,  // steps
            2 + 3 + 3 + 1 + 5,  // drain
            1,  // store begin
            3,  // store pipeline
            groups,  // beats of 8 channels
            1, 1, 1,  // acknowledgement, finish, done
        ]
        #expect(run.perImage.total == terms.reduce(0, +))
        let read = [
            16 * 8 * 2, groups * 16 * 8 * 8, groups * 8 * 8,  // features, weights, constants
            (5 + 3) * 48,  // instructions: 3 loads, a compute, a store and an end of each of 3 streams
        ]
        #expect(run.readBytes == read.reduce(0, +))
        // The ends of the streams are no layer's.
        #expect(bench.compiled.layers[0].readBytes == run.readBytes - 3 * 48)
    }

    /// Each cycle of latency is paid once by every transfer that nothing hides.
    @Test func latencyAddsToEachExposedTransfer() throws {
        let layer = OneTile(
            name: "1x1", input: Shape(channels: 1, height: 3, width: 4), outputs: 1, window: Window(kernel: 1))
        let array = Lanes(element: .svpe(weightBits: 3), pixels: 1, inputs: 1, outputs: 1)
        let ideal = try Self.bench(layer, array).run().perImage
        for latency in [2, 5, 9] {
            let timing = MemoryTiming(latency: latency, bytesPerCycle65536: nil, stallSeed: nil)
            let slow = try Self.bench(layer, array, timing: timing).run().perImage
            // Six fetches, the load of the features, the last acknowledgement.
            #expect(slow.total == ideal.total + 8 * (latency - 1))
            #expect(slow.compute == ideal.compute && slow.fillDrain == ideal.fillDrain)
        }
    }

    /// Tiles overlap: loads and stores run beside computes. (Two tiles that each fit half a buffer are one tile that
    /// fits the whole, so three are the fewest.)
    @Test(arguments: [3, 4, 8])
    func tilesOverlap(tiles: Int) throws {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 3)
        let shape = Shape(channels: 8, height: 8, width: 16)
        let layer = maker.layer("a", shape, .convolution(outputs: 8, groups: 1), Window(kernel: 1))
        // Half the ofmap buffer holds the rows of one tile.
        let rows = (8 + tiles - 1) / tiles
        let parameters = AcceleratorParameters(
            .svpe(weightBits: 3), 1, 4, 8, ifmap: 8192, weights: 512, ofmap: 2 * rows * 16)
        let bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: 16)).firstFit()
        #expect(bench.compiled.layers[0].tiles == tiles)
        let counts = try bench.run().perImage
        // Beats of features and results, and the compute engine's cycles, one after the other.
        let beats = shape.count / parameters.granule + layer.outputShape.count / parameters.granule
        let drain = parameters.drainCycles
        let serial = beats + 2 * 8 * 16 + tiles * (drain + 1)
        #expect(counts.fillDrain == tiles * drain)
        #expect(counts.total < serial)
    }

    /// Never faster than the lanes, the read port and the write port; no cause below zero; causes sum to the total.
    @Test(arguments: 1...60)
    func roofline(seed: UInt64) throws {
        let random = RandomCase(seed: seed)
        let bench = try random.bench()
        let run = try bench.run()
        let macs = random.network.macs
        #expect(run.perImage.total * bench.accelerator.parameters.lanes >= macs, "\(random.text)")
        #expect(run.laneUpdates >= macs)
        for (layer, plan) in zip(run.layers, bench.compiled.layers) {
            let counts = layer.counts
            #expect(min(counts.compute, counts.stallLoad, counts.stallStore, counts.fillDrain) >= 0)
            #expect(counts.total == counts.compute + counts.stallLoad + counts.stallStore + counts.fillDrain)
            #expect(counts.compute == plan.steps, "\(random.text)")
            #expect(layer.endCycle - layer.startCycle == counts.total)
        }
        let beat = bench.accelerator.parameters.beatBytes
        #expect(run.perImage.total >= run.writtenBytes / beat)
        #expect(run.perImage.total == run.layers.reduce(0) { $0 + $1.counts.total })
        if case .simple(let timing) = random.memory, let rate = timing.bytesPerCycle65536 {
            let bytes = run.readBytes + run.writtenBytes
            // Two beats may have been saved up.
            let widest = max(bench.accelerator.parameters.weightBeatBytes, 16)
            #expect(run.perImage.total * rate >= (bytes - 2 * widest) << 16, "\(random.text)")
        }
    }
}
