// Does every damaged model end in a network that is sound or in an InputError, in bounded time and memory?
// 2,000 mutated models; SHIFTSIM_LONG=1: 10,000.
import Diagnostics
import Foundation
import Networks
import Testing

@testable import NetworkReaders

extension LargeModelTests {
    struct ONNXFuzzTests {
        private static let isLong = ProcessInfo.processInfo.environment["SHIFTSIM_LONG"] == "1"
        private static let files = isLong ? 10_000 : 2_000
        /// Seconds and bytes that one file, and all of them, may take.
        private static let longest = 10.0
        private static let memory = 2_000_000_000

        @Test("Mutated models")
        func mutated() throws {
            let small = try ONNXFuzzTests.smallModels()
            let real = ONNXFuzzTests.realModels()
            var mutator = ModelMutator(seed: 2026)
            let before = ONNXFuzzTests.peakMemory
            var (networks, errors, slowest) = (0, 0, 0.0)
            for index in 0..<ONNXFuzzTests.files {
                let isReal = !real.isEmpty && index % 10 == 0
                let pool = isReal ? real : small
                let data = mutator.mutate(pool[mutator.pick(pool.count)])
                let start = ContinuousClock.now
                do {
                    let network = try ONNXFuzzTests.read(data)
                    networks += 1
                    if let flaw = ONNXFuzzTests.flaw(network) {
                        Issue.record("model \(index): \(flaw)")
                    }
                } catch is InputError {
                    errors += 1
                } catch {
                    Issue.record("model \(index): \(error)")
                }
                let time = (ContinuousClock.now - start) / .seconds(1)
                slowest = max(slowest, time)
                #expect(time < ONNXFuzzTests.longest, "model \(index)")
            }
            let peak = ONNXFuzzTests.peakMemory
            let memory = "peak memory \(peak / 1_000_000) MB, \((peak - before) / 1_000_000) MB of it here"
            print("fuzz: \(networks) networks, \(errors) errors, slowest \(slowest) s, \(memory)")
            #expect(peak - before < ONNXFuzzTests.memory)
            #expect(networks > ONNXFuzzTests.files / 50)
            #expect(errors > ONNXFuzzTests.files / 2)
        }

        @Test("The models that are mutated are read")
        func seedsAreRead() throws {
            for data in try ONNXFuzzTests.smallModels() + ONNXFuzzTests.realModels() {
                #expect(ONNXFuzzTests.flaw(try ONNXFuzzTests.read(data)) == nil)
            }
        }

        private static func read(_ data: Data) throws -> Network {
            let model = try ONNXReader.parse(data, file: "m.onnx")
            let decoder = TensorDecoder(file: "m.onnx", directory: "/nonexistent")
            return try ONNXReader.network(of: model, name: "m", decoder: decoder).network
        }

        /// Largest resident size of this process so far, in bytes.
        private static var peakMemory: Int {
            var usage = rusage()
            #if canImport(Glibc)
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
                return usage.ru_maxrss * 1024
            #else
                getrusage(RUSAGE_SELF, &usage)
                return usage.ru_maxrss
            #endif
        }

        // MARK: seeds

        private static func smallModels() throws -> [Data] {
            let network = ONNXWriterTests.network()
            let scales = [Network.inputName: 0x1p-4, "dilated": 0.125, "sum": 0.25]
            let graphs = [
                ONNXGraphTests.mixedGraph(), SmallGraphs.dense(), SmallGraphs.shuffle(), SmallGraphs.quantized(),
                SmallGraphs.integers(), SmallGraphs.runtime(), SmallGraphs.shapes(), SmallGraphs.brevitas(),
            ]
            return try graphs.map { try $0.model.serializedData() } + [
                ONNXWriter.data(network),
                ONNXWriter.data(network, form: .qonnx(activationBits: 8, scales: scales)),
            ]
        }

        /// Graphs of the onnx wheel and of ../shared that take milliseconds to read.
        private static func realModels() -> [Data] {
            let names = ["squeezenet", "shufflenet", "densenet121", "inception_v1", "inception_v2"]
            let light = names.compactMap { name in OutsideModels.lightFolder.map { "\($0)/light_\(name).onnx" } }
            let shared = ["resnet20_cifar10_pot3", "caffe_cifar10full_m7_float"].map(SharedData.model)
            return (light + shared).compactMap { try? Data(contentsOf: URL(fileURLWithPath: $0)) }
        }

        // MARK: soundness

        /// What is wrong with a network that was read: names, inputs, shapes or array lengths.
        private static func flaw(_ network: Network) -> String? {
            var shapes = [Network.inputName: network.input]
            for layer in network.layers {
                let inputs = layer.inputs.compactMap { shapes[$0] }
                guard inputs.count == layer.inputs.count, let input = inputs.first else {
                    return "\(layer.name): inputs"
                }
                guard layer.output.count > 0, !fails(layer, inputs, input) else {
                    return "\(layer.name): \(layer.kind.name)"
                }
                guard shapes.updateValue(layer.output, forKey: layer.name) == nil else { return "\(layer.name): name" }
            }
            return network.layers.isEmpty ? "no layers" : nil
        }

        private static func fails(_ layer: Layer, _ inputs: [Shape], _ input: Shape) -> Bool {
            func windowed(_ window: Window, _ channels: Int) -> Bool {
                layer.output
                    == Shape(
                        channels: channels, height: window.outputHeight(input.height),
                        width: window.outputWidth(input.width))
            }
            switch layer.kind {
            case .convolution(let window, let outputs, let groups, let weights, let bias):
                let patch = input.channels / groups * window.kernelHeight * window.kernelWidth
                let isSound = weights.values.count == outputs * patch && weights.values.allSatisfy(\.isFinite)
                return !isSound || !windowed(window, outputs) || (!bias.isEmpty && bias.count != outputs)
            case .fullyConnected(let outputs, let weights, let bias):
                let isSound = weights.values.count == outputs * input.count && weights.values.allSatisfy(\.isFinite)
                return !isSound || layer.output.count != outputs || (!bias.isEmpty && bias.count != outputs)
            case .affine(let scale, let shift):
                let isSound = (scale + shift).allSatisfy(\.isFinite) && layer.output == input
                return !isSound || scale.count != input.channels || shift.count != input.channels
            case .maxPool(let window), .averagePool(let window, _): return !windowed(window, input.channels)
            case .concat:
                let isEven = inputs.allSatisfy { $0.height == input.height && $0.width == input.width }
                return !isEven || layer.output.channels != inputs.reduce(0) { $0 + $1.channels }
            case .add: return inputs.count != 2 || inputs[0] != inputs[1] || layer.output != input
            case .permuteChannels(let order): return order.sorted() != Array(0..<input.channels)
            case .clip(let minimum, let maximum): return !(minimum <= maximum)
            case .relu, .host: return layer.output != input
            case .globalAveragePool, .subsample: return false
            }
        }
    }
}
