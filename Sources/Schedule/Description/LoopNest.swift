// The loop nest of a part of a layer, from outermost to innermost: tiles in external memory, the loops of a compute
// instruction, lanes. Dimensions have the names of Timeloop's convolution problem.

import Accelerator

/// What a loop goes over.
public enum LoopDimension: String, Sendable, Codable, CaseIterable {
    /// Output channels: in words of the array outside the lanes.
    case outputs = "K"
    /// Input channels, as `outputs`.
    case inputs = "C"
    /// Output rows and columns.
    case rows = "P"
    /// See `rows`.
    case columns = "Q"
    /// Kernel rows and columns.
    case kernelRows = "R"
    /// See `kernelRows`.
    case kernelColumns = "S"
    /// Passes: terms of the weights (decision 003).
    case passes = "T"
}

/// Where a loop runs.
public enum LoopLevel: String, Sendable, Codable, CaseIterable {
    /// Over the tiles, each with loads, a compute and stores.
    case tiles
    /// Inside a compute instruction.
    case compute
    /// At the same time.
    case lanes
}

/// A loop of a nest.
public struct NestLoop: Sendable, Codable, Equatable {
    /// Where it runs.
    public var level: LoopLevel
    /// What it goes over.
    public var dimension: LoopDimension
    /// Iterations.
    public var extent: Int
    /// Iterations in the last one of the dimension's loops outside: fewer where the tiles do not divide the layer.
    public var last: Int
}

extension PartDecision {
    /// From outermost to innermost, loops of one iteration included.
    func loops(_ p: AcceleratorParameters) -> [NestLoop] { tileLoops + computeLoops + laneLoops(p) }

    /// Tiles of weights that come in parts.
    private var isInParts: Bool { tile.partUnits > 0 }
    private var unitTiles: Int { isInParts ? (shape.units + tile.partUnits - 1) / tile.partUnits : 1 }

    private func loop(_ level: LoopLevel, _ dimension: LoopDimension, _ extent: Int, last: Int? = nil) -> NestLoop {
        NestLoop(level: level, dimension: dimension, extent: extent, last: last ?? extent)
    }

    private var tileLoops: [NestLoop] {
        let outputs = loop(.tiles, .outputs, groups.count)
        let places = [loop(.tiles, .rows, rows.count), loop(.tiles, .columns, columns.count)]
        let parts = isInParts ? [loop(.tiles, .passes, shape.passes), loop(.tiles, .inputs, unitTiles)] : []
        return (order == .placesInside ? [outputs] + places : places + [outputs]) + parts
    }

    private var computeLoops: [NestLoop] {
        func perUnit(_ columns: Int) -> Int { min(tile.columnsPerUnit, columns) }
        let outputs = loop(.compute, .outputs, groups.first, last: groups.last)
        let rows = loop(.compute, .rows, self.rows.first, last: self.rows.last)
        let columns = loop(
            .compute, .columns, perUnit(self.columns.first), last: perUnit(self.columns.last))
        let passes = loop(.compute, .passes, isInParts ? 1 : shape.passes)
        let units = isInParts ? min(tile.partUnits, shape.units) : shape.units
        let inputs = loop(.compute, .inputs, units, last: shape.units - (unitTiles - 1) * units)
        let kernel = [
            loop(.compute, .kernelRows, shape.window.kernelHeight),
            loop(.compute, .kernelColumns, shape.window.kernelWidth),
        ]
        switch shape.work {
        case .pool: return [outputs, rows, columns] + kernel
        case .nest: return [outputs, rows, columns, passes, inputs] + kernel
        case .stream, .flattened: return [outputs, passes, inputs, rows, columns]
        }
    }

    private func laneLoops(_ p: AcceleratorParameters) -> [NestLoop] {
        let perUnit = tile.columnsPerUnit
        let pixels = loop(
            .lanes, .columns, (columns.first + perUnit - 1) / perUnit, last: (columns.last + perUnit - 1) / perUnit)
        guard !shape.isPool else { return [pixels, loop(.lanes, .outputs, p.granule)] }
        let channels = [
            loop(.lanes, .outputs, p.outputs, last: outputs - (shape.outputGroups - 1) * p.outputs),
            loop(.lanes, .inputs, p.inputs, last: inputs - (shape.inputGroups - 1) * p.inputs),
        ]
        switch shape.work {
        case .pool, .nest: return [pixels] + channels
        case .flattened: return channels
        case .stream:
            return channels + [
                loop(.lanes, .kernelRows, shape.window.kernelHeight),
                loop(.lanes, .kernelColumns, shape.window.kernelWidth),
            ]
        }
    }

    /// Iterations of the loops outside the lanes; nil where tiles keep to borders of regions.
    func nestSteps(_ loops: [NestLoop]) -> Int? {
        guard rows.isEven, columns.isEven, groups.isEven else { return nil }
        return LoopDimension.allCases.reduce(1) { product, dimension in
            let own = loops.filter { $0.dimension == dimension && $0.level != .lanes }
            let outer = own.first { $0.level == .tiles }?.extent ?? 1
            guard let inner = own.first(where: { $0.level == .compute }) else { return product * outer }
            return product * ((outer - 1) * inner.extent + inner.last)
        }
    }
}
