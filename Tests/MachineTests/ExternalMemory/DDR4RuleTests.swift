import ExternalMemory
import Foundation
import Support
import TestSupport
import Testing

/// Does the memory keep all rules of DDR4? A checker that was written from a table of rules, in another language, reads
/// the log of commands. SHIFTSIM_LONG=1: more than a million commands.
@Suite struct DDR4RuleTests {
    static let hasChecker = Tools.isCI || Tools.pythonHas("numpy")
    static let sets: [(name: String, timing: DDR4Timing, geometry: DDR4Geometry)] = [
        ("zcu102", .zcu102, .zcu102), ("zcu102", .zcu102, .zcu102RevisionA), ("ddr4_2133", .ddr4_2133, .x16),
        ("ddr4_2133x8", .ddr4_2133x8, .x8), ("ddr4_2400", .ddr4_2400, .x16), ("ddr4_2400x8", .ddr4_2400x8, .x8),
    ]

    /// Random bursts, streams, strides of a row, and groups kept or changed: what makes each rule bind.
    static func masters(_ geometry: DDR4Geometry, _ seed: UInt64) -> [TrafficMaster] {
        func random(_ salt: UInt64) -> (Int) -> Int {
            { number in
                var generator = SeededGenerator(seed: seed &+ salt &+ UInt64(number))
                return Int(generator.next() % UInt64(geometry.bytes / 64)) * 64
            }
        }
        /// A few rows of all banks, so that rows are hit, missed and in conflict.
        func few(_ salt: UInt64) -> (Int) -> Int {
            { random(salt)($0) & (1 << geometry.rowBit - 1) | (random(salt + 77)($0) >> 20 & 1) << geometry.rowBit }
        }
        let stride = 1 << geometry.bankBits[0]
        return [
            TrafficMaster(beats: 4, read: random(1), write: random(2)),
            TrafficMaster(beats: 4, read: few(3), write: few(4)),
            TrafficMaster(
                beats: 16, read: TrafficMaster.stream(at: 0, beats: 16),
                write: TrafficMaster.stream(at: 3 * stride, beats: 16)),
            TrafficMaster(
                beats: 1, read: { $0 * stride % geometry.bytes }, write: { ($0 * 3 * stride + 128) % geometry.bytes }),
        ]
    }

    static func write(_ log: [DRAMCommand], to file: URL) throws {
        var data = Data(capacity: 20 * log.count)
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        for command in log {
            put(Int64(command.cycle))
            put(command.kind.rawValue)
            put(UInt8(command.group))
            put(UInt8(command.bank))
            put(UInt8(0))
            put(UInt32(command.row))
            put(UInt32(command.column))
        }
        try data.write(to: file)
    }

    /// Each set's traffic breaks no rule, and each rule's planted fault is found: a command moved to one clock before the
    /// rule allows it.
    @Test(.enabled(if: hasChecker, "numpy was not found: SHIFTSIM_PYTHON"), arguments: sets.indices)
    func everyRuleIsKept(index: Int) throws {
        let set = Self.sets[index]
        let settings = PSMemorySettings(
            timing: set.timing, geometry: set.geometry, ports: [333_000, 300_000, 250_000, 100_000])
        var traffic = Traffic(settings, Self.masters(set.geometry, UInt64(index)))
        traffic.memory.keepsLog = true
        traffic.run(microseconds: Tools.isLong ? 1500 : 250)
        #expect(traffic.memory.log.count > (Tools.isLong ? 200_000 : 30_000))
        try Scratch.with { folder in
            let file = folder.appendingPathComponent("log")
            try Self.write(traffic.memory.log, to: file)
            let output = try Tools.runPython(
                ["-m", "shiftsim_tools.ddr4_check", "--set", set.name, "--plant", file.path])
            #expect(output.contains("\n0 violations"), "\(output)")
            if Tools.isLong { print(output) }
        }
    }

    /// The model's table and the checker's, each written down on its own, are the same.
    @Test func tablesAgree() throws {
        let text = try String(
            contentsOfFile: Repository.path("scripts/python/shiftsim_tools/ddr4_check.py"), encoding: .utf8)
        let names = try #require(text.firstMatch(of: /NAMES = "([^"]+)"/)).output.1.split(separator: " ")
        for (column, name) in DDR4Timing.sets.enumerated() {
            let line = try #require(text.firstMatch(of: try Regex("\"\(name)\": +\"([0-9 ]+)\"")))
            let values = try #require(line.output[1].substring).split(separator: " ").map { Int($0) }
            for (rule, value) in zip(names, values) {
                let row = DDR4Timing.rows.first { $0.name == rule || $0.name == "t\(rule)" || "\(rule)/2" == $0.name }
                #expect(row?.values[column] == value, "\(rule) of \(name)")
            }
        }
    }
}
