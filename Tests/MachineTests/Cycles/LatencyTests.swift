import Accelerator
import Design
import Kernel
import Networks
import TestSupport
import Testing

/// When does a step of the loop nest first show at each stage of the machine: not a cycle before, and then?
@Suite struct LatencyTests {
    /// First cycle, counted from the first issue, in which each net is not zero.
    final class FirstCycles: Observer {
        let window = 0..<Int.max
        let design: Design
        let issue: NetID
        private(set) var issued: Int?
        private(set) var first: [NetID: Int] = [:]

        init(_ accelerator: Accelerator) {
            design = accelerator.design
            issue = accelerator.probes.compute.issue
        }

        func observe(cycle: Int, _ state: StateView) {
            if issued == nil, state.value(issue) != 0 { issued = cycle }
            for index in design.nets.indices where first[NetID(index)] == nil {
                let id = NetID(index)
                if (0..<design[id].lanes).contains(where: { state.value(id, lane: $0) != 0 }) { first[id] = cycle }
            }
        }

        func expectEarliest(_ path: String, cycle: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
            let index = try #require(
                design.nets.indices.first { design.path(of: NetID($0)) == path }, "no net \(path)",
                sourceLocation: sourceLocation)
            let issued = try #require(issued, sourceLocation: sourceLocation)
            let found = try #require(first[NetID(index)], "\(path) stays 0", sourceLocation: sourceLocation)
            #expect(
                found - issued == cycle, "\(path): \(found - issued) cycles after the issue, not \(cycle)",
                sourceLocation: sourceLocation)
        }
    }

    /// A pointwise layer of one step per result: every weight 1, every activation and bias positive.
    static func run(_ parameters: AcceleratorParameters, pool: Bool = false) throws -> FirstCycles {
        let shape = Shape(channels: parameters.inputs, height: 2, width: 4)
        let outputs = pool ? shape.channels : parameters.outputs
        let weights = [Int32](repeating: 1, count: outputs * shape.channels)
        let layer = QuantizedLayer(
            name: "a", kind: "convolution",
            operation: pool ? .sumPool : .convolution(weights: weights, format: .fixed(bits: 8), groups: 1),
            window: Window(kernel: 1), input: Network.inputName, residual: nil, inputShape: shape,
            outputShape: Shape(channels: outputs, height: 2, width: 4),
            requantization: Requantization(
                preShift: 0, multiplier: [Int32](repeating: 256, count: outputs),
                bias: [Int64](repeating: 1 << 10, count: outputs), shift: 8, relu: false),
            outputExponent: 0, macs: 0)
        var bench = try Bench(parameters, QuantizedNetwork([layer], activationBits: parameters.activationBits))
        bench.inputs = [IntegerTensor(shape: shape, values: (0..<shape.count).map { Int32(1 + $0 % 50) })]
        let simulation = try bench.simulation(PlanOptions(countsToggles: false, evaluatesEverything: true))
        let observer = FirstCycles(bench.accelerator)
        simulation.attach(observer)
        #expect(try simulation.run(stop: bench.accelerator.ports.done, limit: 10_000) != .limit(cycle: 10_000))
        return observer
    }

    @Test(arguments: [1, 2, 5, 8])
    func shiftLanes(inputs: Int) throws {
        let parameters = AcceleratorParameters(.svpe(weightBits: 3), 2, inputs, 3)
        let cycles = try Self.run(parameters)
        try cycles.expectEarliest("top.array.ifmap_lane[0].ifmap_q", cycle: 2)  // latch, output register
        try cycles.expectEarliest("top.array.weight_lane[0].weight_q", cycle: 2)
        try cycles.expectEarliest("top.array.pe[0].shifted", cycle: 2)  // logic of the same cycle
        try cycles.expectEarliest("top.array.pe[0].product", cycle: 2 + 1)  // product register
        if inputs % 2 == 0 {
            // The second lane of a pair: its operands wait beside the product, and meet it as it is added.
            try cycles.expectEarliest("top.array.ifmap_waiting[0].value", cycle: 2 + 1)
            try cycles.expectEarliest("top.array.weight_waiting[0].value", cycle: 2 + 1)
            try cycles.expectEarliest("top.array.tree1[0].shifted", cycle: 2 + 1)
        }
        try expectBehindTheLanes(cycles, parameters, products: 2 + 1)
    }

    @Test(arguments: [8, 16], [1, 3, 8])
    func multiplierLanes(bits: Int, inputs: Int) throws {
        let parameters = AcceleratorParameters(.vpe(weightBits: bits), 1, inputs, 2)
        let cycles = try Self.run(parameters)
        try cycles.expectEarliest("top.array.pe[0].dsp.A_REG", cycle: 2 + 1)
        try cycles.expectEarliest("top.array.pe[0].dsp.B_REG", cycle: 2 + 1)
        try cycles.expectEarliest("top.array.pe[0].dsp.M_REG", cycle: 2 + 2)
        try cycles.expectEarliest("top.array.pe[0].dsp.P", cycle: 2 + 3)
        try cycles.expectEarliest("top.array.pe[0].product", cycle: 2 + 3)  // wires of P
        try expectBehindTheLanes(cycles, parameters, products: 2 + 3)
    }

    /// Position n of a chain works n cycles behind position 0; the last P accumulates where one chain has all inputs.
    @Test(arguments: [(8, 8), (6, 3), (4, 1), (1, 1), (16, 16)])
    func cascades(inputs: Int, length: Int) throws {
        var parameters = AcceleratorParameters(.vpe(weightBits: 8), 2, inputs, 3)
        parameters.family = .cascading(length)
        let cycles = try Self.run(parameters)
        for n in 0..<length {
            // Activations: the buffer, n stages. Weights: the address n cycles later, the buffer.
            if n > 0 { try cycles.expectEarliest("top.array.skew\(n)[0].x", cycle: 2 + n) }
            try cycles.expectEarliest("top.array.weight\(n)_lane[0].weight\(n)_q", cycle: n + 2)
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.A_REG", cycle: 2 + n + 1)
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.B_REG", cycle: 2 + n + 1)
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.M_REG", cycle: 2 + n + 2)
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.P", cycle: 2 + n + 3)
        }
        let summed = 2 + length - 1 + 3
        guard length < inputs else {
            try cycles.expectEarliest("top.array.accumulator[0].value", cycle: summed)  // wires of P
            return try expectRequantization(cycles, from: summed)
        }
        var levels = 0
        while 1 << levels < inputs / length {
            levels += 1
            try cycles.expectEarliest("top.array.tree\(levels)[0].sum", cycle: summed + levels)
        }
        try cycles.expectEarliest("top.array.accumulator[0].value", cycle: summed + levels + 1)
        try expectRequantization(cycles, from: summed + levels + 1)
    }

    /// Slices of two products: as cascades, with the tree behind them and an accumulator of LUTs; without cascades the tree
    /// begins behind the first P.
    @Test(arguments: [(8, 4), (6, 6), (4, nil), (1, 1), (14, 7)] as [(Int, Int?)])
    func packedProducts(inputs: Int, length: Int?) throws {
        var parameters = AcceleratorParameters(.vpe(weightBits: 8), 2, inputs, 4, activationBits: 8)
        parameters.family = .packing(length)
        parameters.weightBeatRatio = inputs.isMultiple(of: 2) ? 1 : 2
        let cycles = try Self.run(parameters)
        for n in 0..<(length ?? 1) {
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.A_REG", cycle: 2 + n + 1)
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.M_REG", cycle: 2 + n + 2)
            try cycles.expectEarliest("top.array.pe\(n)[0].dsp.P", cycle: 2 + n + 3)
        }
        try cycles.expectEarliest("top.array.pe0[0].dsp.C_REG", cycle: 2 + 2)
        let summed = 2 + (length ?? 1) - 1 + 3
        var levels = 0
        while 1 << levels < inputs / (length ?? 1) { levels += 1 }
        try cycles.expectEarliest("top.array.accumulator[0].value", cycle: summed + levels + 1)
        try expectRequantization(cycles, from: summed + levels + 1)
    }

    private func expectBehindTheLanes(
        _ cycles: FirstCycles, _ parameters: AcceleratorParameters, products: Int
    ) throws {
        var levels = 0
        while 1 << levels < parameters.inputs {
            levels += 1
            try cycles.expectEarliest("top.array.tree\(levels)[0].sum", cycle: products + levels)
        }
        let accumulated = products + levels + 1
        try cycles.expectEarliest("top.array.accumulator[0].value", cycle: accumulated)
        try expectRequantization(cycles, from: accumulated)
    }

    private func expectRequantization(_ cycles: FirstCycles, from accumulated: Int) throws {
        try cycles.expectEarliest("top.post.result[0].dsp.A_REG", cycle: accumulated + 1)
        try cycles.expectEarliest("top.post.result[0].biased", cycle: accumulated + 1)
        try cycles.expectEarliest("top.post.result[0].dsp.M_REG", cycle: accumulated + 2)
        try cycles.expectEarliest("top.post.result[0].dsp.P", cycle: accumulated + 3)
        try cycles.expectEarliest("top.post.result[0].rounded", cycle: accumulated + 4)
        // Saturated value and the write enable of the ofmap buffer, in the same cycle.
        try cycles.expectEarliest("top.post.result[0].value", cycle: accumulated + 5)
        try cycles.expectEarliest("top.post.valid7", cycle: accumulated + 5)
    }

    @Test func poolingLanes() throws {
        let cycles = try Self.run(AcceleratorParameters(.svpe(weightBits: 3), 2, 4, 4), pool: true)
        try cycles.expectEarliest("top.array.pool[0].value", cycle: 2 + 1)
        try expectRequantization(cycles, from: 2 + 1)
    }
}
