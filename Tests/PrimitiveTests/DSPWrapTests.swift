import Design
import Fabric
import Kernel
import Testing

/// Does P of a DSP48E2 stay within 48 bits, as UG579 says of its adder: modulo 2^48, in its meaning and in the kernel, for
/// each way in which P is summed? No legal network gets there (the quantizer and the oracle hold sums to 48 bits), so
/// that only these tests do.
@Suite struct DSPWrapTests {
    /// What P adds.
    enum Sum: String, CaseIterable {
        case productAndC, productAndCascade, cAndCascade
    }

    /// 2^47 - 1, the largest P.
    private static let largest = (Int64(1) << 47) - 1

    private func design(_ sum: Sum, lanes: Int) throws -> (Design, NetID) {
        var builder = DesignBuilder(name: "wrap")
        let p = builder.inArray("lane", lanes: lanes) { builder in
            let (a, b) = (builder.input("a", width: 27, signed: true), builder.input("b", width: 18, signed: true))
            let c = builder.input("c", width: 48, signed: true)
            let all = DesignBuilder.CascadeEnables(a: 1, b1: 1, b2: 1, m: 1, p: 1)
            switch sum {
            case .productAndC:
                return builder.dsp("dsp", a: a, b: b, c: c, enables: .init(operands: 1, m: 1, c: 1, p: 1))
            case .productAndCascade:
                let first = builder.dspAdder("first", c: c, cascade: nil, bits: 48, enables: (c: 1, p: 1))
                return builder.dspCascade("dsp", a: a, b: b, cascade: first, bits: 48, enables: all)
            case .cAndCascade:
                let first = builder.dspAdder("first", c: c, cascade: nil, bits: 48, enables: (c: 1, p: 1))
                let product = builder.logic(.slice, [a], width: 18, signed: true)
                return builder.dspAdder("dsp", c: product, cascade: first, bits: 48, enables: (c: 1, p: 1))
            }
        }
        builder.output(p)
        return (try builder.build(), p.id)
    }

    /// 2^47 - 1 + 1 is -2^47, and -2^47 - 1 is 2^47 - 1; held long enough for any pipeline to fill.
    @Test(arguments: Sum.allCases, [false, true]) func sumsWrapInTheKernel(sum: Sum, toggles: Bool) throws {
        for lanes in [1, 5] {
            let (design, p) = try design(sum, lanes: lanes)
            let simulation = try Simulation(design, options: PlanOptions(countsToggles: toggles))
            for (c, step) in [(Self.largest, Int64(1)), (-Self.largest - 1, -1)] {
                for id in design.inputs {
                    let name = design.path(of: id)
                    for lane in 0..<lanes {
                        let value = name.hasSuffix(".c") ? c : name.hasSuffix(".a") ? step : 1
                        simulation.inputs.set(id, lane: lane, value)
                    }
                }
                for _ in 0..<8 { try simulation.step() }
                let wrapped = step > 0 ? -Self.largest - 1 : Self.largest
                for lane in 0..<lanes { #expect(simulation.state.value(p, lane: lane) == wrapped, "\(c) + \(step)") }
            }
        }
    }

    /// P adds the product 2^43 to itself and never starts again: 2^47 after 16 times is -2^47, after 32 times it is 0.
    @Test(arguments: [false, true]) func accumulatorsWrapInTheKernel(toggles: Bool) throws {
        for lanes in [1, 5] {
            var builder = DesignBuilder(name: "wrap")
            let p = builder.inArray("lane", lanes: lanes) { builder in
                let (a, b) = (builder.input("a", width: 27, signed: true), builder.input("b", width: 18, signed: true))
                return builder.dspProduct(
                    "dsp", a: a, b: b, link: .init(before: nil, starts: 0, bits: 48),
                    enables: .init(operands: 1, m: 1, p: 1))
            }
            builder.output(p)
            let simulation = try Simulation(try builder.build(), options: PlanOptions(countsToggles: toggles))
            for id in simulation.design.inputs {
                let isA = simulation.design.path(of: id).hasSuffix(".a")
                for lane in 0..<lanes { simulation.inputs.set(id, lane: lane, isA ? -1 << 26 : -1 << 17) }
            }
            // A and B, M, then one product a cycle.
            for _ in 0..<2 { try simulation.step() }
            for count in 1...40 {
                try simulation.step()
                let sum = Int64(count) << 43
                let wrapped = (sum << 16) >> 16
                for lane in 0..<lanes { #expect(simulation.state.value(p.id, lane: lane) == wrapped, "\(count)") }
            }
        }
    }

    @Test func sumsWrapInTheMeaning() {
        var slice = DSP48E2Meaning(stagesB: false)
        var ports = DSP48E2Meaning.Ports()
        (ports.a, ports.b, ports.c, ports.pcin) = (1, 1, Self.largest, 0)
        (ports.enableA, ports.enableB, ports.enableM, ports.enableC, ports.enableP) = (true, true, true, true, true)
        for _ in 0..<4 { slice.clock(ports) }
        #expect(slice.p == -Self.largest - 1)
        ports.pcin = -1
        slice.clock(ports)
        #expect(slice.p == Self.largest)
    }
}
