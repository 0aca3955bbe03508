// A loop nest in the terms of two tools that evaluate such nests: Timeloop (a level's factors and permutation) and ZigZag
// (spatial mapping and temporal ordering).

/// The nest as other tools write it.
public struct Mapping: Sendable, Codable, Equatable {
    /// Levels from the outermost.
    public var timeloop: [TimeloopLevel]
    /// The nest of even loops; `scripts/python/shiftsim_tools/zigzag_check.py` evaluates it.
    public var zigzag: ZigZagMapping
}

/// Iterations over a dimension.
public struct LoopFactor: Sendable, Codable, Equatable {
    /// N, K, C, P, Q, R, S, and T for passes where there are several.
    public var dimension: String
    /// Iterations.
    public var factor: Int
    /// In the last one of the dimension's loops outside: Timeloop's imperfect factor.
    public var last: Int
}

/// One entry of a Timeloop mapping.
public struct TimeloopLevel: Sendable, Codable, Equatable {
    /// `dram`, `buffers`, `lanes`.
    public var target: String
    /// `temporal` or `spatial`.
    public var type: String
    /// All dimensions.
    public var factors: [LoopFactor]
    /// The dimensions from innermost to outermost.
    public var permutation: String
}

/// A loop of ZigZag.
public struct ZigZagLoop: Sendable, Codable, Equatable {
    /// K, C, OX, OY, FX, FY.
    public var loop: String
    /// Iterations.
    public var size: Int
}

/// An axis of ZigZag's operational array.
public struct ZigZagAxis: Sendable, Codable, Equatable {
    /// D1, D2, ...
    public var arrayDimension: String
    /// As in `ZigZagLoop`.
    public var loop: String
    /// Lanes along the axis.
    public var size: Int
}

/// A mapping as ZigZag takes it. ZigZag's loops are even: where tiles do not divide a layer these are larger.
public struct ZigZagMapping: Sendable, Codable, Equatable {
    /// Iterations over each dimension, lanes included.
    public var loopDims: [ZigZagLoop]
    /// How lanes unroll the dimensions.
    public var spatialMapping: [ZigZagAxis]
    /// From innermost to outermost, without loops of one iteration.
    public var temporalOrdering: [ZigZagLoop]
    /// How often the nest runs: passes, which ZigZag does not know.
    public var passes: Int
}

extension LoopDimension {
    /// ZigZag's name; nil for passes.
    fileprivate var zigzag: String? {
        switch self {
        case .outputs: "K"
        case .inputs: "C"
        case .rows: "OY"
        case .columns: "OX"
        case .kernelRows: "FY"
        case .kernelColumns: "FX"
        case .passes: nil
        }
    }
}

extension Mapping {
    init(_ loops: [NestLoop]) {
        timeloop = [("dram", LoopLevel.tiles), ("buffers", .compute), ("lanes", .lanes)].map { target, level in
            Mapping.level(target, loops.filter { $0.level == level }, isSpatial: level == .lanes)
        }
        let passes = loops.filter { $0.dimension == .passes }.reduce(1) { $0 * $1.extent }
        if passes == 1 { timeloop = timeloop.map(Mapping.withoutPasses) }
        let named = loops.compactMap { loop in
            loop.dimension.zigzag.map { (level: loop.level, loop: ZigZagLoop(loop: $0, size: loop.extent)) }
        }
        let dims = LoopDimension.allCases.compactMap(\.zigzag).map { name in
            ZigZagLoop(loop: name, size: named.filter { $0.loop.loop == name }.reduce(1) { $0 * $1.loop.size })
        }
        let axes = named.filter { $0.level == .lanes }.enumerated().map {
            ZigZagAxis(arrayDimension: "D\($0.offset + 1)", loop: $0.element.loop.loop, size: $0.element.loop.size)
        }
        let temporal = named.filter { $0.level != .lanes && $0.loop.size > 1 }.map(\.loop)
        zigzag = ZigZagMapping(
            loopDims: dims, spatialMapping: axes, temporalOrdering: temporal.reversed(), passes: passes)
    }

    /// The dimensions that have no loop stand outermost.
    private static func level(_ target: String, _ loops: [NestLoop], isSpatial: Bool) -> TimeloopLevel {
        let batch = LoopFactor(dimension: "N", factor: 1, last: 1)
        let factors = LoopDimension.allCases.map { dimension in
            let loop = loops.first { $0.dimension == dimension }
            return LoopFactor(dimension: dimension.rawValue, factor: loop?.extent ?? 1, last: loop?.last ?? 1)
        }
        let inside = loops.reversed().map(\.dimension.rawValue)
        let others = factors.map(\.dimension).filter { !inside.contains($0) }
        return TimeloopLevel(
            target: target, type: isSpatial ? "spatial" : "temporal", factors: [batch] + factors,
            permutation: (inside + others + ["N"]).joined())
    }

    private static func withoutPasses(_ level: TimeloopLevel) -> TimeloopLevel {
        var level = level
        level.factors.removeAll { $0.dimension == LoopDimension.passes.rawValue }
        level.permutation.removeAll { String($0) == LoopDimension.passes.rawValue }
        return level
    }
}
