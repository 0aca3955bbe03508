// The use of a buffer by a layer: how much of it, for how long, and what goes in and out.

import Accelerator

/// A buffer while a layer runs.
public struct BufferDescription: Sendable, Codable, Equatable {
    /// Which one.
    public var name: ArrayBuffer
    /// Words of the buffer, and bits of a word.
    public var words: Int
    /// See `words`.
    public var wordBits: Int
    /// Words of the layer's largest tile.
    public var largest: Int
    /// Another tile like the largest fits beside it.
    public var nextFits: Bool
    /// Tiles that the layer puts there.
    public var tiles: Int
    /// Most words in use at once between the layer's begin and end, other layers' included, and words in use on average.
    public var peak = 0
    /// See `peak`.
    public var mean = 0.0
    /// Cycles between begin and end in which more than one tile is there: the next is loaded, or the last not yet stored.
    public var sharedCycles = 0
    /// Words that the array reads and writes.
    public var arrayReads: Int
    /// See `arrayReads`.
    public var arrayWrites: Int
    /// The same in bytes.
    public var arrayReadBytes: Int
    /// See `arrayReadBytes`.
    public var arrayWriteBytes: Int
    /// Bytes that the load engine writes, padding included.
    public var loadedBytes: Int
    /// Bytes that the store engine reads.
    public var storedBytes: Int
    /// Tiles that are there between begin and end, in the order in which they come.
    public var occupancy: [BufferOccupancy] = []
}

/// A tile in a buffer.
public struct BufferOccupancy: Sendable, Codable, Equatable {
    /// Whose tile.
    public var layer: String
    /// Its first word.
    public var firstWord: Int
    /// Its words.
    public var words: Int
    /// From the begin of the first load, or of the compute that writes it.
    public var begin: Int
    /// To the end of the last compute, or store, that reads it.
    public var end: Int
}

/// Words and bytes that go in and out of a buffer.
struct BufferTraffic {
    var reads = 0
    var writes = 0
    var loaded = 0
    var stored = 0
}

extension BufferDescription {
    /// Of a layer that has `own` tiles there.
    init(
        _ name: ArrayBuffer, _ size: (words: Int, bits: Int), own: [BufferTenancy], _ traffic: BufferTraffic
    ) {
        func bytes(_ words: Int) -> Int { (words * size.bits + 7) / 8 }
        self.name = name
        (words, wordBits, tiles) = (size.words, size.bits, own.count)
        largest = own.map(\.words.count).max() ?? 0
        nextFits = 2 * largest <= size.words
        (arrayReads, arrayWrites) = (traffic.reads, traffic.writes)
        (arrayReadBytes, arrayWriteBytes) = (bytes(traffic.reads), bytes(traffic.writes))
        (loadedBytes, storedBytes) = (traffic.loaded, traffic.stored)
    }

    /// Says when which words are used, between two cycles.
    mutating func add(_ tenancies: [BufferTenancy], during window: Range<Int>, names: [String]) {
        let present = tenancies.filter { $0.begin < window.upperBound && $0.end > window.lowerBound }
        occupancy = present.map {
            BufferOccupancy(
                layer: names[$0.layer], firstWord: $0.words.lowerBound, words: $0.words.count, begin: $0.begin,
                end: $0.end)
        }
        var events: [(cycle: Int, words: Int, tiles: Int)] = []
        for tile in present {
            events.append((max(tile.begin, window.lowerBound), tile.words.count, 1))
            events.append((min(tile.end, window.upperBound), -tile.words.count, -1))
        }
        // What leaves in a cycle makes room for what comes.
        events.sort { ($0.cycle, $0.tiles) < ($1.cycle, $1.tiles) }
        var (cycle, words, tiles, area) = (window.lowerBound, 0, 0, 0)
        for event in events {
            area += words * (event.cycle - cycle)
            if tiles > 1 { sharedCycles += event.cycle - cycle }
            cycle = event.cycle
            words += event.words
            tiles += event.tiles
            peak = max(peak, words)
        }
        mean = window.isEmpty ? 0 : Double(area) / Double(window.count)
    }
}
