// What a schedule is, in numbers: for every layer its loop nest, buffers, transfers, predicted times, and why these tiles.
// docs/guide/Schedule.md explains every member, under its name in JSON.

import Accelerator

/// A layer's part of the program.
public struct LayerDescription: Sendable, Codable, Equatable {
    /// The layer's name.
    public var name: String
    /// What it is, in words: that of the network, or `host`.
    public var kind: String
    /// Computed by the host: nothing else is known of it.
    public var isOnHost: Bool
    /// Multiply-accumulates of one image.
    public var macs: Int
    /// Cycles by the scheduler's clock; nil for the host's.
    public var cycles: LayerTimes?
    /// Bytes over the memory interface.
    public var bytes: LayerBytes
    /// Multiply-accumulates per byte.
    public var reuse: LayerReuse
    /// Groups of a grouped convolution, filters of as many passes, granules of a pooling; most layers have one part.
    public var parts: [PartDescription]
    /// Buffers of the array that the layer uses.
    public var buffers: [BufferDescription]
}

/// When a layer runs, by the clock with which tiles are chosen: engines that wait for each other, and the configured
/// memory's latency and rate, without conflicts. The host takes no time.
public struct LayerTimes: Sendable, Codable, Equatable {
    /// Cycle in which the layer before ends.
    public var begin: Int
    /// Cycle in which this one ends.
    public var end: Int
    /// Cycles in which the engines work on the layer; loads, and what they make possible, may lie before `begin`.
    public var load: Int
    /// See `load`.
    public var compute: Int
    /// See `load`.
    public var store: Int
    /// Cycles from `begin` to `end` in which the engines work, on this layer or a later one.
    public var loadBusy: Int
    /// See `loadBusy`.
    public var computeBusy: Int
    /// See `loadBusy`.
    public var storeBusy: Int
    /// By the sizes of its instructions alone, for memory that answers at once and layers that do not overlap: no report has it.
    public var predicted: Int
}

/// Bytes over the memory interface.
public struct LayerBytes: Sendable, Codable, Equatable {
    /// Of the input.
    public var features = 0
    /// Of weights.
    public var weights = 0
    /// Of requantization and pre-activation constants.
    public var constants = 0
    /// Of the tensor that is added.
    public var residual = 0
    /// Of instructions, without the word that ends a stream.
    public var instructions = 0
    /// Written.
    public var results = 0

    /// All that is read.
    public var read: Int { features + weights + constants + residual + instructions }
}

/// Multiply-accumulates for each byte over the memory interface; nil where there are no such bytes.
public struct LayerReuse: Sendable, Codable, Equatable {
    /// For each byte of the input.
    public var features: Double?
    /// For each byte of weights.
    public var weights: Double?
    /// For each byte of results.
    public var results: Double?
    /// For each byte at all.
    public var all: Double?

    init(macs: Int, _ bytes: LayerBytes) {
        func ratio(_ bytes: Int) -> Double? { bytes > 0 && macs > 0 ? Double(macs) / Double(bytes) : nil }
        (features, weights, results) = (ratio(bytes.features), ratio(bytes.weights), ratio(bytes.results))
        all = ratio(bytes.read + bytes.results)
    }
}

/// A part of a layer.
public struct PartDescription: Sendable, Codable, Equatable {
    /// How the array works on it: `nest`, `stream`, `flattened` (docs/internals/ConvolverArray.md), `pool`.
    public var work: String
    /// Output rows and columns, and the window's strides.
    public var rows: Int
    /// See `rows`.
    public var columns: Int
    /// See `rows`.
    public var strideRows: Int
    /// See `rows`.
    public var strideColumns: Int
    /// Rows and columns of the layer's window that stand in the channels of the network's input; 1: none, it stands in
    /// memory as every feature map.
    public var inputRows: Int
    /// See `inputRows`.
    public var inputColumns: Int
    /// The tile, and how many there are along each axis.
    public var tile: TileDescription
    /// Compute instructions: tiles, times the parts of their weights.
    public var instructions: Int
    /// From outermost to innermost.
    public var loops: [NestLoop]
    /// Cycles in which the compute engine issues a step, from the instructions.
    public var steps: Int
    /// The same by the loops alone; nil where tiles keep to borders of a pooling's regions. On streams results, which
    /// are fewer than steps where windows have strides or rows of slots reach past the results.
    public var nestSteps: Int?
    /// `nestSteps` times the lanes of the nest: with all its idle lanes and ragged edges.
    public var nestMacs: Int?
    /// Why this one.
    public var choice: ChoiceDescription
    /// The nest as other tools write it.
    public var mapping: Mapping
}

/// A tile.
public struct TileDescription: Sendable, Codable, Equatable {
    /// Output rows.
    public var rows: Int
    /// Output columns.
    public var columns: Int
    /// Output groups: words of output channels.
    public var groups: Int
    /// Input groups (of a flattened layer words) whose weights come at a time; 0: all.
    public var partUnits: Int
    /// What goes round inside what; nil where there is nothing to order.
    public var order: String?
    /// Tiles along the rows, columns and output groups; nil for a tiling that was not chosen.
    public var counts: [Int]?
}

/// How a tile was chosen.
public struct ChoiceDescription: Sendable, Codable, Equatable {
    /// `optimal` or `first-fit`.
    public var search: String
    /// Tilings of the space; this and the next members only of `optimal`.
    public var candidates: Int?
    /// Of those, the ones whose programs were counted.
    public var counted: Int?
    /// Cycles from the end of the part before to the end of this one.
    public var cycles: Int?
    /// The least `TileCost.bound` of the space: of tilings by themselves.
    public var bound: Int?
    /// The best of the others that were counted.
    public var next: [NextTiling]?
}

/// A tiling that was not chosen.
public struct NextTiling: Sendable, Codable, Equatable {
    /// The tile.
    public var tile: TileDescription
    /// As `ChoiceDescription.cycles`.
    public var cycles: Int
}

extension TileDescription {
    /// A tiling that was counted and not chosen.
    init(_ tile: TileShape) {
        (rows, columns, groups, partUnits) = (tile.rows, tile.columns, tile.groups, tile.partUnits)
        order = tile.loops == .byWords ? nil : tile.loops.rawValue
    }

    /// The tile of a part.
    init(_ decision: PartDecision) {
        self.init(decision.tile)
        let counts = [decision.rows.count, decision.columns.count, decision.groups.count]
        self.counts = counts
        order = counts[0] * counts[1] > 1 && counts[2] > 1 ? decision.order.rawValue : nil
    }
}

extension ChoiceDescription {
    init(_ choice: TileChoice?) {
        guard let choice else {
            search = ScheduleOptions.Search.firstFit.rawValue
            return
        }
        search = ScheduleOptions.Search.optimal.rawValue
        (candidates, counted) = (choice.candidates, choice.counted)
        (cycles, bound) = (choice.cycles, choice.bound)
        next = choice.next.map { NextTiling(tile: TileDescription($0.tile), cycles: $0.cycles) }
    }
}
