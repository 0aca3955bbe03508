import Accelerator
import Networks
import ReferenceModel
import TestSupport
import Testing

@testable import Diagnostics
@testable import Machine

/// Is a concatenation its parts by addressing alone, whatever their channels, and are the layers that read it right?
@Suite struct ConcatenationTests {
    static let perBlock = 40
    static var blocks: Int { Tools.isLong ? 40 : 4 }

    @Test(arguments: 0..<blocks, [false, true])
    func randomBranches(block: Int, onConvolver: Bool) throws {
        var (stretches, holes, pooled, grouped, run) = (0, 0, 0, 0, 0)
        for index in 0..<Self.perBlock {
            let random = RandomCase(seed: UInt64(block * Self.perBlock + index + 1)).withBranches()
            guard let here = onConvolver ? random.onConvolver() : random else { continue }
            run += 1
            let bench = try here.bench()
            try bench.expectReference(here.text)
            let granule = bench.accelerator.parameters.granule
            let wholes = here.network.concatenations
            let isHoley = wholes.filter { whole in
                whole.parts.dropLast().contains { (here.network.channels(of: $0) ?? 0) % granule != 0 }
            }.map(\.name)
            holes += isHoley.count
            stretches += wholes.count { whole in
                wholes.contains { $0.name != whole.name && $0.parts.starts(with: whole.parts) }
            }
            for layer in here.network.layers where isHoley.contains(layer.input) {
                if layer.isPool { pooled += 1 }
                if case .convolution(_, _, let groups) = layer.operation, groups > 1 { grouped += 1 }
            }
        }
        #expect(run > 10)
        #expect(min(stretches, holes, pooled, grouped) > 0, "\(stretches) \(holes) \(pooled) \(grouped)")
    }

    private func network(_ concatenations: [Concatenation], residual: String? = nil) -> QuantizedNetwork {
        var maker = LayerMaker(.svpe(weightBits: 3), activationBits: 16, seed: 3)
        let shape = Shape(channels: 3, height: 4, width: 4)
        let window = Window(kernel: 1)
        var layers = ["a", "b", "c"].map {
            maker.layer($0, shape, .convolution(outputs: 3, groups: 1), window)
        }
        let joined = Shape(channels: 6, height: 4, width: 4)
        let last = MadeOperation.convolution(outputs: 6, groups: 1)
        layers.append(maker.layer("d", from: concatenations[0].name, joined, last, window, residual: residual))
        return QuantizedNetwork(
            name: "joined", input: shape, inputExponent: 0, activationBits: 16, layers: layers, parameters: 0,
            concatenations: concatenations)
    }

    private func expect(_ network: QuantizedNetwork, _ message: String) {
        let error = #expect(throws: InputError.self) {
            try Bench(AcceleratorParameters(.svpe(weightBits: 3), 1, 4, 4), network)
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    /// The whole is read where the parts are written.
    @Test func theWholeReadsBack() throws {
        let network = network([Concatenation(name: "ab", parts: ["a", "b"])])
        let bench = try Bench(AcceleratorParameters(.svpe(weightBits: 3), 1, 4, 4), network)
        let tensors = try bench.run(keepsTensors: true).tensors[0]
        let parts = try #require(tensors["a"]).values + #require(tensors["b"]).values
        #expect(tensors["ab"]?.values == parts)
        #expect(Set(parts).count > 10)
    }

    @Test func whatNeedsACopyIsAnError() {
        let twice = network([
            Concatenation(name: "ab", parts: ["a", "b"]), Concatenation(name: "ca", parts: ["c", "a"]),
        ])
        expect(twice, "concatenation ca: unsupported: its part a stands in concatenation ab")
        let same = network([Concatenation(name: "aa", parts: ["a", "a"])])
        expect(same, "its part a stands in concatenation aa")
        let missing = network([Concatenation(name: "ax", parts: ["a", "x"])])
        expect(missing, "layer d: reads ax")
        let residual = network([Concatenation(name: "ab", parts: ["a", "b"])], residual: "ab")
        expect(residual, "layer d: unsupported: adds ab, whose channels")
    }
}

extension QuantizedNetwork {
    /// Channels of a layer's output or of the input.
    func channels(of tensor: String) -> Int? {
        tensor == Network.inputName ? input.channels : layers.first { $0.name == tensor }?.outputShape.channels
    }
}

extension Bench {
    /// Runs the first image and compares every tensor with the reference model's.
    @discardableResult
    func expectReference(_ text: String, toggles: Bool = false) throws -> MachineResult {
        let wanted = try ReferenceModel.inferAll(network, input: inputs[0])
        let result = try run(toggles: toggles, keepsTensors: true)
        for name in network.layers.map(\.name) + network.concatenations.map(\.name) {
            let found = try #require(result.tensors[0][name])
            let difference = zip(found.values, try #require(wanted[name]).values).enumerated()
                .first { $0.element.0 != $0.element.1 }
            if let difference {
                let (got, want) = difference.element
                Issue.record("\(name)[\(difference.offset)]: \(got), not \(want); \(text)")
                break
            }
        }
        return result
    }
}
