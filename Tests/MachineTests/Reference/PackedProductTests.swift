import Cosimulation
import Design
import Kernel
import Networks
import ReferenceModel
import Streams
import Support
import TestSupport
import Testing

@testable import Accelerator
@testable import Machine

/// Are two products in one DSP48E2 the products, for every operand, in every place of a chain and of an array, on the plain
/// kernel, on streams and in the emitted text?
@Suite(.serialized) struct PackedProductTests {
    /// A chain of slices, `lanes` times, whose weights and activations are inputs: what the array has between its weight
    /// buffer's write side and its sums.
    struct Slices {
        let simulation: Simulation
        private let weights: NetID
        private let lanes: Int
        private let activations: [NetID]
        private let sums: NetID

        init(products: Int, lanes: Int) throws {
            var builder = DesignBuilder(name: "slices")
            var before: Signal?
            let weights = builder.inArray("w", lanes: 2 * lanes * products) { $0.input("w", width: 8, signed: true) }
            let stored = builder.packedWeights(weights)
            var activations: [NetID] = []
            for n in 0..<products {
                let x = builder.inArray("x\(n)", lanes: lanes) { $0.input("x", width: 8, signed: true) }
                activations.append(x.id)
                let mine = stored.mapped([.init(2 * lanes, stride: 1)], offset: 2 * lanes * n)
                let packed = builder.packedOperand("a\(n)", mine, lanes: 2 * lanes)
                before = builder.inArray("pe\(n)", lanes: lanes) {
                    $0.packedProduct(
                        packed, x, after: before, products: products, enables: .init(operands: 1, m: 1, p: 1))
                }
            }
            let sums = builder.packedSums(try #require(before), products: products)
            builder.output(sums)
            (self.weights, self.activations, self.sums, self.lanes) = (weights.id, activations, sums.id, lanes)
            simulation = try Simulation(try builder.build(), options: PlanOptions(countsToggles: false))
        }

        func set(weight value: Int, of n: Int, lane: Int, output: Int) {
            simulation.inputs.set(weights, lane: 2 * (lanes * n + lane) + output, Int64(value))
        }
        func set(activation value: Int, of n: Int, lane: Int) {
            simulation.inputs.set(activations[n], lane: lane, Int64(value))
        }
        func sum(lane: Int, output: Int) -> Int { Int(simulation.state.value(sums, lane: 2 * lane + output)) }
    }

    static let bytes = -128...127

    /// All 2^16 pairs of a weight and an activation, beside every extreme weight of the neighbour, as lower and as upper one:
    /// three cycles later both are the integers' products, on wires that show the cycle before.
    @Test(arguments: [-128, -127, -1, 0, 1, 127], [0, 1])
    func everyProductBesideExtremes(partner: Int, output: Int) throws {
        let slices = try Slices(products: 1, lanes: 256)
        for (lane, weight) in Self.bytes.enumerated() {
            slices.set(weight: weight, of: 0, lane: lane, output: output)
            slices.set(weight: partner, of: 0, lane: lane, output: 1 - output)
        }
        var wrong = 0
        for cycle in 0..<256 + 4 {
            for lane in 0..<256 where cycle < 256 { slices.set(activation: cycle - 128, of: 0, lane: lane) }
            if cycle >= 4 {
                let x = cycle - 4 - 128
                for (lane, weight) in Self.bytes.enumerated() {
                    let isRight =
                        slices.sum(lane: lane, output: output) == x * weight
                        && slices.sum(lane: lane, output: 1 - output) == x * partner
                    if !isRight { wrong += 1 }
                }
            }
            try slices.simulation.step()
        }
        #expect(wrong == 0)
    }

    /// Sums of one to seven products, among them the largest and the smallest that there are, in both fields.
    @Test(arguments: 1...PackedProducts.mostProducts) func longestChainsHoldExtremeSums(products: Int) throws {
        // Operands of lower, upper weight and activation that stay the same along the chain, then random ones.
        let extremes = [-128, -127, 0, 127].flatMap { low in
            [-128, -127, 0, 127].flatMap { high in [-128, 127].map { (low, high, $0) } }
        }
        let lanes = extremes.count + 200
        let slices = try Slices(products: products, lanes: lanes)
        var random = SeededGenerator(seed: UInt64(products))
        var wanted = Array(repeating: (low: 0, high: 0), count: lanes)
        for lane in 0..<lanes {
            for n in 0..<products {
                func pick() -> Int {
                    let isAny = Bool.random(using: &random)
                    return isAny ? Int.random(in: Self.bytes, using: &random) : Bool.random(using: &random) ? -128 : 127
                }
                let (low, high, x) = lane < extremes.count ? extremes[lane] : (pick(), pick(), pick())
                slices.set(weight: low, of: n, lane: lane, output: 0)
                slices.set(weight: high, of: n, lane: lane, output: 1)
                slices.set(activation: x, of: n, lane: lane)
                wanted[lane].low += low * x
                wanted[lane].high += high * x
            }
        }
        // Operands stay: the last P has them all when the first product has come down the chain.
        for _ in 0..<products + 4 { try slices.simulation.step() }
        for lane in 0..<lanes {
            #expect(slices.sum(lane: lane, output: 0) == wanted[lane].low)
            #expect(slices.sum(lane: lane, output: 1) == wanted[lane].high)
        }
        #expect(wanted.map(\.low).max() == products << 14)
    }

    /// Seven products of -128 * -128 are 114,688, eight are 131,072: a signed number of 18 bits more than its largest.
    @Test func sevenProductsAreTheMost() {
        #expect(PackedProducts.mostProducts == 7 && PackedProducts.fieldBits == 18)
        #expect(PackedProducts.sumBits(7) == 18 && PackedProducts.sumBits(8) == 19)
        #expect(PackedProducts.sumBits(1) == 16 && PackedProducts.sumBits(3) == 17 && PackedProducts.sumBits(4) == 18)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var sizes: (pixels: Int, inputs: Int, outputs: Int)
        /// nil: a tree.
        var length: Int?
        var isExtreme = false
        var testDescription: String {
            "\(sizes.pixels)x\(sizes.inputs)x\(sizes.outputs), " + (length.map { "cascades of \($0)" } ?? "tree")
                + (isExtreme ? ", extremes" : "")
        }

        /// Every number of inputs, in a tree and in the longest chains that fit, every other with nothing but extremes.
        static let all: [Case] = (1...32).flatMap { inputs in
            let longest = (1...PackedProducts.mostProducts).last { inputs % $0 == 0 }
            return [nil, longest].enumerated().map { number, length in
                Case(
                    sizes: ([1, 1, 2, 3][inputs % 4], inputs, [2, 4, 6, 8, 16][inputs % 5]), length: length,
                    isExtreme: (inputs + number).isMultiple(of: 2))
            }
        }
        /// Some of them on both judges; all with `--long`.
        static var judged: [Case] {
            Tools.isLong ? all : [0, 1, 7, 9, 13, 15, 30, 41, 62, 63].map { all[$0] }
        }

        /// Neighbours share a beat: of an odd granule beats are twice as wide.
        var parameters: AcceleratorParameters {
            var result = AcceleratorParameters(
                .vpe(weightBits: 8), sizes.pixels, sizes.inputs, sizes.outputs, activationBits: 8, ifmap: 256,
                weights: 256, ofmap: 64)
            result.family = .packing(length)
            result.weightBeatRatio =
                result.granule.isMultiple(of: 2) ? [1, 2][sizes.inputs % 2] : [2, 4][sizes.inputs % 2]
            return result
        }

        /// A convolution of more channels than the array has, its sums kept over input groups, then a pooling.
        func bench(_ parameters: AcceleratorParameters, images: Int = 1) throws -> Bench {
            var maker = LayerMaker(.vpe(weightBits: 8), activationBits: 8, seed: UInt64(sizes.inputs))
            let shape = Shape(channels: sizes.inputs + 2, height: 3, width: 4)
            var first = maker.layer(
                "a", shape, .convolution(outputs: sizes.outputs + 1, groups: 1), Window(kernel: 3, pad: 1), relu: true)
            if isExtreme, case .convolution(let weights, let format, let groups) = first.operation {
                let few = weights.enumerated().map { $0.offset % 7 == 0 ? 127 : $0.offset % 11 == 0 ? 0 : Int32(-128) }
                first.operation = .convolution(weights: few, format: format, groups: groups)
            }
            let second = maker.layer(
                "b", from: "a", first.outputShape, sizes.inputs % 2 == 0 ? .maxPool : .sumPool,
                Window(kernel: 2, stride: 1))
            var bench = try Bench(
                parameters, QuantizedNetwork([first, second], activationBits: 8), images: images,
                timing: .init(latency: 3, bytesPerCycle65536: nil, stallSeed: sizes.inputs % 3 == 0 ? 7 : nil))
            if isExtreme {
                bench.inputs = bench.inputs.map { input in
                    IntegerTensor(shape: input.shape, values: input.values.map { $0 % 5 == 0 ? 127 : -128 })
                }
            }
            return bench
        }
    }

    @Test(arguments: Case.all)
    func equalsTheReferenceAndTheUnpackedArray(_ one: Case) throws {
        let bench = try one.bench(one.parameters, images: 2)
        var plain = one.parameters
        plain.family = .plain
        let wanted = try one.bench(plain, images: 2).run(keepsTensors: true)
        for toggles in [false, true] {
            let result = try bench.run(toggles: toggles, keepsTensors: true)
            #expect(result.plainKernelReason == nil)
            for (image, input) in bench.inputs.enumerated() {
                let oracle = try ReferenceModel.inferAll(bench.network, input: input)
                for name in ["a", "b"] {
                    #expect(firstDifference(result.tensors[image][name], oracle[name]) == nil, "\(name) of \(image)")
                    #expect(firstDifference(result.tensors[image][name], wanted.tensors[image][name]) == nil)
                }
            }
        }
    }

    /// Every register that streams have, in every block, and every bit of memory and toggle: the products are taken apart,
    /// and their sum is fused.
    @Test(arguments: Case.all)
    func streamsEqualThePlainKernel(_ one: Case) throws {
        let bench = try one.bench(one.parameters, images: 2)
        let data = try StreamedData(bench, one.testDescription)
        let ways = DataPathTests.ways
        for way in [ways[one.sizes.inputs % ways.count], DataWay(), DataWay(capacity: 1), DataWay(capacity: 3)] {
            let compared = try data.expectEqual(way)
            #expect(way.countsToggles || compared.sums == 1, "\(way)")
        }
    }

    @Test(
        .enabled(if: Tools.hasVerilator, Tools.noVerilator), .enabled(if: Tools.hasYosys, Tools.noYosys),
        arguments: Case.judged)
    func bothJudgesAgree(_ one: Case) throws {
        let scratch = try Scratch()
        let bench = try one.bench(one.parameters)
        let report = try CosimulationTests.simulation(bench, cycles: 20_000).run(against: .both, in: scratch.url)
        #expect(report.finished && report.verdicts.map(\.judge) == ["verilator", "yosys"])
        for verdict in report.verdicts { #expect(verdict.isEqual && verdict.signals == report.signals, "\(verdict)") }
    }
}
