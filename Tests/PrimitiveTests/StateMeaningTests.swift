import Fabric
import Testing

/// Do the primitives with state mean what their data sheets say: latencies, priorities, power-up?
@Suite struct StateMeaningTests {
    @Test func resetComesBeforeEnable() {
        var register = RegisterMeaning(width: 4, signed: true, initial: 5)
        #expect(register.output == 5)
        register.clock(data: 7, enable: true, reset: false)
        #expect(register.output == 7)
        register.clock(data: 1, enable: false, reset: false)
        #expect(register.output == 7)
        register.clock(data: 1, enable: true, reset: true)
        #expect(register.output == 5)
        register.clock(data: 9, enable: true, reset: false)
        #expect(register.output == -7, "9 in four bits")
        register.clock(data: 1, enable: false, reset: true)
        #expect(register.output == 5, "a reset needs no enable")
    }

    @Test func shiftRegistersCountEnabledEdges() {
        var chain = ShiftRegisterMeaning(depth: 3)
        var seen: [Int64] = []
        for cycle in 1...8 {
            chain.clock(data: Int64(cycle), enable: cycle != 4)
            seen.append(chain.output)
        }
        #expect(seen == [0, 0, 1, 1, 2, 3, 5, 6])
    }

    private func ports(
        write: (enable: Bool, address: Int64, data: Int64) = (false, 0, 0), read: (Bool, Int64) = (false, 0),
        outputEnable: Bool = false
    ) -> BlockMemoryMeaning.Ports {
        BlockMemoryMeaning.Ports(write: write, read: read, outputEnable: outputEnable)
    }

    /// Read latency: 1 cycle to the latch, 2 to the output register.
    @Test func blockMemoriesReadInOneCycleOrTwo() {
        var memory = BlockMemoryMeaning(depth: 8, width: 6, signed: false)
        memory.clock(ports(write: (true, 3, 41)))
        #expect(memory.latch == 0)
        memory.clock(ports(read: (true, 3), outputEnable: true))
        #expect((memory.latch, memory.output) == (41, 0))
        memory.clock(ports(outputEnable: true))
        #expect((memory.latch, memory.output) == (41, 41))
        memory.clock(ports(read: (true, 2)))
        #expect((memory.latch, memory.output) == (0, 41), "without its enable the output register holds")
    }

    @Test func blockMemoriesReadFirst() {
        var memory = BlockMemoryMeaning(depth: 8, width: 6, signed: true)
        memory.clock(ports(write: (true, 1, 17)))
        memory.clock(ports(write: (true, 1, 40), read: (true, 1)))
        #expect(memory.latch == 17)
        memory.clock(ports(read: (true, 1)))
        #expect(memory.latch == -24, "40 in six bits")
    }

    @Test(arguments: [(1, 2), (2, 2), (5, 8), (512, 512), (700, 1024), (32768, 32768)])
    func addressesWrap(depth: Int, words: Int) {
        var memory = BlockMemoryMeaning(depth: depth, width: 8, signed: false)
        #expect(memory.words.count == words)
        memory.clock(ports(write: (true, Int64(words) + 1, 9)))
        memory.clock(ports(read: (true, 1 - 2 * Int64(words))))
        #expect(memory.latch == 9)
    }

    /// What P shows after a pulse at one port: its latency, and no other cycle.
    private func response(stagesB: Bool = false, _ pulse: (inout DSP48E2Meaning.Ports) -> Void) -> [Int64] {
        var slice = DSP48E2Meaning(stagesB: stagesB)
        var steady = DSP48E2Meaning.Ports()
        (steady.enableA, steady.enableB1, steady.enableB, steady.enableM, steady.enableC, steady.enableP) =
            (true, true, true, true, true, true)
        (steady.a, steady.b) = (1, 1)
        for _ in 0..<5 { slice.clock(steady) }
        let rest = slice.p
        var ports = steady
        pulse(&ports)
        return (0..<5).map { cycle in
            slice.clock(cycle == 0 ? ports : steady)
            return slice.p - rest
        }
    }

    @Test func multipliersHaveThreeStages() {
        #expect(response { $0.a = 11 } == [0, 0, 10, 0, 0])
        #expect(response { $0.b = 11 } == [0, 0, 10, 0, 0])
        #expect(response(stagesB: true) { $0.b = 11 } == [0, 0, 0, 10, 0])
        #expect(response { $0.c = 10 } == [0, 10, 0, 0, 0])
        #expect(response { $0.pcin = 10 } == [10, 0, 0, 0, 0])
    }

    /// W is the P before the edge, and nothing while OPMODE says 0.
    @Test func sumsStartAgainWhereWIsZero() {
        var slice = DSP48E2Meaning(stagesB: false)
        var ports = DSP48E2Meaning.Ports()
        (ports.enableC, ports.enableP, ports.addsP) = (true, true, true)
        ports.c = 5
        var seen: [Int64] = []
        for cycle in 0..<7 {
            ports.addsP = cycle != 4
            ports.enableP = cycle != 5
            slice.clock(ports)
            seen.append(slice.p)
        }
        // C is there from the second edge on; at the fifth one P starts again, at the sixth it holds.
        #expect(seen == [0, 5, 10, 15, 5, 5, 10])
    }

    @Test func registersOfAMultiplierHold() {
        var slice = DSP48E2Meaning(stagesB: false)
        var ports = DSP48E2Meaning.Ports()
        (ports.a, ports.b, ports.c, ports.pcin) = (3, 4, 5, 6)
        slice.clock(ports)
        #expect([slice.a, slice.b, slice.m, slice.c, slice.p] == [0, 0, 0, 0, 0])
        ports.enableA = true
        ports.enableC = true
        slice.clock(ports)
        #expect([slice.a, slice.b, slice.m, slice.c, slice.p] == [3, 0, 0, 5, 0])
        ports.enableB = true
        ports.enableP = true
        slice.clock(ports)
        #expect([slice.a, slice.b, slice.m, slice.c, slice.p] == [3, 4, 0, 5, 11])
        ports.enableM = true
        slice.clock(ports)
        #expect([slice.a, slice.b, slice.m, slice.c, slice.p] == [3, 4, 12, 5, 11])
        slice.clock(ports)
        #expect(slice.p == 23)
    }

    @Test func portsOfAMultiplierAreCut() {
        var slice = DSP48E2Meaning(stagesB: false)
        var ports = DSP48E2Meaning.Ports()
        (ports.enableA, ports.enableB, ports.enableM, ports.enableC, ports.enableP) = (true, true, true, true, true)
        (ports.a, ports.b, ports.c) = (67_108_864, 131_072, 140_737_488_355_328)
        slice.clock(ports)
        #expect(slice.a == -67_108_864)
        #expect(slice.b == -131_072)
        #expect(slice.c == -140_737_488_355_328)
        slice.clock(ports)
        #expect(slice.m == 8_796_093_022_208)
        ports.pcin = -8_796_093_022_209
        slice.clock(ports)
        #expect(slice.p == 140_737_488_355_327, "P wraps at 48 bits")
    }
}
