import Design
import Fabric
import Kernel
import Testing

/// Does the kernel's step of every primitive mean what LogicMeaning and StateMeaning say? With
/// PrimitiveTextTests: meaning, kernel and Verilator are one.
@Suite struct PrimitiveKernelTests {
    /// What drives a stimulus into the ports.
    private final class Driver: ExternalDevice {
        let design: Design
        let stimulus: Stimulus

        init(_ design: Design, _ stimulus: Stimulus) {
            self.design = design
            self.stimulus = stimulus
        }

        func drive(cycle: Int, _ inputs: InputPorts) {
            for (id, lanes) in zip(design.inputs, stimulus[cycle]) {
                for (lane, value) in lanes.enumerated() { inputs.set(id, lane: lane, value) }
            }
        }

        let wakeNets: [NetID] = []
        func clock(cycle: Int, _ state: StateView) -> Int { cycle + 1 }
    }

    /// Compares nets with the reference in every cycle.
    private final class Comparison: Observer {
        let window = 0..<Int.max
        var reference: ReferenceInterpreter
        let stimulus: Stimulus
        let nets: [NetID]
        private var wrong: Set<NetID> = []

        init(_ design: Design, _ stimulus: Stimulus, nets: [NetID]) throws {
            reference = try ReferenceInterpreter(design)
            self.stimulus = stimulus
            self.nets = nets
        }

        func observe(cycle: Int, _ state: StateView) {
            reference.settle(inputs: stimulus[cycle])
            for id in nets where !wrong.contains(id) {
                for (lane, wanted) in reference.values[id.index].enumerated() {
                    let found = state.value(id, lane: lane)
                    if found != wanted, wrong.insert(id).inserted {
                        let path = reference.design.path(of: id, lane: lane)
                        Issue.record("\(path), cycle \(cycle): \(found), expected \(wanted)")
                    }
                }
            }
            reference.edge()
        }
    }

    /// Every net, or, where the kernel may skip, every register and output.
    private func check(
        _ design: Design, cycles: Int, evaluatesEverything: Bool, toggles: Bool, seed: UInt64
    ) throws {
        let stimulus = RTLHarness.randomStimulus(design, cycles: cycles, seed: seed)
        let simulation = try Simulation(
            design, options: PlanOptions(countsToggles: toggles, evaluatesEverything: evaluatesEverything))
        let outputs = Set(design.outputs)
        let nets = design.nets.indices.map { NetID($0) }.filter {
            evaluatesEverything || design[$0].isRegister || outputs.contains($0)
        }
        simulation.attach(Driver(design, stimulus))
        simulation.attach(try Comparison(design, stimulus, nets: nets))
        for _ in 0..<cycles { try simulation.step() }
    }

    @Test(arguments: [false, true], [false, true])
    func logicEqualsItsMeaning(everything: Bool, toggles: Bool) throws {
        let design = try PrimitiveDesigns.logic()
        #expect(Set(design.cells.map(\.kind)).isSuperset(of: PrimitiveKind.allCases.filter(\.isLogic)))
        try check(design, cycles: 400, evaluatesEverything: everything, toggles: toggles, seed: 1)
    }

    @Test(arguments: [false, true], [false, true])
    func stateEqualsItsMeaning(everything: Bool, toggles: Bool) throws {
        let design = try PrimitiveDesigns.state()
        #expect(Set(design.cells.map(\.kind)).isSuperset(of: PrimitiveKind.allCases.filter { !$0.isLogic }))
        try check(design, cycles: 600, evaluatesEverything: everything, toggles: toggles, seed: 1)
    }

    @Test(arguments: [false, true], [false, true])
    func mixedDesignEqualsItsMeaning(everything: Bool, toggles: Bool) throws {
        try check(
            try MixedDesign.make(), cycles: 2000, evaluatesEverything: everything, toggles: toggles, seed: 7)
    }

    /// Lanes that read other lanes of the same bank, forwards and backwards, see them as they were before the edge.
    @Test(arguments: [false, true], [false, true])
    func lanesReadTheirNeighbours(everything: Bool, toggles: Bool) throws {
        var builder = DesignBuilder(name: "neighbours")
        let x = builder.inArray("source", lanes: 8) { $0.input("x", width: 9, signed: true) }
        let load = builder.input("load", width: 1)
        for (name, map) in [("up", (7, -1)), ("down", (1, 1))] {
            // Lane i takes lane i - 1 or i + 1 of its own register; the last one 0 or lane 7.
            let limit = 7
            builder.inArray(name, lanes: 8) { builder in
                let q = builder.register("q", width: 9, signed: true)
                let rotated = q.mapped(
                    [.init(8, stride: map.1, limit: map.1 > 0 ? limit : nil)], offset: map.1 > 0 ? 1 : map.0)
                let next = builder.register("plain", width: 9, signed: true)
                builder.connect(next, next: rotated)
                builder.output(next)
                builder.connect(q, next: builder.logic(.multiplex, [load, x, rotated], width: 9, signed: true))
                builder.output(q)
                let own = builder.register("own", width: 9, signed: true)
                let neighbours = own.mapped(
                    [.init(8, stride: map.1, limit: map.1 > 0 ? limit : nil)], offset: map.1 > 0 ? 1 : map.0)
                builder.connect(own, next: neighbours, enable: 1, reset: load, initial: 5)
                builder.output(own)
            }
        }
        let ring = builder.inArray("ring", lanes: 8) { builder in
            let q = builder.register("q", width: 9, signed: true)
            // A lane of zeros moves in at lane 0 behind those that shift to the next lane.
            builder.connect(
                q, next: q.mapped([.init(2, stride: 0, limit: 1), .init(4, stride: 1)], offset: 0), enable: nil,
                reset: load, initial: -3)
            return q
        }
        builder.output(ring)
        try check(
            try builder.build(), cycles: 200, evaluatesEverything: everything, toggles: toggles, seed: 2)
    }

    @Test(arguments: CornerDesign.allCases)
    func cornersEqualTheirMeaning(_ corner: CornerDesign) throws {
        for (everything, toggles) in [(false, false), (false, true), (true, false), (true, true)] {
            try check(
                try corner.make(), cycles: 60, evaluatesEverything: everything, toggles: toggles, seed: 3)
        }
    }

    /// Toggles are the bits of registers that change at clock edges, here as the reference counts them.
    @Test func togglesAreBitsThatChange() throws {
        for design in [try MixedDesign.make(), try PrimitiveDesigns.state()] {
            let stimulus = RTLHarness.randomStimulus(design, cycles: 300, seed: 3)
            let simulation = try Simulation(design, options: PlanOptions(countsToggles: true))
            simulation.attach(Driver(design, stimulus))
            var reference = try ReferenceInterpreter(design)
            var wanted = [UInt64](repeating: 0, count: design.nets.count)
            for inputs in stimulus {
                try simulation.step()
                reference.settle(inputs: inputs)
                let before = reference.values
                reference.edge()
                for (index, net) in design.nets.enumerated() where net.isRegister {
                    for (old, new) in zip(before[index], reference.values[index]) {
                        let changed = UInt64(bitPattern: old ^ new) & ((1 << UInt64(net.width)) - 1)
                        wanted[index] += UInt64(changed.nonzeroBitCount)
                    }
                }
            }
            for (index, net) in design.nets.enumerated() where net.isRegister {
                let counted = simulation.toggleCount(NetID(index))
                #expect(counted == wanted[index], "\(design.path(of: NetID(index)))")
            }
        }
    }
}
