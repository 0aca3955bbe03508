// Do models that others made give onnxruntime's numbers? The nine graphs of the onnx wheel (weights drawn at random)
// and the trained models of ../shared. Whatever is absent is skipped.
import Diagnostics
import Foundation
import NetworkReaders
import Networks
import Quantizer
import TestSupport
import Testing

/// Suites that need much memory, one after the other.
@Suite(.serialized) enum LargeModelTests {}

extension LargeModelTests {
    @Suite(
        .serialized,
        .enabled(if: OutsideModels.canRun, "no Python with onnx and onnxruntime (SHIFTSIM_PYTHON or .venv)"))
    struct OutsideModelTests {
        /// Multiply-accumulates, parameters, and the layers of a kind that makes the network what it is. Parameters of
        /// DenseNet-121, ResNet-50, SqueezeNet 1.1 and VGG-19 are torchvision's, those of AlexNet are derived
        /// (docs/sources.md, "Networks").
        static let light = [
            LightModel("light_bvlc_alexnet", 654_560_384, 60_965_224, "local-response-normalization", 2),
            LightModel("light_densenet121", 2_834_161_664, 7_978_856, "concat", 58),
            LightModel("light_inception_v1", 1_431_556_352, 6_998_552, "concat", 9),
            LightModel("light_inception_v2", 2_018_851_840, 11_194_984, "concat", 10),
            LightModel("light_resnet50", 4_089_184_256, 25_557_032, "add", 16),
            LightModel("light_shufflenet", 124_664_528, 1_393_320, "permute-channels", 16),
            LightModel("light_squeezenet", 349_151_936, 1_235_496, "concat", 8),
            LightModel("light_vgg19", 19_632_062_464, 143_667_240, "max-pool", 5),
            LightModel("light_zfnet512", 1_481_727_008, 87_250_536, "local-response-normalization", 2),
        ]

        @Test("Graphs of the onnx wheel", arguments: light)
        func lightGraph(model: LightModel) throws {
            let path = "\(try #require(OutsideModels.lightFolder))/\(model.name).onnx"
            let network = try ONNXReader.read(path: path)
            #expect(network.macs == model.macs)
            #expect(network.parameters == model.parameters)
            #expect(network.layers.count { $0.kind.name == model.kind } == model.count)
            try compare(path, draw: true)
        }

        @Test(
            "Trained models",
            .enabled(if: SharedData.isPresent, "../shared/data/models is absent"),
            arguments: [
                "caffe_cifar10full_m7_float", "densenet40_k12_cifar10_float", "resnet20_cifar10_float",
                "resnet56_cifar10_float", "resnet20_cifar10_pot3", "resnet20_cifar10_pot4", "resnet20_cifar10_pot5",
            ])
        func trained(name: String) throws { try compare(SharedData.model(name), draw: false) }

        /// Float inference of the network and of onnxruntime, relative to the largest output.
        private func compare(_ path: String, draw: Bool) throws {
            let folder = try Scratch()
            try OutsideModels.reference(path, to: folder.url.path, draw: draw)
            func values(_ name: String) throws -> [Float] {
                guard case .float32(let values) = try NpyReader.read(path: "\(folder.url.path)/\(name).npy").elements
                else {
                    throw InputError(at: name, "is not float32")
                }
                return values
            }
            let network = try ONNXReader.read(path: "\(folder.url.path)/model.onnx")
            let tensors = try FloatExecutor.inferAll(network, input: values("input"))
            func check(_ tensor: String?, _ golden: [Float]) throws {
                let found = try #require(tensor.flatMap { tensors[$0] })
                let largest = golden.map(abs).max() ?? 0
                #expect(largest > 0)
                #expect(distance(found, golden) <= 1e-3 * largest, "\(tensor ?? "")")
            }
            try check(network.layers.last?.name, values("output"))
            if let dense = network.layers.first(where: { $0.kind.name == "fully-connected" }) {
                try check(dense.inputs[0], values("features"))
            }
        }
    }
}

struct LightModel: Sendable, CustomTestStringConvertible {
    var name: String
    var macs: Int
    var parameters: Int
    var kind: String
    var count: Int
    var testDescription: String { name }

    init(_ name: String, _ macs: Int, _ parameters: Int, _ kind: String, _ count: Int) {
        self.name = name
        self.macs = macs
        self.parameters = parameters
        self.kind = kind
        self.count = count
    }
}

enum OutsideModels {
    /// The folder of the light_*.onnx graphs.
    static let lightFolder: String? = {
        let script = """
            import os, onnx
            print(os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light"), end="")
            """
        guard SharedData.hasRuntime, let path = try? Tools.runPython(["-c", script]),
            FileManager.default.fileExists(atPath: path)
        else { return nil }
        return path
    }()

    static let canRun = lightFolder != nil

    /// Runs shiftsim_tools.float_reference.
    static func reference(_ model: String, to folder: String, draw: Bool) throws {
        try Tools.runPython(["-m", "shiftsim_tools.float_reference", model, folder] + (draw ? ["--draw"] : []))
    }
}
