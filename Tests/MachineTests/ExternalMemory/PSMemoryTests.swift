import ExternalMemory
import Support
import TestSupport
import Testing

/// Does each port of the PS get an answer to each request, once, in order, and not before it can be?
@Suite struct PSMemoryTests {
    /// A read of one access into an idle memory, at 300 MHz: 4 edges into the PS; from there in DRAM clocks 2 * 28 to the
    /// controller, tRCD + CL + BL/2 = 16 + 15 + 4, 2 * 29 back; 4 edges out. Edge 4 is DRAM clock 4 * 1066.5 / 300 = 14.2,
    /// so 15; 15 + 56 + 35 + 58 = 164, the first edge from there is (164 - 1) * 300 / 1066.5 = 45.9, so 46; seen at 50.
    @Test func firstReadTakesItsLatency() {
        let memory = PSMemory(.zcu102(ports: [300_000]))
        memory.advance(port: 0, to: 0)
        memory.read(0, address: 4096, beats: 2)
        var seen: [Int] = []
        for edge in 1...60 {
            memory.advance(port: 0, to: edge)
            if memory.readValid(0) {
                seen.append(edge)
                memory.takeRead(0)
            }
        }
        #expect(seen == [50, 51])
    }

    /// A write of 4 beats: its last beat at edge 3, in the PS at edge 7: DRAM clock 24.9, so 25. Then 2 * 28 clocks and 2
    /// per beat to the controller, 2 * 29 back: 25 + 56 + 8 + 58 = 147; the edge from there is 146 * 300 / 1066.5 = 41.07,
    /// so 42; seen at 46.
    @Test func firstResponseTakesItsLatency() {
        let memory = PSMemory(.zcu102(ports: [300_000]))
        memory.advance(port: 0, to: 0)
        memory.write(0, address: 4096, beats: 4)
        var seen: [Int] = []
        for edge in 1...60 {
            memory.advance(port: 0, to: edge)
            if memory.responseValid(0) {
                seen.append(edge)
                memory.takeResponse(0)
            }
        }
        #expect(seen == [46])
    }

    static func randomMasters(_ seed: UInt64, limit: Int) -> (ports: [Int], masters: [TrafficMaster]) {
        var generator = SeededGenerator(seed: seed)
        let count = 1 + Int(generator.next() % 4)
        let clocks = [100_000, 150_000, 200_000, 300_000, 333_000]
        let ports = (0..<count).map { _ in clocks[Int(generator.next() % 5)] }
        let masters = (0..<count).map { port in
            let beats = [1, 2, 4, 12, 16, 24, 64, 256][Int(generator.next() % 8)]
            let salt = generator.next()
            func random(_ salt: UInt64) -> (Int) -> Int {
                { number in
                    var generator = SeededGenerator(seed: salt &+ UInt64(number))
                    return Int(generator.next() % 1024) << 12 | Int(generator.next() % UInt64(257 - beats)) * 16
                }
            }
            var master = TrafficMaster(beats: beats, read: random(salt), write: random(salt &+ 1))
            master.limit = limit
            return master
        }
        return (ports, masters)
    }

    /// Every request is answered: all beats and all responses come, none too many, and nothing is left under way.
    @Test(arguments: 0..<20) func everyRequestIsAnsweredOnce(seed: UInt64) {
        let (ports, masters) = Self.randomMasters(seed, limit: 150)
        var traffic = Traffic(.zcu102(ports: ports), masters)
        traffic.run(microseconds: 10_000)
        for port in masters.indices {
            #expect(traffic.masters[port].isDone, "port \(port)")
            #expect(!traffic.memory.readValid(port) && !traffic.memory.responseValid(port))
            #expect(traffic.memory.nextEvent(port) == Int.max)
        }
        let statistics = traffic.memory.statistics
        let accesses = statistics.reads + statistics.writes + statistics.combinedWrites
        #expect(accesses >= masters.reduce(0) { $0 + 2 * 150 * (($1.beats + 3) / 4) })
    }

    /// Who sleeps until `nextEvent` sees the same edges as who looks at each.
    @Test(arguments: 0..<20) func nextEventIsALowerBound(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let requests = (0..<40).map { _ in
            (
                edge: Int(generator.next() % 3000), address: Int(generator.next() % 4096) * 256,
                isRead: generator.next() % 2 == 0
            )
        }.sorted { $0.edge < $1.edge }
        func run(sleeping: Bool) -> [[Int]] {
            let memory = PSMemory(.zcu102(ports: [300_000]))
            var seen: [[Int]] = [[], []]
            var (edge, next, busy) = (0, 0, 0)
            while edge < 8000 {
                memory.advance(port: 0, to: edge)
                if memory.readValid(0) {
                    memory.takeRead(0)
                    seen[0].append(edge)
                }
                if memory.responseValid(0) {
                    memory.takeResponse(0)
                    seen[1].append(edge)
                }
                if next < requests.count, requests[next].edge <= edge, edge >= busy {
                    let request = requests[next]
                    if request.isRead, memory.readReady(0) {
                        memory.read(0, address: request.address, beats: 16)
                        (next, busy) = (next + 1, edge + 16)
                    } else if !request.isRead, memory.writeReady(0) {
                        memory.write(0, address: request.address, beats: 16)
                        (next, busy) = (next + 1, edge + 16)
                    }
                }
                let wanted = next < requests.count ? max(requests[next].edge, busy, edge + 1) : Int.max
                edge = sleeping ? min(wanted, memory.nextEvent(0), 8000) : edge + 1
            }
            return seen
        }
        let awake = run(sleeping: false)
        #expect(awake[0].count + 16 * awake[1].count == 16 * requests.count)
        #expect(run(sleeping: true) == awake)
    }

    /// Four writes of 16 bytes to the same 64 are one access where they wait together: behind the first, which goes at once.
    @Test func smallWritesAreCombined() {
        var master = TrafficMaster(beats: 1, write: { $0 * 16 })
        master.limit = 400
        var traffic = Traffic(.zcu102(ports: [300_000]), [master])
        traffic.run(microseconds: 100)
        let statistics = traffic.memory.statistics
        #expect(statistics.writes + statistics.combinedWrites == 400 && traffic.masters[0].isDone)
        #expect(statistics.writes >= 100 && statistics.combinedWrites > 0)
    }

    /// Refreshes of an idle stretch are counted when they are due, also of one that no access ends: 1 ms is 1,066,500
    /// clocks, 130 times 8192.
    @Test func idleRefreshesAreCounted() {
        let memory = PSMemory(.zcu102(ports: [300_000]))
        memory.advance(port: 0, to: 0)
        memory.read(0, address: 0, beats: 1)
        // Edge 2304 is at 7.68 us, DRAM clock 8190.7, and acts in clock 8191.
        memory.advance(port: 0, to: 2304)
        #expect(memory.statistics.refreshes == 0)
        memory.advance(port: 0, to: 2305)
        #expect(memory.statistics.refreshes == 1)
        memory.advance(port: 0, to: 300_000)
        #expect(memory.statistics.refreshes == 130)
        memory.read(0, address: 64, beats: 1)
        memory.advance(port: 0, to: 300_200)
        #expect(memory.statistics.refreshes == 130)
        #expect(memory.statistics.rowMisses == 2)
    }

    /// A log changes nothing, though with it each refresh of an idle stretch is sent on its own.
    @Test func logIsNeutral() {
        func run(_ keepsLog: Bool) -> (DRAMStatistics, [Int], Int) {
            let memory = PSMemory(.zcu102(ports: [300_000]))
            memory.keepsLog = keepsLog
            var seen: [Int] = []
            for request in 0..<40 {
                // Between 1 and 40 refreshes are due between two requests, or none.
                let start = request * request * 300 * 8
                memory.advance(port: 0, to: start)
                memory.read(0, address: request * 4096, beats: 16)
                for edge in start + 1..<start + 300 {
                    memory.advance(port: 0, to: edge)
                    if memory.readValid(0) {
                        memory.takeRead(0)
                        seen.append(edge)
                    }
                }
            }
            return (memory.statistics, seen, memory.log.filter { $0.kind == .refresh }.count)
        }
        let (plain, seen, none) = run(false)
        let (logged, loggedSeen, refreshes) = run(true)
        #expect(plain == logged && seen == loggedSeen && seen.count == 40 * 16)
        #expect(none == 0 && refreshes == plain.refreshes && refreshes > 1000)
    }
}
