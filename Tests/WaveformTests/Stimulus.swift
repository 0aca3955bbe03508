// Random signals and changes, and what every reader must find in the traces written from them.
import Foundation
import TestSupport
import Testing

@testable import Waveforms

/// A small repeatable random generator (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A run of random changes over signals of awkward widths.
struct Stimulus {
    struct Change {
        let time: UInt64
        let handle: Int
        let words: [UInt64]
    }

    let hierarchy: SignalHierarchy
    let changes: [Change]
    let end: UInt64

    static let widths = [1, 7, 8, 31, 64, 65, 300]

    /// `times` times with a few random changes each, repeated values, quiet signals and an alias among them.
    init(seed: UInt64, times: Int = 200, firstTime: UInt64 = 0) throws {
        var random = SplitMix(state: seed)
        hierarchy = try Self.makeHierarchy()
        var changes: [Change] = []
        var time = firstTime
        for step in 0..<times {
            let count = step == 0 ? hierarchy.signalCount - 1 : Int.random(in: 0...4, using: &random)
            for index in 0..<count {
                let handle = step == 0 ? index : Int.random(in: 0..<hierarchy.signalCount - 1, using: &random)
                if hierarchy.signals[handle].name == "quiet" { continue }
                changes.append(Change(time: time, handle: handle, words: Self.value(handle, hierarchy, &random)))
            }
            time += UInt64.random(in: 1...300, using: &random)
        }
        self.changes = changes
        end = time
    }

    /// Scopes and names with brackets, every width as a wire and as a register, a quiet signal and an alias.
    private static func makeHierarchy() throws -> SignalHierarchy {
        let wires = widths.map { SignalDeclaration(name: "wire\($0)", width: $0) }
        let registers = widths.map { SignalDeclaration(name: "q\($0)", width: $0, kind: .register) }
        let element = SignalScope(name: "pe[3]", signals: registers)
        let array = SignalScope(
            name: "array", scopes: [element], signals: [SignalDeclaration(name: "quiet", width: 12)])
        let last = SignalScope(name: "tail", signals: [SignalDeclaration(name: "again", width: 65, alias: 5)])
        return try SignalHierarchy(root: [SignalScope(name: "top", scopes: [array, last], signals: wires)])
    }

    /// Small, large, repeated and out-of-range values.
    private static func value(_ handle: Int, _ hierarchy: SignalHierarchy, _ random: inout SplitMix) -> [UInt64] {
        let count = (hierarchy.signals[handle].width + 63) / 64
        return (0..<count).map { _ in
            let word: UInt64 = random.next()
            return Bool.random(using: &random) ? word : word & 3
        }
    }

    /// Hands all changes to a writer, the narrow ones through the fast call, and closes it at `end`.
    func write(to writer: any TraceWriter, close: Bool = true) throws {
        for change in changes {
            try writer.setTime(change.time)
            if change.words.count == 1 {
                writer.change(change.handle, value: change.words[0])
            } else {
                change.words.withUnsafeBufferPointer { writer.change(change.handle, $0.baseAddress!) }
            }
        }
        if close { try writer.close(at: end) }
    }

    /// The lines `time path bits` a reader must give, sorted, computed without any code of the module.
    var expectedLines: [String] {
        var last = [[UInt64]](repeating: [], count: hierarchy.signalCount)
        for handle in 0..<hierarchy.signalCount {
            last[handle] = Array(repeating: 0, count: (hierarchy.signals[handle].width + 63) / 64)
        }
        var lines: [Line] = []
        let start = changes[0].time
        for time in changes.map(\.time).uniqued() {
            let before = last
            for change in changes where change.time == time { last[change.handle] = change.words }
            last[hierarchy.signalCount - 1] = last[5]
            for handle in 0..<hierarchy.signalCount {
                let old = Self.bits(before[handle], hierarchy.signals[handle].width)
                let new = Self.bits(last[handle], hierarchy.signals[handle].width)
                if old != new || time == start {
                    lines.append(Line(time: time, path: hierarchy.paths[handle], bits: new))
                }
            }
        }
        return lines.sorted().map(\.text)
    }

    static func bits(_ words: [UInt64], _ width: Int) -> String {
        String((0..<width).reversed().map { words[$0 / 64] >> UInt64($0 % 64) & 1 == 1 ? "1" : "0" })
    }
}

/// A change as text, ordered by time and path.
struct Line: Comparable, Hashable {
    let time: UInt64
    let path: String
    let bits: String

    var text: String { "\(time) \(path) \(bits)" }

    static func < (one: Line, other: Line) -> Bool {
        // Byte order, as Python sorts; Swift's own string order is that of Unicode.
        one.time != other.time ? one.time < other.time : one.path.utf8.lexicographicallyPrecedes(other.path.utf8)
    }
}

extension Sequence where Element == UInt64 {
    func uniqued() -> [UInt64] { Set(self).sorted() }
}

/// The changes our own reader finds, in the form of `Stimulus.expectedLines`: the last value of each time, without
/// those that change nothing.
func canonicalLines(of file: TraceFile) throws -> [String] {
    var state = [String](repeating: "", count: file.signals.count)
    var pending: [Int: String] = [:]
    var lines: [Line] = []
    var now: UInt64 = 0
    func settle() {
        for (index, signal) in file.signals.enumerated() {
            guard let bits = pending[signal.source], bits != state[index] else { continue }
            state[index] = bits
            lines.append(Line(time: now, path: signal.path, bits: bits))
        }
        pending = [:]
    }
    try file.forEachChange { change in
        if change.time != now { settle() }
        now = change.time
        let width = file.signals[change.signal].width
        let text = TraceRadix.binary.text(change.words, unknown: change.unknown, width: width)
        pending[change.signal] = text.hasPrefix("0b") ? String(text.dropFirst(2)) : text
    }
    settle()
    return lines.sorted().map(\.text)
}
