// Do the trained models read as the networks they are? Golden logits are onnxruntime 1.31's for image 0 of
// cifar10/test-16.bin (a dog, class 5).
import Networks
import Testing

@testable import NetworkReaders

@Suite(.enabled(if: SharedData.isPresent, "../shared/data/models is absent"))
struct ONNXModelTests {
    struct Golden: Sendable, CustomTestStringConvertible {
        var name: String
        var layers: Int
        var parameters: Int
        var logits: [Float]
        var testDescription: String { name }
    }

    static let golden = [
        Golden(
            name: "resnet20_cifar10_float", layers: 70, parameters: 269_722,
            logits: [
                -5.45353, -7.14443, 1.80368, 7.91414, -4.70952, 22.93335, 7.7014, -1.58724, -11.05882, -10.41802,
            ]),
        Golden(
            name: "resnet56_cifar10_float", layers: 196, parameters: 853_018,
            logits: [
                -5.76233, -6.87189, -5.39117, 5.90403, -2.67713, 16.35836, 6.88608, 0.44332, -6.74936, -2.24096,
            ]),
        Golden(
            name: "resnet20_cifar10_pot3", layers: 70, parameters: 269_722,
            logits: [
                -6.80893, -6.33705, -4.05985, 2.09073, 5.06402, 14.41644, -2.11307, 5.51492, -5.90783, -1.88178,
            ]),
        Golden(
            name: "resnet20_cifar10_pot4", layers: 70, parameters: 269_722,
            logits: [
                -7.05916, -6.61014, 2.20377, 2.82866, 0.68442, 18.46084, 4.45934, 1.8366, -7.98819, -8.83096,
            ]),
        Golden(
            name: "resnet20_cifar10_pot5", layers: 70, parameters: 269_722,
            logits: [
                -7.05916, -6.61014, 2.20377, 2.82866, 0.68442, 18.46084, 4.45934, 1.8366, -7.98819, -8.83096,
            ]),
    ]

    func firstImage(_ normalization: Normalization?) throws -> [Float] {
        let set = try ImageReader.read(
            source: "\(SharedData.folder)/cifar10/test-16.bin", first: 0, count: 1, seed: 0,
            expected: Shape(channels: 3, height: 32, width: 32), normalization: normalization)
        #expect(set.labels == [5])
        return set.images[0]
    }

    @Test("Layers, parameters and logits of the ResNets", arguments: golden)
    func resNets(golden: Golden) throws {
        let network = try ONNXReader.read(path: SharedData.model(golden.name))
        #expect(network.name == golden.name)
        #expect(network.input == Shape(channels: 3, height: 32, width: 32))
        #expect(network.layers.count == golden.layers)
        #expect(network.layers.last?.output == Shape(channels: 10, height: 1, width: 1))
        #expect(parameterCount(network) == golden.parameters)
        let logits = FloatRun.output(of: network, image: try firstImage(.imageNet))
        #expect(distance(logits, golden.logits) < 1e-3)
    }

    @Test("Slice and Pad are one option-A shortcut")
    func shortcut() throws {
        let network = try ONNXReader.read(path: SharedData.model("resnet20_cifar10_float"))
        let shortcuts = network.layers.filter { $0.kind.name == "subsample" }
        #expect(
            shortcuts.map(\.kind) == [
                .subsample(stride: 2, channelsBefore: 8, channelsAfter: 8),
                .subsample(stride: 2, channelsBefore: 16, channelsAfter: 16),
            ])
        #expect(shortcuts.map(\.output.description) == ["32x16x16", "64x8x8"])
        let names = network.layers.map(\.name)
        #expect(Set(names).count == names.count)
        for (index, layer) in network.layers.enumerated() {
            for input in layer.inputs where input != Network.inputName {
                #expect(names[..<index].contains(input))
            }
        }
    }

    @Test("Power-of-two models keep their codes and properties", arguments: [3, 4, 5])
    func codes(bits: Int) throws {
        let network = try ONNXReader.read(path: SharedData.model("resnet20_cifar10_pot\(bits)"))
        #expect(network.metadata["weight_format"] == "power_of_two")
        #expect(network.metadata["pot_bits"] == "\(bits)")
        var coded = 0
        for case .convolution(_, _, _, let weights, _) in network.layers.map(\.kind) {
            guard let codes = weights.codes, let scale = weights.codeScale else { continue }
            coded += 1
            #expect(zip(codes, weights.values).allSatisfy { Float($0) * scale == $1 })
            #expect(codes.allSatisfy { $0 == 0 || $0.magnitude & ($0.magnitude - 1) == 0 })
        }
        #expect(coded == 18)
    }

    @Test("caffe_cifar10full has averages whose divisor varies")
    func caffe() throws {
        let network = try ONNXReader.read(path: SharedData.model("caffe_cifar10full_m7_float"))
        #expect(network.layers.count == 10)
        #expect(parameterCount(network) == 89_578)
        #expect(network.layers.map(\.output.description).suffix(3) == ["64x8x8", "64x4x4", "10x1x1"])
        let window = Window(
            kernelHeight: 3, kernelWidth: 3, strideHeight: 2, strideWidth: 2, padBottom: 1, padRight: 1)
        let inside = AverageDivisor.positions(padTop: 0, padLeft: 0, padBottom: 0, padRight: 0)
        #expect(network.layers.count { $0.kind == .averagePool(window, divisor: inside) } == 2)
    }

    @Test("DenseNet has a Concat for each layer")
    func denseNet() throws {
        let network = try ONNXReader.read(path: SharedData.model("densenet40_k12_cifar10_float"))
        let joined = network.layers.filter { $0.kind == .concat }
        #expect(joined.count == 36)
        #expect(joined.first?.inputs.count == 2)
        #expect(network.layers.last?.output == Shape(channels: 10, height: 1, width: 1))
    }
}
