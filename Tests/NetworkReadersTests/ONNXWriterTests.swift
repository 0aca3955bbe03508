// Is a network that is written and read again the same network, and does onnxruntime agree with it?
import Diagnostics
import Foundation
import Networks
import Quantizer
import Support
import TestSupport
import Testing

@testable import NetworkReaders

struct ONNXWriterTests {
    private static let inside = AverageDivisor.positions(padTop: 0, padLeft: 0, padBottom: 0, padRight: 0)
    private static let declared = AverageDivisor.positions(padTop: 1, padLeft: 1, padBottom: 1, padRight: 1)

    /// Every kind of layer, with every form that a file has for it.
    static func network() -> Network {
        var generator = SeededGenerator(seed: 5)
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform(in: -1...1) } }
        let map = Shape(channels: 8, height: 9, width: 7)
        func window(_ pads: [Int], kernel: Int, stride: Int) -> Window {
            Window(
                kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride,
                padTop: pads[0], padLeft: pads[1], padBottom: pads[2], padRight: pads[3])
        }
        let dilated = Window(
            kernelHeight: 3, kernelWidth: 2, padTop: 2, padLeft: 0, padBottom: 2, padRight: 3, dilationHeight: 2,
            dilationWidth: 3)
        let half = Shape(channels: 8, height: 5, width: 4)
        let codes = (0..<8 * 8).map { Int32($0 % 9 - 4) }
        let coded = Weights(values: codes.map { Float($0) * 0.25 }, codes: codes, codeScale: 0.25)
        var layers: [Layer] = []
        func add(_ name: String, _ kind: LayerKind, _ inputs: [String], _ output: Shape) {
            layers.append(Layer(name: name, kind: kind, inputs: inputs, output: output))
        }
        let input = Network.inputName
        add(
            "dilated",
            .convolution(window: dilated, outputs: 8, groups: 2, weights: Weights(values: draw(192)), bias: draw(8)),
            [input], map)
        add("clip", .clip(minimum: -0.5, maximum: 0.75), ["dilated"], map)
        add("below", .clip(minimum: -.infinity, maximum: 0.6), ["clip"], map)
        add("above", .clip(minimum: -0.4, maximum: .infinity), ["below"], map)
        let lrn = LocalResponseNormalization(size: 3, alpha: 0.5, beta: 0.75, bias: 2)
        add("lrn", .host(.localResponseNormalization(lrn)), ["above"], map)
        add("shuffle", .permuteChannels(order: [0, 4, 1, 5, 2, 6, 3, 7]), ["lrn"], map)
        add("all", .averagePool(window([1, 1, 1, 1], kernel: 3, stride: 1), divisor: .kernelArea), ["shuffle"], map)
        add("valid", .averagePool(window([1, 1, 1, 1], kernel: 3, stride: 1), divisor: inside), ["all"], map)
        add("ceiling", .averagePool(window([0, 0, 1, 1], kernel: 2, stride: 2), divisor: inside), ["valid"], half)
        add(
            "counted", .averagePool(window([1, 1, 2, 2], kernel: 4, stride: 2), divisor: declared), ["valid"],
            Shape(channels: 8, height: 5, width: 4))
        add("joined", .concat, ["ceiling", "counted", "ceiling"], Shape(channels: 24, height: 5, width: 4))
        add(
            "short", .subsample(stride: 2, channelsBefore: 1, channelsAfter: 2), ["joined"],
            Shape(channels: 27, height: 3, width: 2))
        add("max", .maxPool(Window(kernel: 2)), ["short"], Shape(channels: 27, height: 2, width: 1))
        add("pool", .globalAveragePool, ["max"], Shape(channels: 27, height: 1, width: 1))
        add("scale", .affine(scale: draw(27), shift: draw(27)), ["pool"], Shape(channels: 27, height: 1, width: 1))
        let ten = Shape(channels: 10, height: 1, width: 1)
        add("fc", .fullyConnected(outputs: 10, weights: Weights(values: draw(270)), bias: draw(10)), ["scale"], ten)
        add("relu", .relu, ["fc"], ten)
        add("sum", .add, ["fc", "relu"], ten)
        let eight = Shape(channels: 8, height: 1, width: 1)
        add("narrow", .fullyConnected(outputs: 8, weights: Weights(values: draw(80)), bias: []), ["sum"], eight)
        add("coded", .fullyConnected(outputs: 8, weights: coded, bias: []), ["narrow"], eight)
        return Network(
            name: "kinds", input: Shape(channels: 8, height: 9, width: 7), layers: layers, metadata: ["a": "b"])
    }

    @Test("Every kind of layer comes back as it was", arguments: [false, true])
    func roundTrip(isQONNX: Bool) throws {
        let network = ONNXWriterTests.network()
        let scales = [Network.inputName: 0x1p-4, "dilated": 0.125, "pool": 0x1.8p-5, "sum": 0.25]
        let form: ONNXWriter.Form =
            isQONNX ? .qonnx(activationBits: 8, scales: scales) : .dequantizeLinear
        let folder = try Scratch()
        let path = try folder.file("kinds.onnx", ONNXWriter.data(network, form: form))
        let (read, passes) = try ONNXReader.readWithPasses(path: path)
        #expect(read.layers == network.layers && read.input == network.input && read.metadata == network.metadata)
        #expect(read.saturations.keys.sorted() == (isQONNX ? scales.keys.sorted() : []))
        #expect(read.saturations["sum"] == (isQONNX ? -32...31.75 : nil))
        let removed = passes.first { $0.name == .removeQuantization }
        #expect(removed?.nodes.count == (isQONNX ? 4 : nil))
    }

    @Test(
        "onnxruntime computes what the float executor does",
        .enabled(if: OutsideModels.canRun, "no Python with onnx and onnxruntime (SHIFTSIM_PYTHON or .venv)"))
    func runs() throws {
        let folder = try Scratch()
        let network = ONNXWriterTests.network()
        let path = try folder.file("kinds.onnx", ONNXWriter.data(network))
        try OutsideModels.reference(path, to: folder.url.path, draw: false)
        guard case .float32(let image) = try NpyReader.read(path: "\(folder.url.path)/input.npy").elements,
            case .float32(let golden) = try NpyReader.read(path: "\(folder.url.path)/output.npy").elements
        else { throw InputError(at: path, "no float32") }
        let found = try FloatExecutor.infer(network, input: image)
        #expect(golden.contains { abs($0) > 0.01 })
        #expect(distance(found, golden) < 1e-4)
    }
}
