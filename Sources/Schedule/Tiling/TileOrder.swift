// The order of a layer's tiles.

import Networks

/// The order of a layer's tiles: output groups and places of the map.
enum TileLoops: String, Sendable, Hashable, CaseIterable {
    /// Groups outside where that reads fewer words.
    case byWords = "by words"
    /// All groups of a place, then the next place: features are read once.
    case groupsInside = "groups inside places"
    /// All places of a group, then the next group: weights are read once.
    case placesInside = "places inside groups"
}

/// Feature-map geometry of one tile.
struct TilePlace {
    /// First output group and how many.
    var group: Int
    var groups: Int
    /// First output row and how many.
    var row: Int
    var rows: Int
    /// First output column and how many, of all pixel units.
    var column: Int
    var columns: Int
    /// Output columns of one pixel unit; the last one may have fewer.
    var columnsPerUnit: Int
    /// Which of the layer's regions it lies in; nil: in none.
    var region: Int?
}

/// What of the ifmap stands in the buffer: the input of one tile.
struct LoadedFeatures: Equatable {
    var row: Int
    var rows: Int
    var column: Int
    var columns: Int
    /// First output group of a pooling; 0 for others.
    var group: Int
    var range: Range<Int>

    init(_ place: TilePlace, group: Int, range: Range<Int>) {
        (row, rows, column, columns) = (place.row, place.rows, place.column, place.columns)
        self.group = group
        self.range = range
    }

    func serves(_ place: TilePlace, group: Int) -> Bool { self == LoadedFeatures(place, group: group, range: range) }
}

extension TileEmitter {
    /// Output rows or columns of a tile.
    private typealias Stretch = Range<Int>

    /// 0..<count in stretches of at most `most` that do not cross `borders`.
    private static func stretches(_ count: Int, most: Int, borders: [Range<Int>]) -> [Stretch] {
        let cuts = Set([0, count] + borders.flatMap { [$0.lowerBound, $0.upperBound] }).filter { $0 <= count }.sorted()
        return zip(cuts, cuts.dropFirst()).flatMap { from, to in
            stride(from: from, to: to, by: most).map { $0..<min($0 + most, to) }
        }
    }

    /// Tiles in their order: output groups inside places of the map, or places inside output groups.
    func tiles() -> [TilePlace] {
        let output = shape.outputShape
        let rows = TileEmitter.stretches(output.height, most: tile.rows, borders: layer.regions.map(\.rows))
        let columns = TileEmitter.stretches(output.width, most: tile.columns, borders: layer.regions.map(\.columns))
        let groupStarts = Array(stride(from: 0, to: shape.outputGroups, by: tile.groups))
        func place(_ group: Int, _ rows: Stretch, _ columns: Stretch) -> TilePlace {
            TilePlace(
                group: group, groups: min(tile.groups, shape.outputGroups - group), row: rows.lowerBound,
                rows: rows.count, column: columns.lowerBound, columns: columns.count,
                columnsPerUnit: min(tile.columnsPerUnit, columns.count),
                region: layer.regions.firstIndex {
                    $0.rows.contains(rows.lowerBound) && $0.columns.contains(columns.lowerBound)
                })
        }
        let spatial = rows.flatMap { row in columns.map { (row, $0) } }
        if hasPlacesInside(places: spatial.count, groups: groupStarts.count) {
            return groupStarts.flatMap { group in spatial.map { place(group, $0.0, $0.1) } }
        }
        return spatial.flatMap { spot in groupStarts.map { place($0, spot.0, spot.1) } }
    }

    /// Whether all places of a group come before the next group.
    func hasPlacesInside(places: Int, groups: Int) -> Bool {
        switch tile.loops {
        case .placesInside: return true
        case .groupsInside: return false
        case .byWords:
            let weightWords = shape.outputGroups * wordsPerGroup
            let featureWords = places * shape.inputGroups * tile.inputRows(window) * tile.inputColumns(window)
            return shape.isPool || weightWords * places > featureWords * groups
        }
    }
}
