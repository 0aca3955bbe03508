// Switching activity of a trace as SAIF 2.0, backward: for each bit the times at 0, 1, x and z, and how often it went from
// 0 to 1 or back. What Vivado's read_saif and OpenSTA take (IEEE 1801-2018, annex I, in the form that xsim writes).

import Foundation
import Output

/// Writes the activity of a trace's signals.
public struct SAIFWriter: Sendable {
    /// What a file has.
    public struct Result: Sendable, Equatable, Codable {
        /// Bits, aliases included.
        public var nets: Int
        /// Length of the trace in units of its timescale.
        public var duration: UInt64
        /// What was read.
        public var extent: TraceExtent
    }

    /// The ending of such files.
    public static let ending = ".saif"

    /// The signals that are written, nil for all.
    public var filter: SignalFilter?

    /// Everything unless told otherwise.
    public init(filter: SignalFilter? = nil) { self.filter = filter }

    /// Writes the activity of `file` to `path`, which appears whole or not at all.
    /// - Throws: as `text(of:)`; `InputError` when it cannot be written.
    public func write(_ file: TraceFile, to path: String) throws -> Result {
        let target = try ResultFile.prepare(path, option: "the new file")
        defer { target.discard() }
        let (text, result) = try text(of: file)
        try target.write(text)
        try target.publish()
        return result
    }

    /// The activity of `file`. Reals, strings, events and signals without bits are left out.
    /// - Throws: `WaveformError.invalid` for a pattern that matches nothing, a timescale of more than a microsecond, signals in
    ///   more than one top scope or outside of any, and nothing to write; otherwise as `TraceFile.forEachChange`.
    public func text(of file: TraceFile) throws -> (text: Data, result: Result) {
        let chosen = try file.select(filter, SignalLabels(file)).filter {
            let signal = file.signals[$0]
            return signal.kind.form == .bits && signal.kind != .event && signal.width > 0
        }
        guard (-15 ... -4).contains(file.timescaleExponent) else {
            throw WaveformError.invalid("SAIF has timescales of 1 fs to 100 us; '\(file.path)' has another")
        }
        let top = try Self.top(of: chosen, file)
        var counts: [Int: BitActivity] = [:]
        for index in chosen {
            let signal = file.signals[file.signals[index].source]
            counts[signal.source] = BitActivity(width: signal.width)
        }
        var start: UInt64?
        let extent = try file.forEachChange(of: Set(chosen)) { change in
            if start == nil { start = change.time }
            counts[change.signal]?.take(change)
        }
        let first = start ?? extent.start
        let times = min(first, extent.start)...max(extent.end, first)
        for key in counts.keys { counts[key]?.finish(times) }
        let tree = InstanceTree(file, chosen, counts)
        let result = Result(nets: tree.nets, duration: times.upperBound - times.lowerBound, extent: extent)
        return (tree.text(top: top, times: times), result)
    }

    private static func top(of chosen: [Int], _ file: TraceFile) throws -> Int {
        guard let first = chosen.first else { throw WaveformError.invalid("'\(file.path)' has no signal with bits") }
        var tops: Set<Int?> = []
        for index in chosen {
            var scope = file.signals[index].scope
            while let inner = scope, let outer = file.scopes[inner].parent { scope = outer }
            tops.insert(scope)
        }
        guard tops.count == 1, let only = tops.first, let top = only else {
            let path = file.signals[first].path
            throw WaveformError.invalid(
                "SAIF has one top instance; choose signals of one, such as those beside '\(path)'")
        }
        return top
    }
}

/// Times and toggles of the bits of one value.
private struct BitActivity {
    private(set) var high: [UInt64]
    private(set) var unknown: [UInt64]
    private(set) var impedance: [UInt64]
    private(set) var toggles: [UInt64]
    /// When each bit took its value.
    private var since: [UInt64]
    /// 0, 1, x or z of each bit: bit 0 is the value, bit 1 says that it is none.
    private var state: [UInt8]
    private var isFirst = true

    init(width: Int) {
        let none = Array(repeating: UInt64(0), count: width)
        (high, unknown, impedance, toggles, since) = (none, none, none, none, none)
        state = Array(repeating: 2, count: width)
    }

    mutating func take(_ change: TraceChange) {
        for bit in state.indices {
            let (word, place) = (bit / 64, UInt64(bit % 64))
            let value = UInt8(change.words[word] >> place & 1)
            let doubt = change.unknown.map { UInt8($0[word] >> place & 1) } ?? 0
            let next = doubt << 1 | value
            guard next != state[bit] || isFirst else { continue }
            if !isFirst { settle(bit, at: change.time) }
            // Before its first value a bit is x, from the beginning on.
            if isFirst { unknown[bit] = change.time }
            if !isFirst && (next ^ state[bit]) == 1 && next & 2 == 0 { toggles[bit] += 1 }
            state[bit] = next
            since[bit] = change.time
        }
        isFirst = false
    }

    private mutating func settle(_ bit: Int, at time: UInt64) {
        let length = time - since[bit]
        switch state[bit] {
        case 1: high[bit] += length
        case 2: unknown[bit] += length
        case 3: impedance[bit] += length
        default: break
        }
    }

    mutating func finish(_ times: ClosedRange<UInt64>) {
        for bit in state.indices {
            if isFirst {
                unknown[bit] = times.upperBound - times.lowerBound
            } else {
                settle(bit, at: times.upperBound)
                // The first value came that much after the beginning.
                unknown[bit] -= min(unknown[bit], times.lowerBound)
            }
        }
    }
}

/// Instances with their bits, as text.
private struct InstanceTree {
    private let file: TraceFile
    private let counts: [Int: BitActivity]
    private var signals: [Int: [Int]] = [:]
    private var children: [Int: [Int]] = [:]
    private(set) var nets = 0

    init(_ file: TraceFile, _ chosen: [Int], _ counts: [Int: BitActivity]) {
        (self.file, self.counts) = (file, counts)
        var shown: Set<Int> = []
        for index in chosen {
            guard let scope = file.signals[index].scope else { continue }
            signals[scope, default: []].append(index)
            nets += file.signals[index].width
            var inner = scope
            while shown.insert(inner).inserted, let outer = file.scopes[inner].parent {
                children[outer, default: []].append(inner)
                inner = outer
            }
        }
        for key in children.keys { children[key]?.sort() }
    }

    func text(top: Int, times: ClosedRange<UInt64>) -> Data {
        let (unit, exponent) = Int(file.timescaleExponent).saifUnit
        var text = """
            (SAIFILE
            (SAIFVERSION "2.0")
            (DIRECTION "backward")
            (DESIGN )
            (DATE "")
            (VENDOR "ShiftSim")
            (PROGRAM_NAME "shiftsim")
            (VERSION "")
            (DIVIDER /)
            (TIMESCALE \(exponent) \(unit))
            (DURATION \(times.upperBound - times.lowerBound))

            """
        write(top, depth: 0, duration: times.upperBound - times.lowerBound, to: &text)
        return Data((text + ")\n").utf8)
    }

    private func write(_ scope: Int, depth: Int, duration: UInt64, to text: inout String) {
        let space = String(repeating: " ", count: depth)
        text += "\(space)(INSTANCE \(Self.word(file.scopes[scope].name))\n"
        if let here = signals[scope] {
            text += "\(space) (NET\n"
            for index in here {
                let signal = file.signals[index]
                guard let activity = counts[signal.source] else { continue }
                let name = Self.word(signal.name)
                for bit in 0..<signal.width {
                    let (one, x, z) = (activity.high[bit], activity.unknown[bit], activity.impedance[bit])
                    let label =
                        signal.range.isEmpty && signal.width == 1 ? name : "\(name)\\[\(signal.place(of: bit))\\]"
                    text +=
                        "\(space)  (\(label) (T0 \(duration - one - x - z)) (T1 \(one)) (TX \(x)) (TZ \(z)) (TB 0) "
                        + "(TC \(activity.toggles[bit])))\n"
                }
            }
            text += "\(space) )\n"
        }
        for child in children[scope] ?? [] { write(child, depth: depth + 1, duration: duration, to: &text) }
        text += "\(space))\n"
    }

    /// A name as a bare word: what is no letter, digit, `_` or `$` stands behind a backslash.
    private static func word(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            let isPlain = character.isASCII && (character.isLetter || character.isNumber || "_$".contains(character))
            text += isPlain ? String(character) : "\\\(character)"
        }
    }
}

extension TraceSignal {
    /// The index of a bit, counted from the lowest, in the declared range.
    fileprivate func place(of bit: Int) -> Int {
        let bounds = range.dropFirst().dropLast().split(separator: ":").compactMap { Int($0) }
        guard bounds.count == 2 else { return bit }
        return bounds[0] >= bounds[1] ? bounds[1] + bit : bounds[1] - bit
    }
}

extension Int {
    /// A power of ten of a second as SAIF writes it: -10 is 100 ps.
    fileprivate var saifUnit: (unit: String, count: Int) {
        let units = ["fs", "ps", "ns", "us"]
        let steps = self + 15
        return (units[Swift.min(steps / 3, 3)], [1, 10, 100][steps - 3 * Swift.min(steps / 3, 3)])
    }
}
