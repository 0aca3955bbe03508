import Accelerator
import Networks
import ReferenceModel
import TestSupport
import Testing

@testable import Schedule
@testable import Support

/// Do mixes of filters of one and of two terms take F1 + 2 * F2 passes on lanes of one term, with the same bits?
@Suite struct FilterGroupingTests {
    private static let element = ProcessingElement.svpe(weightBits: 4)
    private static let groups = 4

    private func parameters(terms: Int = 1, convolver: Bool = false, inputs: Int = 3) -> AcceleratorParameters {
        var p = AcceleratorParameters(
            Self.element, convolver ? 1 : 2, inputs, Self.groups, ifmap: 4096, weights: 4096, ofmap: 2048, terms: terms)
        if convolver { p.family = .convolver(ConvolverParameters(kernel: 3, psumDepth: 512)) }
        return p
    }

    /// Filters of two terms are every other one, so that in the network's order no output group is without one.
    private func layer(_ filters: [Int], input: Shape, window: Window) -> QuantizedLayer {
        var maker = LayerMaker(Self.element, activationBits: 16, seed: 5)
        maker.filterTerms = filters
        return maker.layer("a", input, .convolution(outputs: filters.count, groups: 1), window)
    }

    @Test(arguments: [false, true], [(8, 8), (4, 12), (12, 4), (16, 0), (0, 16)])
    func steadyPartIsOnePassForEachTerm(convolver: Bool, filters: (one: Int, two: Int)) throws {
        let pattern = (0..<filters.one + filters.two).map { $0 * filters.two % 16 < filters.two ? 2 : 1 }
        let (input, window) = (Shape(channels: 7, height: 6, width: 8), Window(kernel: 3, pad: 1))
        let layer = layer(pattern, input: input, window: window)
        let bench = try Bench(
            parameters(convolver: convolver), QuantizedNetwork([layer], activationBits: 16)
        ).firstFit()
        let plan = bench.compiled.layers[0]
        #expect(plan.filters == [0, filters.one, filters.two])
        #expect(plan.filterPasses(terms: 1) == filters.one + 2 * filters.two)
        let run = try bench.run(keepsTensors: true)
        // Passes of output groups: (F1 + 2 * F2) / Pn, F1 and F2 being multiples of Pn.
        let passes = (filters.one + 2 * filters.two) / Self.groups
        // vector: every pass takes ceil(W / Pp) * H positions, ceil(M / Pm) words of inputs and K * K steps each.
        let vector = (8 + 1) / 2 * 6 * ((7 + 2) / 3) * 3 * 3
        // convolver: every pass takes ceil(M / Pm) streams of H * W slots and a row for the padding below.
        let stream = ((7 + 2) / 3) * (6 * 8 + 8)
        #expect(run.perImage.compute == passes * (convolver ? stream : vector))
        #expect(run.tensors[0]["a"] == (try ReferenceModel.infer(bench.network, input: bench.inputs[0])))
    }

    /// The second stretch finds the ifmap in the buffer: features are loaded as often as for filters of one term.
    @Test func bothStretchesShareTheIfmap() throws {
        let (input, window) = (Shape(channels: 6, height: 5, width: 5), Window(kernel: 3, pad: 1))
        let features = try [[1], [1, 2]].map { filters in
            let pattern = (0..<8).map { filters[$0 % filters.count] }
            let network = QuantizedNetwork([layer(pattern, input: input, window: window)], activationBits: 16)
            let compiled = try Scheduler.compile(
                network, for: parameters(), options: ScheduleOptions(search: .firstFit))
            return compiled.program.count {
                $0[CommonField.opcode] == Opcode.load.rawValue && $0[LoadField.target] == LoadTarget.ifmap.rawValue
            }
        }
        #expect(features[0] == features[1] && features[0] > 0)
    }

    /// Where a pass takes all terms, or every filter has one, nothing is moved.
    @Test func orderIsKeptWhereNothingIsWon() throws {
        let (input, window) = (Shape(channels: 6, height: 5, width: 5), Window(kernel: 3, pad: 1))
        for (filters, terms, moves) in [([2, 1], 1, true), ([2, 1], 2, false), ([1], 1, false), ([2], 1, false)] {
            let pattern = (0..<8).map { filters[$0 % filters.count] }
            let network = QuantizedNetwork([layer(pattern, input: input, window: window)], activationBits: 16)
            let orders = try Scheduler.compile(network, for: parameters(terms: terms)).orders
            #expect(orders.isEmpty != moves)
            if moves { #expect(orders["a"] == [1, 3, 5, 7, 0, 2, 4, 6]) }
        }
    }

    /// Concatenations of moved parts, and what must stay.
    @Test func tiesAreKept() {
        let input = Shape(channels: 2, height: 4, width: 4)
        var maker = LayerMaker(Self.element, activationBits: 16, seed: 6)
        maker.filterTerms = [2, 1]
        let point = Window(kernel: 1)
        let a = maker.layer("a", input, .convolution(outputs: 4, groups: 1), point)
        let b = maker.layer("b", input, .convolution(outputs: 4, groups: 1), point)
        var both = a.outputShape
        both.channels = 8
        var grouped = maker.layer("c", from: "ab", both, .convolution(outputs: 4, groups: 1), point)
        let d = maker.layer("d", from: "c", grouped.outputShape, .maxPool, point)
        let e = maker.layer("e", from: "d", d.outputShape, .convolution(outputs: 4, groups: 2), point)
        grouped.residual = nil
        var network = QuantizedNetwork([a, b, grouped, d, e], activationBits: 16)
        network.concatenations = [Concatenation(name: "ab", parts: ["a", "b"])]
        let orders = ChannelOrder(network, parameters()).orders
        #expect(orders["a"] == [1, 3, 0, 2] && orders["b"] == [1, 3, 0, 2])
        #expect(orders["ab"] == [1, 3, 0, 2, 5, 7, 4, 6])
        // The blocks of e's groups keep their channels; a pooling has the order of its input.
        #expect(orders["c"] == [1, 0, 3, 2] && orders["d"] == [1, 0, 3, 2] && orders["e"] == [1, 0, 3, 2])
        #expect(orders[Network.inputName] == nil)
    }

    /// The reference model on the moved network gives the moved tensors: pre-activations, poolings and groups move too.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func movedNetworkIsTheSame(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let network = mix(&random, preActivations: true, branches: true)
        let moved = ChannelOrder(network, parameters())
        let input = IntegerTensor.random(network.input, bits: 16, &random)
        let (wanted, found) = try (
            ReferenceModel.inferAll(network, input: input), ReferenceModel.inferAll(moved.network, input: input)
        )
        for (name, tensor) in wanted {
            let order = moved.orders[name] ?? Array(0..<tensor.shape.channels)
            #expect(order.sorted() == Array(0..<tensor.shape.channels))
            let positions = tensor.shape.height * tensor.shape.width
            let values = order.flatMap { tensor.values[$0 * positions..<($0 + 1) * positions] }
            #expect(found[name]?.values == values, "\(name)")
        }
    }

    /// Residual additions, poolings and groups between mixed layers, on both families, with one and with two terms.
    @Test(arguments: 1...24 as ClosedRange<UInt64>, [false, true])
    func networksOfMixesGiveTheSameBits(seed: UInt64, convolver: Bool) throws {
        var random = SeededGenerator(seed: seed)
        let network = mix(&random, preActivations: false, branches: false)
        var compute: [Int] = []
        for terms in 1...2 {
            let bench = try Bench(parameters(terms: terms, convolver: convolver, inputs: 4), network, seed: seed)
                .firstFit()
            let run = try bench.run(keepsTensors: true)
            let wanted = try ReferenceModel.inferAll(network, input: bench.inputs[0])
            for layer in network.layers { #expect(run.tensors[0][layer.name] == wanted[layer.name], "\(layer.name)") }
            #expect(run.outputs[0] == wanted[network.layers.last!.name])
            compute.append(run.perImage.compute)
        }
        #expect(compute[0] >= compute[1])
    }

    /// Layers of mixed filters with residuals, poolings and groups; on request with pre-activations and a concatenation.
    private func mix(
        _ random: inout SeededGenerator, preActivations: Bool, branches: Bool
    ) -> QuantizedNetwork {
        var maker = LayerMaker(Self.element, activationBits: 16, seed: random.next())
        maker.mostTerms = 2
        let input = Shape(channels: Int.random(in: 1...6, using: &random), height: 6, width: 6)
        let channels = 2 * Int.random(in: 2...6, using: &random)
        var layers: [QuantizedLayer] = []
        var concatenations: [Concatenation] = []
        var (last, shape) = (Network.inputName, input)
        for index in 0..<5 {
            let groups = index > 1 && shape.channels % 2 == 0 && Bool.random(using: &random) ? 2 : 1
            let isPool = index > 0 && Int.random(in: 0...3, using: &random) == 0
            let operation: MadeOperation = isPool ? .maxPool : .convolution(outputs: channels, groups: groups)
            let same = layers.last { $0.outputShape.channels == (isPool ? shape.channels : channels) }
            let residual = same?.outputShape.height == shape.height && Bool.random(using: &random) ? same?.name : nil
            var layer = maker.layer(
                "l\(index)", from: last, shape, operation, Window(kernel: 3, pad: 1), residual: residual,
                relu: Bool.random(using: &random))
            if preActivations, Bool.random(using: &random) {
                layer.preActivation = preActivation(shape.channels, &random)
            }
            layers.append(layer)
            (last, shape) = (layer.name, layer.outputShape)
            if branches, index == 2, let first = layers.first {
                concatenations = [Concatenation(name: "both", parts: [first.name, layer.name])]
                last = "both"
                shape.channels += first.outputShape.channels
            }
        }
        var network = QuantizedNetwork(layers, activationBits: 16)
        network.concatenations = concatenations
        return network
    }

    private func preActivation(_ channels: Int, _ random: inout SeededGenerator) -> PreActivation {
        PreActivation(
            multiplier: (0..<channels).map { _ in Int32.random(in: -999...999, using: &random) },
            bias: (0..<channels).map { _ in Int64.random(in: -99999...99999, using: &random) }, shift: 10, relu: true,
            exponent: 0)
    }
}
