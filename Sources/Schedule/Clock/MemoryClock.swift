// The three ports of the memories `ideal` and `fixed`, in beats: an instruction on its way, the rows of a load, the beats
// of a store, and the bytes that they share, fetch before read before write (ExternalMemory/Models/SimpleMemory).

import Accelerator

#if MUTANTS
    import Mutants
#endif

/// Memory and what moves over its ports.
struct MemoryClock {
    /// No beat is awaited, no engine works.
    static let never = Int.max

    /// Bytes are the bound: less comes in a cycle than all ports can move.
    let isLimited: Bool
    private let latency: Int
    /// Bytes of a cycle, and most that are saved up, in 1/65,536.
    private let rate, fullBudget: Int
    private let fetchBytes, writeBytes: Int
    /// What is left of the budget after the cycle before.
    private var budget = 0

    private var fetchBeats = 0
    private var fetchFrom = 0
    private var load: LoadClock
    private var writeBeats = 0
    private var writeFrom = 0

    /// The first cycle in which the instruction on its way is there; `never` while that is not known.
    var fetched = MemoryClock.never
    /// The cycle in which the load engine finishes.
    var loadFinish = MemoryClock.never
    /// The cycle in which the store engine finishes.
    var storeFinish = MemoryClock.never

    init(_ clock: ProgramClock) {
        let p = clock.parameters
        latency = clock.latency
        load = LoadClock(latency: latency)
        fetchBytes = (Instruction.bytes / Instruction.beats) << 16
        writeBytes = p.beatBytes << 16
        let readBytes = max(p.beatBytes, p.weightBeatBytes) << 16
        rate = clock.bytesPerCycle65536 ?? 0
        fullBudget = rate + 2 * max(p.weightBeatBytes << 16, fetchBytes)
        isLimited = clock.bytesPerCycle65536 != nil && rate < fetchBytes + readBytes + writeBytes
    }

    // MARK: requests

    /// The fetch unit begins: it asks in the next cycle.
    mutating func fetch(at cycle: Int) {
        fetchFrom = cycle + AcceleratorParameters.requestCycles + latency
        fetchBeats = Instruction.beats
        if !isLimited { fetched = fetchFrom + Instruction.beats }
    }

    /// The load engine begins.
    mutating func load(_ walk: LoadWalk, at cycle: Int) {
        load.begin(walk, at: cycle)
        if !isLimited { loadFinish = load.runUnhindered(walk) }
    }

    /// The store engine begins: its first beat is at the port when it has passed the pipeline.
    mutating func store(beats: Int, at cycle: Int) {
        writeFrom = cycle + AcceleratorParameters.storePipelineCycles
        writeBeats = beats
        if !isLimited { storeFinish = settled(lastBeat: writeFrom + beats - 1) }
    }

    /// The first cycle in which memory says that a beat has been written.
    private func settled(lastBeat cycle: Int) -> Int {
        #if MUTANTS
            if isPlanted("prediction-stores") { return cycle + latency }
        #endif
        return cycle + latency + 1
    }

    // MARK: beats

    /// Who wants to move a beat in a cycle.
    private struct Demand {
        var fetches, offers, takes, writes: Bool
        /// Bytes that are set aside, and those of them that move.
        var reserved, moved: Int
    }

    private func demand(at cycle: Int) -> Demand {
        let fetches = fetchBeats > 0 && fetchFrom <= cycle
        let offers = load.beatsLeft > 0 && load.offeredFrom <= cycle
        let takes = offers && load.takenFrom <= cycle
        let writes = writeBeats > 0 && writeFrom <= cycle
        let readBytes = offers ? load.walk!.beatBytes65536 : 0
        let others = (fetches ? fetchBytes : 0) + (writes ? writeBytes : 0)
        return Demand(
            fetches: fetches, offers: offers, takes: takes, writes: writes, reserved: others + readBytes,
            moved: others + (takes ? readBytes : 0))
    }

    /// The first cycle behind this one in which somebody else wants to move a beat.
    private func nextDemand(after cycle: Int) -> Int {
        var next = MemoryClock.never
        if fetchBeats > 0, fetchFrom > cycle { next = fetchFrom }
        if load.beatsLeft > 0 {
            if load.offeredFrom > cycle { next = min(next, load.offeredFrom) }
            if load.takenFrom > cycle { next = min(next, load.takenFrom) }
        }
        if writeBeats > 0, writeFrom > cycle { next = min(next, writeFrom) }
        return next
    }

    /// Moves the beats of the cycles from `start` on, up to the first in which the sequencer has to look: `end`, or the
    /// one in which an instruction is there or an engine finishes. Returns that cycle; `never`: nothing moves.
    mutating func advance(from start: Int, to end: Int) -> Int {
        var (cycle, end) = (start, end)
        while cycle < end {
            let demand = demand(at: cycle)
            let limit = min(end, nextDemand(after: cycle))
            guard limit != MemoryClock.never || demand.moved > 0 else { return MemoryClock.never }
            if demand.moved == 0 {
                budget = min(budget + (limit - cycle) * rate, fullBudget)
                cycle = limit
                continue
            }
            if rate >= demand.reserved {
                cycle += moveAll(demand, cycles: limit - cycle)
            } else if let only = onlyPort(demand) {
                cycle += moveOne(only, cycles: limit - cycle)
            } else {
                cycle += share(demand, cycles: limit - cycle)
            }
            end = min(end, settle(demand, before: cycle))
        }
        return cycle
    }

    /// Ends what has moved its last beat in the cycle before. Returns the cycle in which that is seen.
    private mutating func settle(_ demand: Demand, before cycle: Int) -> Int {
        if demand.fetches, fetchBeats == 0 { fetched = cycle }
        if demand.takes, load.beatsLeft == 0, !load.endRow(at: cycle - 1) {
            loadFinish = cycle - 1 + load.walk!.drain
        }
        if demand.writes, writeBeats == 0 { storeFinish = settled(lastBeat: cycle - 1) }
        return min(fetched, loadFinish, storeFinish)
    }

    /// The bytes of a cycle are enough for all.
    private mutating func moveAll(_ demand: Demand, cycles: Int) -> Int {
        var count = cycles
        if demand.fetches { count = min(count, fetchBeats) }
        if demand.takes { count = min(count, load.beatsLeft) }
        if demand.writes { count = min(count, writeBeats) }
        if demand.fetches { fetchBeats -= count }
        if demand.takes { load.beatsLeft -= count }
        if demand.writes { writeBeats -= count }
        budget = min(budget + count * (rate - demand.moved), fullBudget - demand.moved)
        return count
    }

    // MARK: too few bytes

    private enum Port { case fetch, read, write }

    /// The port that has all the bytes to itself; nil where there are others, or where a beat that is offered and not yet
    /// taken keeps bytes from it.
    private func onlyPort(_ demand: Demand) -> Port? {
        switch (demand.fetches, demand.takes, demand.writes) {
        case (true, false, false): .fetch
        case (false, true, false): .read
        case (false, false, true): demand.offers ? nil : .write
        default: nil
        }
    }

    /// One port and, if there is no other, fewer bytes than it needs: beat k moves in the first cycle n, n >= k, in which
    /// the budget and n times the rate are k beats' bytes.
    private mutating func moveOne(_ port: Port, cycles: Int) -> Int {
        let (beats, cost) =
            switch port {
            case .fetch: (fetchBeats, fetchBytes)
            case .read: (load.beatsLeft, load.walk!.beatBytes65536)
            case .write: (writeBeats, writeBytes)
            }
        // In the first cycle what is saved up may be full; later it is less than that.
        let saved = min(budget, fullBudget - rate)
        let needed = max(beats, (beats * cost - saved + rate - 1) / rate)
        let count = min(cycles, needed)
        let moved = needed <= cycles ? beats : min(count, (saved + count * rate) / cost)
        budget = min(saved + count * rate - moved * cost, fullBudget - cost)
        switch port {
        case .fetch: fetchBeats -= moved
        case .read: load.beatsLeft -= moved
        case .write: writeBeats -= moved
        }
        return count
    }

    /// What is left to move while ports share too few bytes, and what is saved of them.
    private struct Share {
        var fetches: Int
        var reads: Int
        var writes: Int
        var saved: Int
        /// Cycles so far.
        var count = 0

        /// Goes on as from `before`, when as much was saved: as often as no port moves its last beat, at most to `cycles`.
        mutating func repeating(since before: Share, until cycles: Int) {
            let period = count - before.count
            var times = (cycles - count) / period
            for (then, now) in [(before.fetches, fetches), (before.reads, reads), (before.writes, writes)]
            where then > now {
                times = min(times, (now - 1) / (then - now))
            }
            fetches -= times * (before.fetches - fetches)
            reads -= times * (before.reads - reads)
            writes -= times * (before.writes - writes)
            count += times * period
        }
    }

    /// Several ports and too few bytes: cycle by cycle, until one has moved its last beat. What they do in a cycle depends
    /// on what is saved alone, and so comes round.
    private mutating func share(_ demand: Demand, cycles: Int) -> Int {
        let readBytes = demand.offers ? load.walk!.beatBytes65536 : 0
        var now = Share(fetches: fetchBeats, reads: load.beatsLeft, writes: writeBeats, saved: budget)
        var before: Share? = now
        var isOpen = true
        while isOpen, now.count < cycles {
            now.saved = min(now.saved + rate, fullBudget)
            var left = now.saved
            if demand.fetches, left >= fetchBytes {
                left -= fetchBytes
                now.saved -= fetchBytes
                now.fetches -= 1
                isOpen = now.fetches > 0
            }
            if demand.offers {
                if left >= readBytes {
                    left -= readBytes
                    if demand.takes {
                        now.saved -= readBytes
                        now.reads -= 1
                        isOpen = isOpen && now.reads > 0
                    }
                } else {
                    // A beat that saves up for its bytes lets no write go first.
                    left = 0
                }
            }
            if demand.writes, left >= writeBytes {
                now.saved -= writeBytes
                now.writes -= 1
                isOpen = isOpen && now.writes > 0
            }
            now.count += 1
            guard isOpen, let then = before else { continue }
            if then.saved == now.saved {
                now.repeating(since: then, until: cycles)
                before = nil
            } else if now.count & (now.count - 1) == 0 {
                before = now
            }
        }
        (fetchBeats, load.beatsLeft, writeBeats, budget) = (now.fetches, now.reads, now.writes, now.saved)
        return now.count
    }
}
