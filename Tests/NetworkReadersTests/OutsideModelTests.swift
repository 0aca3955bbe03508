// Do models that others made give onnxruntime's numbers? The nine graphs of the onnx wheel (weights drawn at random)
// and the trained models of ../shared. Whatever is absent is skipped.

import Foundation
import NetworkReaders
import Networks
import Quantizer
import Testing

@Suite(
    .serialized,
    .enabled(if: OutsideModels.canRun, "no Python with onnx and onnxruntime (SHIFTSIM_PYTHON or .venv)"))
struct OutsideModelTests {
    /// Multiply-accumulates and layers of the kinds that make each network what it is.
    static let light = [
        LightModel("light_bvlc_alexnet", macs: 654_560_384, [("local-response-normalization", 2)]),
        LightModel("light_densenet121", macs: 2_833_137_664 + 1_024_000, [("concat", 58), ("affine", 121)]),
        LightModel("light_inception_v1", macs: 1_400_000_000...1_700_000_000, [("concat", 9)]),
        LightModel("light_inception_v2", macs: 1_900_000_000...2_100_000_000, [("concat", 10)]),
        LightModel("light_resnet50", macs: 4_089_184_256, [("add", 16)]),
        LightModel("light_shufflenet", macs: 120_000_000...160_000_000, [("permute-channels", 16)]),
        LightModel("light_squeezenet", macs: 349_151_936, [("concat", 8)]),
        LightModel("light_vgg19", macs: 19_632_062_464, [("max-pool", 5)]),
        LightModel("light_zfnet512", macs: 1_000_000_000...2_000_000_000, [("local-response-normalization", 2)]),
    ]

    @Test("Graphs of the onnx wheel", arguments: light)
    func lightGraph(model: LightModel) throws {
        let path = "\(try #require(OutsideModels.lightFolder))/\(model.name).onnx"
        let network = try ONNXReader.read(path: path)
        #expect(model.macs.contains(network.macs), "\(network.macs)")
        for (kind, count) in model.kinds {
            #expect(network.layers.count { $0.kind.name == kind } == count, "\(kind)")
        }
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
        let folder = try TemporaryFolder()
        try OutsideModels.reference(path, to: folder.path, draw: draw)
        func values(_ name: String) throws -> [Float] {
            guard case .float32(let values) = try NpyReader.read(path: "\(folder.path)/\(name).npy").elements else {
                throw InputError(at: name, "is not float32")
            }
            return values
        }
        let network = try ONNXReader.read(path: "\(folder.path)/model.onnx")
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

struct LightModel: Sendable, CustomTestStringConvertible {
    var name: String
    var macs: ClosedRange<Int>
    var kinds: [(String, Int)]
    var testDescription: String { name }

    init(_ name: String, macs: ClosedRange<Int>, _ kinds: [(String, Int)]) {
        self.name = name
        self.macs = macs
        self.kinds = kinds
    }

    init(_ name: String, macs: Int, _ kinds: [(String, Int)]) { self.init(name, macs: macs...macs, kinds) }
}

enum OutsideModels {
    /// The folder of the light_*.onnx graphs.
    static let lightFolder: String? = {
        guard let python = SharedData.python, let folder = try? TemporaryFolder() else { return nil }
        let script = """
            import os, sys, onnx
            folder = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light")
            open(sys.argv[1], "w").write(folder)
            """
        let answer = "\(folder.path)/answer"
        guard (try? SharedData.runPython(python, script, [answer])) == 0,
            let path = try? String(contentsOfFile: answer, encoding: .utf8),
            FileManager.default.fileExists(atPath: path)
        else { return nil }
        return path
    }()

    static let canRun = lightFolder != nil

    /// Runs scripts/checks/float_reference.py.
    static func reference(_ model: String, to folder: String, draw: Bool) throws {
        let script = SharedData.root.appendingPathComponent("scripts/checks/float_reference.py").path
        let python = try #require(SharedData.python)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script, model, folder] + (draw ? ["--draw"] : [])
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
