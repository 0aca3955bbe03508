import Cosimulation
import Design
import Networks
import ReferenceModel
import Streams
import TestSupport
import Testing

@testable import Accelerator
@testable import Machine

/// Do products summed along DSP48E2 cascades of any length give the tree's bits, on the plain kernel, on streams and in the
/// emitted text?
@Suite(.serialized) struct CascadeTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var element: ProcessingElement
        var sizes: (pixels: Int, inputs: Int, outputs: Int)
        var length: Int
        var ratio = 1
        var testDescription: String {
            "\(element.name) \(element.weightBits), \(sizes.pixels)x\(sizes.inputs)x\(sizes.outputs), cascades of \(length)"
                + (ratio > 1 ? ", weights \(ratio) times as wide" : "")
        }

        /// Chains of 1 to 32 with all inputs; outputs that share a beat of weights, fill some, and straddle them.
        static let whole: [Case] = (1...32).map { length in
            let bits = [4, 8, 16][length % 3]
            let outputs = length > 8 ? [1, 2, 3][length % 3] : [3, 4, 5, 8][length % 4]
            return Case(
                element: .vpe(weightBits: bits), sizes: (length % 5 == 0 ? 2 : 1, length, outputs), length: length,
                ratio: length % 4 == 3 ? 4 : 1)
        }
        /// Several chains of a dot product.
        static let parts: [Case] = [
            Case(element: .vpe(weightBits: 8), sizes: (1, 8, 4), length: 4),
            Case(element: .vpe(weightBits: 16), sizes: (2, 12, 4), length: 4),
            Case(element: .vpe(weightBits: 8), sizes: (1, 12, 8), length: 6, ratio: 2),
            Case(element: .vpe(weightBits: 4), sizes: (3, 10, 3), length: 2),
            Case(element: .vpe(weightBits: 8), sizes: (1, 7, 5), length: 1),
            Case(element: .vpe(weightBits: 16), sizes: (1, 32, 2), length: 16),
            Case(element: .vpe(weightBits: 8), sizes: (4, 16, 16), length: 8),
        ]
        static var all: [Case] { whole + parts }
        /// The shortest and the longest, some between, on both judges; all of them with `--long`.
        static var judged: [Case] {
            Tools.isLong ? all : [1, 3, 7, 16, 32].map { whole[$0 - 1] } + [parts[2]]
        }

        var parameters: AcceleratorParameters {
            var result = AcceleratorParameters(
                element, sizes.pixels, sizes.inputs, sizes.outputs, activationBits: element.weightBits > 8 ? 16 : 8,
                ifmap: 256, weights: 256, ofmap: 64)
            result.family = .cascading(length)
            result.weightBeatRatio = ratio
            return result
        }

        /// A convolution of more channels than the array has, its sums kept over input groups, then a pooling.
        func bench(_ parameters: AcceleratorParameters, images: Int = 1) throws -> Bench {
            let bits = parameters.activationBits
            var maker = LayerMaker(element, activationBits: bits, seed: UInt64(length))
            let shape = Shape(channels: sizes.inputs + 2, height: 3, width: 4)
            let first = maker.layer(
                "a", shape, .convolution(outputs: sizes.outputs + 1, groups: 1), Window(kernel: 3, pad: 1), relu: true)
            let second = maker.layer(
                "b", from: "a", first.outputShape, length % 2 == 0 ? .maxPool : .sumPool, Window(kernel: 2, stride: 1))
            let network = QuantizedNetwork([first, second], activationBits: bits)
            return try Bench(
                parameters, network, images: images,
                timing: .init(latency: 3, bytesPerCycle65536: nil, stallSeed: length % 2 == 0 ? 7 : nil))
        }
    }

    @Test(arguments: Case.all)
    func equalsTheReferenceAndTheTree(_ one: Case) throws {
        let bench = try one.bench(one.parameters, images: 2)
        var tree = one.parameters
        tree.family = .plain
        let wanted = try one.bench(tree, images: 2).run(keepsTensors: true)
        for toggles in [false, true] {
            let result = try bench.run(toggles: toggles, keepsTensors: true)
            for (image, input) in bench.inputs.enumerated() {
                let oracle = try ReferenceModel.inferAll(bench.network, input: input)
                for name in ["a", "b"] {
                    #expect(firstDifference(result.tensors[image][name], oracle[name]) == nil, "\(name) of \(image)")
                    #expect(firstDifference(result.tensors[image][name], wanted.tensors[image][name]) == nil)
                }
            }
        }
    }

    /// Every register that streams have, in every block, and every bit of memory and toggle: one sum of products is fused.
    @Test(arguments: Case.all)
    func streamsEqualThePlainKernel(_ one: Case) throws {
        let bench = try one.bench(one.parameters, images: 2)
        let data = try StreamedData(bench, one.testDescription)
        let ways = DataPathTests.ways
        for way in [ways[one.length % ways.count], DataWay(), DataWay(capacity: 1), DataWay(capacity: 3)] {
            let compared = try data.expectEqual(way)
            // A tree of one register or none is no sum that is worth it.
            let isFused = !way.countsToggles && one.length > 1
            #expect(!isFused || compared.sums == 1, "\(way)")
        }
    }

    /// What the weights of a position share beats with is written and not read.
    @Test func weightPartsHaveWholeBeats() throws {
        let one = Case(element: .vpe(weightBits: 8), sizes: (1, 5, 5), length: 5)
        let parameters = one.parameters
        // Activations of 8 bits in granules of gcd(5, 5): beats of 5 weights, and each position has one for itself.
        #expect(parameters.weightsPerBeat == 5)
        var wide = parameters
        wide.weightBeatRatio = 2
        // Beats of 16: position 1 has lanes 5 to 9 of beat 0, position 3 lanes 15 to 19 of beats 0 and 1.
        #expect(wide.weightsPerBeat == 16)
        let design = try Accelerator(wide).design
        let lanes = design.nets.filter { $0.name.hasSuffix("_q") && $0.name.hasPrefix("weight") }.map(\.lanes)
        #expect(lanes == [5, 5, 5, 32, 5])
    }

    /// A Design that writes weights where they are read: position 0 has the old word, the others find the new one. Streams,
    /// which read all at once, notice, and the run is the plain kernel's.
    @Test func tornWordsRunPlainly() throws {
        let one = Case(element: .vpe(weightBits: 8), sizes: (1, 4, 4), length: 4)
        var parameters = one.parameters
        parameters.weightDepth = 64
        let whole = try Accelerator(parameters)
        var design = whole.design
        func isWeights(_ cell: MemoryCell) -> Bool { cell.name.hasPrefix("weight") }
        let address = design.cells.lazy.compactMap { cell -> Operand? in
            if case .memory(let memory) = cell, memory.name == "weight0" { return memory.readAddress }
            return nil
        }.first
        for index in design.cells.indices {
            guard case .memory(var cell) = design.cells[index], isWeights(cell) else { continue }
            cell.writeAddress = try #require(address)
            design.cells[index] = .memory(cell)
        }
        try design.validate()
        // Weights of five output groups, 18 words each: some are loaded while others are read.
        var maker = LayerMaker(one.element, activationBits: 8, seed: 4)
        let shape = Shape(channels: 6, height: 6, width: 6)
        let layer = maker.layer("a", shape, .convolution(outputs: 20, groups: 1), Window(kernel: 3, pad: 1))
        let network = QuantizedNetwork([layer], activationBits: 8)
        var options = MachineOptions(countsToggles: false)
        let bench = try Bench(Accelerator(whole, design: design), network, images: 2)
        let found = try bench.build.run(bench.inputs, options: options)
        #expect(found.plainKernelReason == "weights are written while a cascade reads them")
        options.engine = .plain
        let wanted = try bench.build.run(bench.inputs, options: options)
        #expect(found.outputs == wanted.outputs && found.perImage == wanted.perImage)
        #expect(try Bench(whole, network).run().plainKernelReason == nil)
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
