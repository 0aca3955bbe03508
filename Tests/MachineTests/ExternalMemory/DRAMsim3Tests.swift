import Foundation
import Support
import TestSupport
import Testing

@testable import ExternalMemory

/// Does our controller serve as many accesses as an outside model, DRAMsim3, for the same rules, addresses and number of
/// accesses in view? Tests/Fixtures/dramsim3-accesses.csv has what that model did; docs/internals/ExternalMemory.md says
/// how it was run, shows the table and explains what differs.
@Suite struct DRAMsim3Tests {
    /// DRAM clocks of each run.
    static let clocks = 500_000
    /// Accesses of each direction that wait for their command, at most.
    static let window = 32

    /// A trace that DRAMsim3 was given, and the accesses that it commanded in `clocks`.
    struct Run: CustomTestStringConvertible {
        let set: String
        /// Whether the bank group is numbered by the lowest bits above an access, or by those above the column.
        let isGroupLow: Bool
        let trace: Trace
        /// Accesses of DRAMsim3 with one queue for reads and writes; then without its limit of accesses to an open row,
        /// with the oldest access first in place of banks in turn, and with one direction at a time: the last are our
        /// rules.
        let steps: [Int]
        /// The name of the step that makes ours differ by more than 3 %; empty: it does not.
        let cause: String
        static let causes = ["row_limit", "order", "directions"]

        init(_ line: Substring) throws {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 9)
            (set, isGroupLow, cause) = (fields[0], fields[1] == "low", fields[8])
            trace = try #require(Trace(rawValue: fields[2]))
            steps = try fields[4...7].map { try #require(Int($0)) }
        }

        var testDescription: String { "\(set) \(isGroupLow ? "low" : "high") \(trace.rawValue)" }
    }

    static func runs() throws -> [Run] {
        let file = Repository.path("Tests/Fixtures/dramsim3-accesses.csv")
        return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").dropFirst().map { try Run($0) }
    }

    /// Accesses that our controller commands in `clocks`; the trace's next access enters as soon as its store has room,
    /// one per clock.
    static func accesses(_ run: Run) throws -> Int {
        let sets: [String: (timing: DDR4Timing, groupBits: Int)] = [
            "ddr4_2133": (.ddr4_2133, 1), "ddr4_2133x8": (.ddr4_2133x8, 2), "ddr4_2400": (.ddr4_2400, 1),
            "ddr4_2400x8": (.ddr4_2400x8, 2),
        ]
        let set = try #require(sets[run.set])
        let geometry = Trace.geometry(groupBits: set.groupBits, isGroupLow: run.isGroupLow)
        var settings = PSMemorySettings(timing: set.timing, geometry: geometry, ports: [300_000])
        settings.path.readEntries = window
        settings.path.writeEntries = window
        let map = AddressMap(geometry)
        var controller = DDRController(settings)
        defer { controller.deallocate() }
        var number = 0
        var access = run.trace.access(0, geometry)
        for cycle in 0..<clocks {
            let direction = access.isWrite ? 1 : 0
            if controller.hasRoom(direction) {
                let bank = map.group(access.address) * geometry.banksPerGroup + map.bank(access.address)
                controller.insert(
                    DDRController.Entry(
                        address: access.address, row: Int32(map.row(access.address)), bank: Int16(bank)),
                    direction, at: cycle)
                number += 1
                access = run.trace.access(number, geometry)
            }
            while controller.next <= cycle { _ = controller.command() }
        }
        return controller.statistics.reads + controller.statistics.writes
    }

    /// Commanded by the same rules, DRAMsim3's DRAM gives what ours gives: within 1 % (its refresh closes the banks one
    /// by one, ours at once). And DRAMsim3 with its own scheduler is within 3 %, but where a cause is named; none is named
    /// without need.
    @Test func bandwidthIsTheOutsideModels() throws {
        for run in try Self.runs() {
            let accesses = Double(try Self.accesses(run))
            let toRules = accesses / Double(run.steps[3]) - 1
            #expect(abs(toRules) < 0.01, "\(run.testDescription): \(accesses) of \(run.steps[3])")
            let toDRAMsim3 = accesses / Double(run.steps[0]) - 1
            #expect(
                (abs(toDRAMsim3) > 0.03) == !run.cause.isEmpty,
                "\(run.testDescription): \(accesses) of \(run.steps[0]), \(run.cause)")
        }
    }

    /// All sets, maps and traces were run; a named cause is the step that changes most.
    @Test func runsAreWhole() throws {
        let runs = try Self.runs()
        #expect(Set(runs.map(\.testDescription)).count == 4 * 2 * Trace.allCases.count)
        for run in runs where !run.cause.isEmpty {
            let changes = (0..<3).map { abs(log(Double(run.steps[$0 + 1]) / Double(run.steps[$0]))) }
            #expect(Run.causes.firstIndex(of: run.cause) == changes.indices.max { changes[$0] < changes[$1] })
        }
    }
}

extension DRAMsim3Tests {
    /// Addresses in order, each as a formula; DRAMsim3 was given the same. Reads where not said otherwise.
    enum Trace: String, CaseIterable {
        case streamRead = "stream_read"
        case streamWrite = "stream_write"
        /// Every third access writes; the writes are a stream of their own, 2 GiB and two banks further.
        case streamMixed = "stream_2to1"
        /// One bank group; rows of one bank where the group is high.
        case group = "stride_group"
        /// A new row for each access, in all banks in turn.
        case bank = "stride_bank"
        /// A new row of one bank for each access.
        case row = "stride_row"
        /// Two streams in turn, in other rows of the same banks.
        case conflict = "conflict_read"
        case randomRead = "random_read"
        case randomWrite = "random_write"
        /// Every third access writes.
        case randomMixed = "random_2to1"

        /// 4 GiB.
        static let span = 1 << 32

        /// Four banks per group, 64 Ki rows of 128 accesses.
        static func geometry(groupBits count: Int, isGroupLow: Bool) -> DDR4Geometry {
            let group = isGroupLow ? 6 : 13
            let column = isGroupLow ? 6 + count : 6
            return DDR4Geometry(
                groupBits: Array(group..<group + count), bankBits: [13 + count, 14 + count],
                columnBits: Array(column..<column + 7), rowBit: 15 + count, rows: 1 << 16)
        }

        func access(_ number: Int, _ geometry: DDR4Geometry) -> (address: Int, isWrite: Bool) {
            let group = geometry.groupBits[0]
            let bank = geometry.bankBits[0]
            let row = geometry.rowBit
            let groups = geometry.bankGroups
            let isThird = number % 3 == 2
            switch self {
            case .streamRead, .streamWrite: return (number * 64 % Trace.span, self == .streamWrite)
            case .streamMixed:
                let write = Trace.span / 2 + (2 << bank) + (number / 3) * 64
                return ((isThird ? write : (number - number / 3) * 64) % Trace.span, isThird)
            case .group where group == 6: return (number * 64 * groups % Trace.span, false)
            case .group: return (number % 128 * 64 + ((number / 128) << row) % Trace.span, false)
            case .bank:
                let place = (number % groups) << group | ((number / groups % 4) << bank)
                return (place | (number / (4 * groups) % geometry.rows) << row, false)
            case .row: return ((number % geometry.rows) << row, false)
            case .conflict: return (number / 2 * 64 % (Trace.span / 2) + (number % 2) * (Trace.span / 2), false)
            case .randomRead, .randomWrite, .randomMixed:
                var generator = SeededGenerator(seed: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
                let address = Int(generator.next() & UInt64(Trace.span / 64 - 1)) * 64
                return (address, self == .randomWrite || self == .randomMixed && isThird)
            }
        }
    }
}
