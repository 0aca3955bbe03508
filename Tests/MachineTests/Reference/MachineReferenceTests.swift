import Accelerator
import Networks
import ReferenceModel
import TestSupport
import Testing

/// Does every layer equal ReferenceModel bit for bit: all PE kinds, sizes, windows, groups, poolings, residuals, tiles,
/// passes and memory timings?
@Suite struct MachineReferenceTests {
    static let perBlock = 50
    static var blocks: Int { Tools.isLong ? 60 : 6 }

    @Test(arguments: 0..<blocks)
    func randomNetworks(block: Int) throws {
        var (tiled, grouped, residual, fixed, pooled) = (0, 0, 0, 0, 0)
        for index in 0..<Self.perBlock {
            let random = RandomCase(seed: UInt64(block * Self.perBlock + index + 1))
            let bench = try random.bench()
            let wanted = try ReferenceModel.inferAll(random.network, input: bench.inputs[0])
            let result = try bench.run(toggles: index % 2 == 0, keepsTensors: true)
            for layer in random.network.layers {
                if let difference = firstDifference(result.tensors[0][layer.name], wanted[layer.name]) {
                    Issue.record("\(layer.name)\(difference); \(random.text)")
                    break
                }
                if layer.residual != nil { residual += 1 }
                if case .convolution(_, _, let groups) = layer.operation {
                    grouped += groups > 1 ? 1 : 0
                } else {
                    pooled += 1
                }
            }
            fixed += bench.compiled.layers.contains { $0.passes > 1 } ? random.fixedLayers : 0
            tiled += bench.compiled.layers.filter { $0.tiles > 1 }.count
        }
        // The seeds reach what the suite is about.
        #expect(min(tiled, grouped, residual, fixed, pooled) > 0, "\(tiled) \(grouped) \(residual) \(fixed) \(pooled)")
    }

    /// Tiles that see nothing but padding.
    @Test(arguments: [ProcessingElement.svpe(weightBits: 1), .svpe(weightBits: 3), .vpe(weightBits: 8)])
    func windowsInThePadding(_ element: ProcessingElement) throws {
        var maker = LayerMaker(element, activationBits: 16, seed: 9)
        let shape = Shape(channels: 3, height: 3, width: 4)
        let layer = maker.layer("a", shape, .convolution(outputs: 3, groups: 1), Window(kernel: 1, pad: 3))
        let parameters = AcceleratorParameters(element, 2, 2, 2, ifmap: 16, weights: 64, ofmap: 16)
        let bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: 16))
        #expect(bench.compiled.layers[0].tiles > 3)
        try bench.expectReference("padding")
    }
}
