import Configuration
import Diagnostics
import Flows
import Foundation
import NetworkReaders
import Networks
import Reports
import Support
import TestSupport
import Testing

/// Does `estimate` speak of the design that `simulate` runs?
@Suite struct EstimateTests {
    /// A random model in a file, and a configuration of the kinds that make a design depend on its network: widths that
    /// follow from the weights, pre-activation, dilation, fully connected layers on the host.
    private static func arrange(_ seed: UInt64, in scratch: Scratch) throws -> Configuration {
        var random = SeededGenerator(seed: seed)
        func pick<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random)! }
        let model = try scratch.file("model.onnx", ONNXWriter.data(RandomNetwork.make(seed: seed)))
        let pe = pick(["svpe", "vpe"])
        let scheme = pick(pe == "svpe" ? ["n-bq", "lightnn-2", "flightnn"] : ["fixed", "n-bq", "lightnn-1"])
        var settings = [
            "network.model=\(model)", "quantization.scheme=\(scheme)", "array.pe=\(pe)",
            "array.outputs=\(pick([4, 8]))", "array.inputs=\(pick([4, 8]))",
            "quantization.activation_bits=\(pick([8, 16, 16]))",
            "quantization.activation_scale=\(pick(["power-of-two", "multiplier"]))",
            "host.fully_connected=\(Bool.random(using: &random))", "array.pre_activation=\(pick(["auto", "true"]))",
        ]
        if scheme == "fixed" { settings.append("quantization.weight_bits=8") }
        if Int.random(in: 0...2, using: &random) == 0 {
            settings += ["array.family=convolver", "array.kernel=\(pick([5, 7, 11]))", "device.allow_overflow=true"]
        } else {
            settings += ["array.pixels=\(pick([1, 1, 2]))", "array.dilation=\(pick(["auto", "true"]))"]
        }
        let base = try scratch.write("base.yaml", base)
        return try Configuration.load(path: base, assignments: settings.map { ConfigAssignment($0) })
    }

    private static let base = """
        version: 1
        network: {model: tiny, weights: synthetic, input: {images: synthetic}}
        quantization: {scheme: n-bq, weight_bits: 4}
        buffers: {ifmap_kib: 64, weight_kib: 64, ofmap_kib: 64}
        run: {mode: functional, threads: 1}
        """

    /// 200 pairs; a pair that cannot be simulated is refused by `estimate` in the same words, or is too large for its
    /// buffers, which `estimate` does not ask.
    @Test func isTheDesignThatRuns() throws {
        var compared = 0
        var preActivated = 0
        for seed in UInt64(1)...200 {
            let scratch = try Scratch()
            let configuration: Configuration
            do { configuration = try Self.arrange(seed, in: scratch) } catch is InputError { continue }
            let estimate = Result { try Flow.estimate(configuration) }
            let run = Result { try Flow.simulate(SimulationRequest(configuration)).report }
            switch (run, estimate) {
            case (.success(let report), .success(let expected)):
                compared += 1
                preActivated += expected.buffers.contains { $0.name == "pre-activation" } ? 1 : 0
                #expect(report.resources == expected.resources, "seed \(seed)")
                #expect(report.design.weightBits == expected.weightBits, "seed \(seed)")
                #expect(report.design.accumulatorBits == expected.accumulatorBits, "seed \(seed)")
                #expect(report.design.lanes == expected.lanes, "seed \(seed)")
            case (.success, .failure(let error)): Issue.record("seed \(seed): estimate refuses what runs: \(error)")
            case (.failure(let error), .success): #expect(error is InputError, "seed \(seed): \(error)")
            case (.failure(let error), .failure(let other)):
                #expect("\(error)" == "\(other)", "seed \(seed)")
            }
        }
        #expect(compared >= 120, "\(compared) pairs ran")
        #expect(preActivated >= 20, "\(preActivated) of them with hardware that depends on the network")
    }
}
