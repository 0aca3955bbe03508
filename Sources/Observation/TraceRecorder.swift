// The trace recorder: compares tapped nets with their last value, gathers changes in a buffer, and hands full buffers
// to a writer queue, so that encoding and compression happen beside the simulation.
//
// Time: cycle t begins at `CycleTimes.start`; clk is high in the first half. A signal's value during cycle t stands
// where the cycle begins.

import Design
import Dispatch
import Kernel
import Synchronization
import Waveforms

/// Records one run into a trace file.
public final class TraceRecorder: Observer {
    /// Cycles that the trace may show.
    public let window: Range<Int>
    /// Asked in each cycle of the window; false: this cycle is not shown.
    private let isShown: (Int) -> Bool
    private let signals: TraceSignals
    private let times: CycleTimes
    private let channel: WriterChannel
    private var last: [Int64]
    private var packed: [Int: [UInt64]] = [:]
    private var first = true
    private var buffer: [TraceRecord] = []
    private var lastCycle: Int?
    private var flushes = FlushSchedule()
    private var cyclesUntilClock = 0
    private var isClosed = false
    private static let bufferRecords = 1 << 18

    /// Opens the file, whose name says its format; `times` are those of its clock. Throws `WaveformError`.
    public init(
        path: String, signals: TraceSignals, times: CycleTimes, window: Range<Int>,
        isShown: @escaping (_ cycle: Int) -> Bool = { _ in true }
    ) throws {
        self.signals = signals
        self.times = times
        self.window = window
        self.isShown = isShown
        channel = WriterChannel(try makeTraceWriter(path: path, hierarchy: signals.hierarchy))
        last = [Int64](repeating: 0, count: signals.signals.count)
        buffer.reserveCapacity(TraceRecorder.bufferRecords)
    }

    /// Signals in the trace, the clock included.
    public var signalCount: Int { signals.signals.count + 1 }

    /// Cycles recorded so far.
    public private(set) var cycleCount = 0

    /// Appends what changed in the cycle; the last cycle of the window completes the file, whatever the run does after
    /// it. Throws `WaveformError` of an earlier write.
    public func observe(cycle: Int, _ state: StateView) throws {
        if isShown(cycle) { record(cycle: cycle, state) }
        if cycle + 1 == window.upperBound { return try close() }
        if buffer.count >= TraceRecorder.bufferRecords { try channel.send(taken(), flushes: false) }
        cyclesUntilClock -= 1
        guard cyclesUntilClock < 0 else { return }
        cyclesUntilClock = 15
        if flushes.isDue() { try channel.send(taken(), flushes: true) }
    }

    /// Cycles before this one are over, whether they were seen or not: a trace whose window has ended is complete, and
    /// one that is due is written. Throws `WaveformError`.
    public func passed(_ cycle: Int) throws {
        if isClosed { return }
        if cycle >= window.upperBound { return try close() }
        if flushes.isDue() { try channel.send(taken(), flushes: true) }
    }

    private func record(cycle: Int, _ state: StateView) {
        cycleCount += 1
        lastCycle = cycle
        let time = times.start(of: cycle)
        buffer.append(TraceRecord(time: time, handle: Int32(TraceSignals.clockHandle), value: 1))
        for (index, signal) in signals.signals.enumerated() {
            guard let lane = signal.lane else {
                recordPacked(index, signal, time, state)
                continue
            }
            let value = state.value(signal.net, lane: lane)
            if value != last[index] || first {
                last[index] = value
                buffer.append(TraceRecord(time: time, handle: Int32(index + 1), value: UInt64(bitPattern: value)))
            }
        }
        first = false
        buffer.append(
            TraceRecord(time: times.middle(of: cycle), handle: Int32(TraceSignals.clockHandle), value: 0))
    }

    /// All lanes of a port as one value.
    private func recordPacked(_ index: Int, _ signal: TraceSignals.Signal, _ time: UInt64, _ state: StateView) {
        let lanes = state.lanes(of: signal.net)
        let width = signal.width / lanes
        let mask = (UInt64(1) << UInt64(width)) - 1
        var words = [UInt64](repeating: 0, count: (signal.width + 63) / 64)
        for lane in 0..<lanes {
            let value = UInt64(bitPattern: state.value(signal.net, lane: lane)) & mask
            let (word, bit) = (lane * width).quotientAndRemainder(dividingBy: 64)
            words[word] |= value << UInt64(bit)
            if bit + width > 64 { words[word + 1] |= value >> UInt64(64 - bit) }
        }
        if words == packed[index] { return }
        packed[index] = words
        buffer.append(TraceRecord(time: time, handle: Int32(index + 1), value: 0, words: words))
    }

    /// The buffer, which is empty then.
    private func taken() -> [TraceRecord] {
        defer { buffer.removeAll(keepingCapacity: true) }
        return buffer
    }

    /// Writes what is left; the trace ends with the last shown cycle. A second call does nothing. Throws `WaveformError`
    /// of any write.
    public func close() throws {
        guard !isClosed else { return }
        isClosed = true
        try channel.send(taken(), flushes: false)
        try channel.close(at: lastCycle.map { times.start(of: $0 + 1) } ?? 0)
    }
}

/// One change.
struct TraceRecord: Sendable {
    var time: UInt64
    var handle: Int32
    var value: UInt64
    /// The value of a signal of more than 64 bits or of a packed port; nil: `value` is it.
    var words: [UInt64]?
}

/// A trace writer on its own serial queue, at most two buffers behind.
private final class WriterChannel: @unchecked Sendable {
    // Touched on `queue` only, but for `failure`, which is read after `queue` has been drained.
    private let writer: any TraceWriter
    private let queue = DispatchQueue(label: "trace-writer")
    private let credits = DispatchSemaphore(value: 2)
    private var failure: (any Error)?
    private let hasFailed = Atomic<Bool>(false)
    private var time: UInt64?

    init(_ writer: any TraceWriter) { self.writer = writer }

    /// Hands records on; `flushes`: they are to be in the file soon.
    func send(_ records: [TraceRecord], flushes: Bool) throws {
        if hasFailed.load(ordering: .relaxed) { try queue.sync { if let failure { throw failure } } }
        credits.wait()
        queue.async { [self] in
            defer { credits.signal() }
            guard failure == nil else { return }
            do {
                try write(records)
                if flushes { try writer.flush() }
            } catch {
                failure = error
                hasFailed.store(true, ordering: .relaxed)
            }
        }
    }

    private func write(_ records: [TraceRecord]) throws {
        for record in records {
            if record.time != time {
                try writer.setTime(record.time)
                time = record.time
            }
            if let words = record.words {
                words.withUnsafeBufferPointer { writer.change(Int(record.handle), $0.baseAddress!) }
            } else {
                writer.change(Int(record.handle), value: record.value)
            }
        }
    }

    func close(at end: UInt64) throws {
        try queue.sync {
            if let failure { throw failure }
            try writer.close(at: end)
        }
    }
}
