import Accelerator
import Kernel
import Machine
import Networks
import Schedule
import Support
import TestSupport
import Testing

@testable import ExternalMemory

/// Do the accelerator's AXI ports take the cycles that their registers and clocks have, and ask as AXI allows?
@Suite struct MemoryPortTests {
    /// Two clocks in kHz.
    struct Clocks: CustomTestStringConvertible, Sendable {
        var core: Int
        var port: Int
        var testDescription: String { "core \(core), ports \(port) kHz" }

        static let all = [(200, 200), (200, 100), (100, 200), (200, 300), (281, 333), (333, 281), (200, 50)].map {
            Clocks(core: $0.0 * 1000, port: $0.1 * 1000)
        }

        /// The first edge of the ports' clock after edge `k` of the core's, at k / core, and the other way round. At a
        /// common edge either side sees what was before it.
        func portEdge(after k: Int) -> Int { k * port / core + 1 }
        func coreEdge(after e: Int) -> Int { e * core / port + 1 }
    }

    // MARK: latency

    /// Edge k of the core's clock ends cycle k - 1. A request of cycle t is taken at edge t + 1; the splitter puts a
    /// burst into the FIFO of commands at t + 2. The ports' clock sees it two edges after its first one from there (two
    /// flip-flops): AR. A beat of AXI comes `latency` edges later, one an edge, and a beat of the core may need several.
    /// The core sees the last of them two edges after its first one from there, moves the line into the latch at that
    /// edge, and has it in the cycle behind it. At equal clocks: 1 + 1 + 3 + latency + 3 = 8 + latency.
    @Test(arguments: Clocks.all, [1, 2, 9, 40])
    func anIsolatedLoad(clocks: Clocks, latency: Int) throws {
        for (beatBytes, start) in [(4, 0), (16, 3), (16, 50), (64, 7)] {
            let settings = PortSettings(ports: 2, coreKHz: clocks.core, portKHz: clocks.port)
            let bench = try PortBench(
                settings, .fixed(latency: latency, stallSeed: nil), beatBytes: beatBytes, start: start)
            bench.master.reads = [(address: 4096, beats: 1)]
            try bench.run(start + 20 + (latency + 8) * (1 + clocks.core / clocks.port))
            let accepted = try #require(bench.master.readsAccepted.first)
            let address = clocks.portEdge(after: accepted + 2) + 2
            let lastBeat = address + latency + max(1, beatBytes / 16) - 1
            let valid = clocks.coreEdge(after: lastBeat) + 2
            #expect(accepted == start && bench.slave.reads.map(\.edge) == [address])
            #expect(bench.master.readBeats == [valid], "\(beatBytes) bytes from cycle \(start)")
            if clocks.core == clocks.port { #expect(valid == start + 8 + latency + max(1, beatBytes / 16) - 1) }
        }
    }

    /// As a load of beats of 16 bytes; the instruction's other beats follow, one an edge of the ports' clock, or one a
    /// cycle where that is slower.
    @Test(arguments: Clocks.all)
    func anIsolatedFetch(clocks: Clocks) throws {
        let settings = PortSettings(ports: 1, coreKHz: clocks.core, portKHz: clocks.port)
        let bench = try PortBench(settings, .fixed(latency: 9, stallSeed: nil), beatBytes: 16)
        bench.master.fetches = [160]
        try bench.run(300)
        let first = clocks.portEdge(after: 2) + 2 + 9
        var valid: [Int] = []
        for beat in 0..<3 { valid.append(max((valid.last ?? 0) + 1, clocks.coreEdge(after: first + beat) + 2)) }
        #expect(bench.master.fetchBeats == valid)
    }

    /// A beat of cycle t is taken at edge t + 1. The burst ends at t + 2, since no beat follows, and its line and command
    /// go into their FIFOs. Of the ports' clock two flip-flops, and at the next edge AW and the latch of the line, at the
    /// one behind it the counter of beats, then W. The response comes `latency` edges after the last beat of W; the core
    /// sees it through two flip-flops, notes it, and is settled in the cycle behind. At equal clocks:
    /// 1 + 1 + 3 + 2 + latency + 3 = 10 + latency.
    @Test(arguments: Clocks.all, [1, 9])
    func anIsolatedStoreIsSettled(clocks: Clocks, latency: Int) throws {
        for (beatBytes, start) in [(4, 0), (16, 5), (64, 50)] {
            let settings = PortSettings(ports: 2, coreKHz: clocks.core, portKHz: clocks.port)
            let bench = try PortBench(
                settings, .fixed(latency: latency, stallSeed: nil), beatBytes: beatBytes, start: start)
            bench.master.writes = [8192]
            try bench.run(start + 20 + (latency + 12) * (1 + clocks.core / clocks.port))
            let firstBeat = clocks.portEdge(after: start + 2) + 2 + 2
            let response = firstBeat + max(1, beatBytes / 16) - 1 + latency
            #expect(bench.slave.writes.map(\.edge) == [firstBeat])
            #expect(bench.master.unsettled + 1 == clocks.coreEdge(after: response) + 2, "\(beatBytes) from \(start)")
        }
    }

    // MARK: throughput

    /// N ports in the core's clock before a slave without a latency bring N * 16 bytes a cycle, of which the core takes
    /// a beat a cycle at most. Bursts of 256 bytes go round the ports: a round is N * 256 bytes. Once all ports bring,
    /// the core takes a round in N * 256 / min(N * 16, beat) cycles, exactly, whenever it is looked at.
    @Test(arguments: 1...4, [4, 16, 32, 64])
    func aStreamTakesWhatPortsBring(ports: Int, beatBytes: Int) throws {
        let settings = PortSettings(ports: ports, coreKHz: 200_000, portKHz: 200_000)
        let bench = try PortBench(settings, .fixed(latency: 1, stallSeed: nil), beatBytes: beatBytes)
        let beats = 3 * 40 * 256 * 4 / beatBytes
        bench.master.reads = [(address: 0, beats: beats)]
        let rate = min(16 * ports, beatBytes)
        try bench.run(beats * beatBytes / rate + 200)
        let seen = bench.master.readBeats
        try #require(seen.count == beats)
        let round = 3 * ports * 256 / beatBytes
        for beat in stride(from: beats / 4, to: beats - round, by: round) {
            #expect(seen[beat + round] - seen[beat] == round * beatBytes / rate, "from beat \(beat)")
        }
    }

    /// The same of writes: two ports of half the clock take 16 bytes a cycle of the core, so that beats of 32 bytes are
    /// taken every other cycle; none is lost and each burst is answered.
    @Test func writesTakeWhatPortsTake() throws {
        let settings = PortSettings(ports: 2, coreKHz: 200_000, portKHz: 100_000)
        let bench = try PortBench(settings, .fixed(latency: 1, stallSeed: nil), beatBytes: 32)
        let beats = 4096
        bench.master.writes = (0..<beats).map { 32 * $0 }
        try bench.run(2 * beats + 500)
        let seen = bench.master.writesAccepted
        try #require(seen.count == beats)
        // FIFOs of 8 KiB each fill first; from there 1,024 beats, 32 KiB, take 2,048 cycles, to a burst of each port.
        let steady = seen[beats - 1] - seen[beats - 1025]
        #expect(abs(steady - 2048) <= 2 * 256 / 8)
        #expect(bench.slave.writes.reduce(0) { $0 + $1.beats } == beats * 32 / 16)
        #expect(bench.slave.responsesTaken.reduce(0, +) == bench.slave.writes.count)
    }

    /// Ports that rest are not called, and the DRAM goes on: 21,000 cycles of 200 MHz are 111,982 of its clocks, 13.7 times
    /// tREFI of 8,192; they are counted when the rest ends. It ends with a read of an access in the same row, which a
    /// refresh has closed: two rows are opened.
    @Test func theDRAMRefreshesWhileThePortsRest() throws {
        let settings = PortSettings(ports: 2, coreKHz: 200_000, portKHz: 300_000)
        let system = PSMemorySettings.zcu102(ports: [300_000, 300_000])
        let bench = try PortBench(settings, .processingSystem(system), beatBytes: 64)
        for rest in [21_000, 200] {
            bench.master.reads = [(address: 4096, beats: 1)]
            try bench.run(rest)
        }
        let dram = try #require(bench.device.dram(before: bench.simulation.cycle))
        #expect(dram.refreshes == 13)
        #expect(dram.reads == 2 && dram.writes == 0 && dram.activates == 2)
        #expect(bench.master.readBeats.count == 2)
    }

    // MARK: what AXI allows

    static let seeds = Tools.isLong ? 80 : 16

    /// Random programs on random arrays: each burst stays within its 4 KiB and its multiple of `burst_bytes`, has at most
    /// 256 beats, and is answered to its end; what is asked for covers what the accelerator takes and gives.
    @Test(arguments: 0..<4)
    func burstsAreLegalAndAnswered(block: Int) throws {
        var shared = 0
        for index in 0..<Self.seeds / 4 {
            let seed = UInt64(91_000 + 4 * (block * 1000 + index) + 3)
            let random = RandomCase(seed: seed)
            let bench = try random.bench()
            guard case .ports(let settings, let model) = bench.memory else {
                Issue.record("seed \(seed) has no ports")
                continue
            }
            let simulation = try Simulation(
                checked: bench.accelerator.design, options: PlanOptions(countsToggles: false))
            let contents = MemoryContents(bench.compiled.memoryImage(input: bench.inputs[0]))
            let slave = RecordingSlave(model.make(settings), ports: settings.ports)
            simulation.attach(
                MemoryPorts(contents, interface: bench.accelerator.memory, settings: settings, slave: slave))
            for case .array(let streams) in bench.compiled.steps.prefix(1) {
                simulation.attach(HostStart(streams, bench.accelerator, inputs: simulation.inputs, cycle: 0))
            }
            #expect(
                try simulation.run(stop: bench.accelerator.ports.done, limit: 3_000_000) != .limit(cycle: 3_000_000))
            // Instructions that were fetched ahead may still be on their way.
            for _ in 0..<5000 { try simulation.step() }
            expectLegal(slave, settings, beatBytes: bench.accelerator.memory.wideBeat.bytes, random.text)
            let asked = slave.reads.reduce(0) { $0 + $1.beats } * PortSettings.beatBytes
            let written = slave.writes.reduce(0) { $0 + $1.beats } * PortSettings.beatBytes
            #expect(asked >= contents.bytesRead && contents.bytesRead > 0, "\(random.text)")
            #expect(written >= contents.bytesWritten && contents.bytesWritten > 0, "\(random.text)")
            shared += Set(slave.reads.map(\.port)).count == settings.ports && settings.ports > 1 ? 1 : 0
        }
        #expect(shared > 0)
    }

    private func expectLegal(_ slave: RecordingSlave, _ settings: PortSettings, beatBytes: Int, _ text: String) {
        let chunk = settings.chunkBytes(beatBytes)
        for burst in slave.reads + slave.writes {
            let last = burst.address + burst.beats * PortSettings.beatBytes - 1
            #expect(burst.address % PortSettings.beatBytes == 0 && (1...256).contains(burst.beats), "\(text)")
            #expect(burst.address / 4096 == last / 4096 && burst.address / chunk == last / chunk, "\(text)")
        }
        for port in 0..<settings.ports {
            let beats = slave.reads.filter { $0.port == port }.reduce(0) { $0 + $1.beats }
            #expect(slave.beatsTaken[port] == beats, "\(text)")
            #expect(slave.responsesTaken[port] == slave.writes.count { $0.port == port }, "\(text)")
        }
    }
}
