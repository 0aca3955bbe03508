import Foundation
import Networks
import ReferenceModel
import Schedule
import TestSupport
import Testing

@testable import Configuration
@testable import Machine
@testable import Preparation

/// Does a trained network on a real image give what ReferenceModel computes, layer by layer?
@Suite(.enabled(if: TrainedModel.isPresent, "needs ../shared/data"))
struct TrainedModelTests {
    @Test func resNet20WithItsOwnCodes() throws {
        let settings = [
            "network.model=\(TrainedModel.model)", "network.input.images=\(TrainedModel.data)/cifar10/test-16.bin",
            "quantization.scheme=as-is", "quantization.weight_bits=4",
        ]
        let configuration = try Configuration.load(
            path: Repository.root.appendingPathComponent("configs/resnet20-cifar10-svpe.yaml").path,
            assignments: settings.map { ConfigAssignment($0) })
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let build = try Hardware.elaborate(configuration, for: network.quantized).compile(configuration)
        let result = try build.run(network.inputs, options: MachineOptions(countsToggles: false, keepsTensors: true))
        var wanted = try ReferenceModel.inferAll(network.quantized, input: network.inputs[0])
        wanted[Network.inputName] = nil
        for layer in network.quantized.layers {
            #expect(result.tensors[0][layer.name] == wanted[layer.name], "\(layer.name)")
        }
        #expect(result.outputs.count == 1)
        #expect(result.outputs.first == network.quantized.layers.last.flatMap { wanted[$0.name] })
    }
}

/// A trained model and images beside the package.
enum TrainedModel {
    static let data = Repository.root.deletingLastPathComponent().appendingPathComponent("shared/data").path
    static let model = "\(data)/models/resnet20_cifar10_pot4.onnx"
    static let isPresent = FileManager.default.fileExists(atPath: model)
}
