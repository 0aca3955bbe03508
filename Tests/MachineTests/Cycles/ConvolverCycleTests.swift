import Accelerator
import Networks
import Schedule
import TestSupport
import Testing

/// Does a convolution take exactly the cycles that its streams, its weights and its pipelines have?
@Suite struct ConvolverCycleTests {
    struct Layer: CustomTestStringConvertible, Sendable {
        var name: String
        var input: Shape
        var outputs: Int
        var window: Window
        var testDescription: String { name }

        static let all = [
            Layer(name: "1x1", input: Shape(channels: 4, height: 5, width: 7), outputs: 6, window: Window(kernel: 1)),
            Layer(
                name: "1x1 of one pixel", input: Shape(channels: 9, height: 1, width: 1), outputs: 5,
                window: Window(kernel: 1)),
            Layer(
                name: "3x3", input: Shape(channels: 5, height: 6, width: 5), outputs: 3,
                window: Window(kernel: 3, pad: 1)),
            Layer(
                name: "3x3 valid", input: Shape(channels: 2, height: 7, width: 9), outputs: 4, window: Window(kernel: 3)
            ),
            Layer(
                name: "5x5 strided", input: Shape(channels: 3, height: 9, width: 8), outputs: 4,
                window: Window(kernel: 5, stride: 2, pad: 2)),
            Layer(
                name: "more results than pixels", input: Shape(channels: 2, height: 2, width: 2), outputs: 2,
                window: Window(kernel: 5, pad: 4)),
        ]
    }

    struct Array: CustomTestStringConvertible, Sendable {
        var element: ProcessingElement
        var inputs: Int
        var outputs: Int
        var convolver: ConvolverParameters
        var testDescription: String {
            "\(element.name) \(element.weightBits) \(inputs)x\(outputs) \(convolver.taps) \(convolver.columnAdders)"
        }

        static let all = [
            Array(
                element: .svpe(weightBits: 3), inputs: 1, outputs: 1, convolver: ConvolverParameters(kernel: 5)),
            Array(
                element: .svpe(weightBits: 1), inputs: 2, outputs: 3,
                convolver: ConvolverParameters(kernel: 5, taps: [3], columnAdders: .lut)),
            Array(
                element: .vpe(weightBits: 8), inputs: 4, outputs: 2,
                convolver: ConvolverParameters(kernel: 11, taps: [3, 5])),
            Array(
                element: .vpe(weightBits: 16), inputs: 3, outputs: 1,
                convolver: ConvolverParameters(kernel: 7, columnAdders: .lut)),
        ]
        var parameters: AcceleratorParameters {
            var p = AcceleratorParameters(element, 1, inputs, outputs, ifmap: 4096, weights: 4096, ofmap: 4096)
            p.family = .convolver(convolver)
            return p
        }
    }

    private static func ceiling(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }

    private static func bench(_ layer: Layer, _ array: Array) throws -> Bench {
        var maker = LayerMaker(array.element, activationBits: 16, seed: 3)
        let made = maker.layer("a", layer.input, .convolution(outputs: layer.outputs, groups: 1), layer.window)
        return try Bench(array.parameters, QuantizedNetwork([made], activationBits: 16)).firstFit()
    }

    @Test(arguments: Layer.all, Array.all)
    func streamsAndTheRest(_ layer: Layer, _ array: Array) throws {
        let bench = try Self.bench(layer, array)
        #expect(bench.compiled.layers[0].tiles == 1)
        let counts = try bench.run().layers[0].counts
        let w = layer.window
        let (results, map) = (bench.network.layers[0].outputShape, layer.input)
        // A row has as many slots as pixels or (unstrided) results. Rows of padding above cost nothing: the window is
        // complete with its last row; rows below cost a row of slots each, as far as a window needs them.
        let lastResult = (results.width - 1) * w.strideWidth
        let slots = max(map.width, lastResult + 1)
        let needed = (results.height - 1) * w.strideHeight + w.kernelHeight - w.padTop
        let stream = max(needed, map.height) * slots
        let streams = Self.ceiling(map.channels, array.inputs) * Self.ceiling(layer.outputs, array.outputs)
        #expect(counts.compute == streams * stream)

        // Between the begin of the instruction and the first slot:
        //   the first stream's weights, a word a cycle, + 2 (buffer latch and output register).
        let words = w.kernelHeight * w.kernelWidth
        let first = words + 2
        // Between streams, where the next weights are not there yet: they are asked for from the cycle after the first
        // slot, and the stream begins 2 cycles after the last of them is, in the cycle after that.
        let gaps = (streams - 1) * max(0, words + 3 - stream)
        // After the slot that stands for the last result:
        //   T - 1 - padLeft  slots until the window is complete (its marker is padLeft slots early)
        // + 2  buffer latch and output register
        // + 1  gated pixel
        // + 1  svpe: the cell's register, or 3  vpe: A/B, M, P
        // + T - 1  rows summed one after the other
        // + 1  column adder in LUTs, or 2  in DSP48E2: C, P
        // + ceil(log2 Pm)  levels of the adder tree
        // + 1  accumulator
        // + 5  requantization: A/B, M, P, rounding, saturation
        let tap = try #require(array.convolver.taps.first { $0 >= w.kernelHeight })
        let cell = array.element.kind == .svpe ? 1 : 3
        let column = array.convolver.columnAdders == .dsp ? 2 : 1
        var levels = 0
        while 1 << levels < array.inputs { levels += 1 }
        let pipeline = tap - 1 - w.padLeft + 2 + 1 + cell + tap - 1 + column + levels + 1 + 5
        // The slots behind the last result are counted as compute.
        let behind = slots - 1 - lastResult
        #expect(counts.fillDrain == first + gaps + pipeline - behind)
        #expect(bench.compiled.layers[0].computeCycles == 1 + counts.compute + counts.fillDrain)
    }

    /// Equation 36 of the n-BQ-NN paper, H * W * M/Pm * N/Pn cycles with its quotients rounded up, for 32 x 32 pixels, 3 to 128 channels on both
    /// published arrays: every stream takes H * W slots and W more, since the first row of results waits for the second
    /// row of pixels and the last one has a row of padding below.
    @Test(arguments: [(8, 32, ProcessingElement.svpe(weightBits: 3)), (4, 16, .vpe(weightBits: 16))])
    func equation36(outputs: Int, inputs: Int, element: ProcessingElement) throws {
        var p = AcceleratorParameters(
            element, 1, inputs, outputs, ifmap: 4096, weights: 1024, ofmap: 32768)
        p.family = .convolver(ConvolverParameters(kernel: 3))
        var maker = LayerMaker(element, activationBits: 16, seed: 3)
        let shape = Shape(channels: 3, height: 32, width: 32)
        let layer = maker.layer("a", shape, .convolution(outputs: 128, groups: 1), Window(kernel: 3, pad: 1))
        let network = QuantizedNetwork([layer], activationBits: 16)
        let plan = try Scheduler.compile(network, for: p).layers[0]
        let streams = 128 / outputs
        let equation = 32 * 32 * streams
        let fill = 32 * streams
        #expect(plan.steps == equation + fill)
        let levels = inputs == 32 ? 5 : 4
        // Padding on the left completes windows a slot earlier.
        let pipeline = 3 - 1 - 1 + 2 + 1 + (outputs == 8 ? 1 : 3) + 3 - 1 + 2 + levels + 1 + 5
        #expect(plan.computeCycles == plan.tiles * (1 + 9 + 2 + pipeline) + equation + fill)
    }

    /// One window per cycle and convolver, on an array that a test can simulate; the rest of the tile as above.
    @Test func oneWindowPerCycle() throws {
        let array = Array(
            element: .svpe(weightBits: 3), inputs: 3, outputs: 2, convolver: ConvolverParameters(kernel: 3))
        let layer = Layer(
            name: "32 x 32", input: Shape(channels: 3, height: 32, width: 32), outputs: 6,
            window: Window(kernel: 3, pad: 1))
        let run = try Self.bench(layer, array).run()
        #expect(run.perImage.compute == 3 * (32 * 32 + 32))
    }
}
