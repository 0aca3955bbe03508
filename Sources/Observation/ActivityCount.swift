// What a run did, as counts of events on nets and memories: the basis of every account of energy.

import Design

/// Events up to some cycle, or of a stretch of a run.
public struct ActivityCount: Sendable, Equatable {
    /// Bits that changed, by net of the Design; 0 for nets that are not counted.
    public var toggles: [UInt64]
    /// Cycles with a read, in the order of the Design's memory cells.
    public var reads: [UInt64]
    /// Cycles with a write, in the same order; of a memory whose banks have enables of their own, writes of single banks.
    public var writes: [UInt64]

    /// No events yet in a Design.
    public init(none design: Design) {
        toggles = Array(repeating: 0, count: design.nets.count)
        let memories = design.memoryCells.count
        (reads, writes) = (Array(repeating: 0, count: memories), Array(repeating: 0, count: memories))
    }

    /// Both, event by event.
    public static func + (a: ActivityCount, b: ActivityCount) -> ActivityCount { a.merged(b, &+) }

    /// The events since an earlier count.
    public static func - (later: ActivityCount, earlier: ActivityCount) -> ActivityCount { later.merged(earlier, &-) }

    private func merged(_ other: ActivityCount, _ body: (UInt64, UInt64) -> UInt64) -> ActivityCount {
        var result = self
        for index in toggles.indices { result.toggles[index] = body(toggles[index], other.toggles[index]) }
        for index in reads.indices { result.reads[index] = body(reads[index], other.reads[index]) }
        for index in writes.indices { result.writes[index] = body(writes[index], other.writes[index]) }
        return result
    }
}

extension [ActivityCount] {
    /// From counts up to the end of each layer: the counts of each layer.
    public var steps: [ActivityCount] {
        indices.map { $0 == 0 ? self[0] : self[$0] - self[$0 - 1] }
    }
}

extension Design {
    /// The block memories, in the order of `cells`.
    public var memoryCells: [MemoryCell] {
        cells.compactMap {
            guard case .memory(let cell) = $0 else { return nil }
            return cell
        }
    }
}
