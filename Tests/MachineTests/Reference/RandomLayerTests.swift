import Accelerator
import Networks
import ReferenceModel
import TestSupport
import Testing

@testable import Diagnostics

/// Does any layer equal ReferenceModel bit for bit on any array: 1 to 64 channels, kernels 1 to 11, strides 1 to 4,
/// dilations 1 to 3, groups, padding, odd widths, weights of one, two and many terms? SHIFTSIM_LONG=1 runs more than 2,000 cases.
@Suite struct RandomLayerTests {
    static let perArray = Tools.isLong ? 90 : 5

    @Test(arguments: Array(LayerArray.all.enumerated()))
    func equalsTheReferenceModel(index: Int, array: LayerArray) throws {
        let accelerator = try Accelerator(array.parameters)
        var (compared, refused) = (0, 0)
        for number in 0..<Self.perArray {
            let seed = UInt64(index * 1000 + number + 1)
            let random = RandomLayer(seed: seed, on: array.parameters)
            let bench: Bench
            do {
                bench = try Bench(accelerator, random.network, seed: seed)
            } catch let error as InputError where error.kind == .unsupported {
                refused += 1
                continue
            }
            let found = try #require(try bench.run(keepsTensors: true).tensors[0]["a"])
            let wanted = try ReferenceModel.infer(random.network, input: bench.inputs[0])
            compared += 1
            if found != wanted {
                let wrong = zip(found.values, wanted.values).count { $0 != $1 }
                Issue.record("\(wrong) of \(wanted.values.count) values differ; \(random.text)")
            }
        }
        #expect(compared >= Self.perArray * 9 / 10, "\(refused) layers were refused")
    }

    /// The cases reach what the suite is about.
    @Test func casesAreVaried() {
        var kinds: [String: Int] = [:]
        func count(_ key: String, _ condition: Bool) { kinds[key, default: 0] += condition ? 1 : 0 }
        var cases = 0
        for (index, array) in LayerArray.all.enumerated() {
            for number in 0..<80 {
                let random = RandomLayer(seed: UInt64(index * 1000 + number + 1), on: array.parameters)
                let (layer, window) = (random.layer, random.layer.window)
                cases += 1
                count("kernel 11", max(window.kernelHeight, window.kernelWidth) == 11)
                count("oblong", window.kernelHeight != window.kernelWidth)
                count("stride 4", max(window.strideHeight, window.strideWidth) == 4)
                count("dilation", max(window.dilationHeight, window.dilationWidth) > 1)
                count("padding", window.padTop + window.padLeft + window.padBottom + window.padRight > 0)
                count("many inputs", layer.inputShape.channels > 48)
                count("many outputs", layer.outputShape.channels > 48)
                count("odd width", layer.inputShape.width % 2 == 1)
                count("two terms", random.text.contains("one and two terms"))
                count("many passes", random.text.contains("many passes"))
                switch layer.operation {
                case .convolution(_, _, let groups): count("groups", groups > 1)
                case .maxPool: count("maximum", true)
                case .sumPool: count("sum", true)
                case .host: count("normalization", true)
                }
            }
        }
        #expect(cases >= 2000)
        #expect(kinds.count == 13 && kinds.values.allSatisfy { $0 >= 20 }, "\(kinds)")
    }
}
