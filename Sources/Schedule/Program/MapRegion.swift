// A stretch of a feature map in external memory: what a load reads or a store writes. Maps stand in places of their own,
// so that the addresses of planes tell maps apart, and the parts of a joined one.

import Networks

/// Rows and columns of consecutive planes of a feature map.
struct MapRegion: Equatable {
    /// Byte addresses of the planes.
    var planes: Range<Int>
    var rows: Range<Int>
    var columns: Range<Int>
    /// Rows and columns of the whole map.
    private let extent: [Int]

    /// Planes of a placed map, by their numbers, each with the same rows and columns.
    init(_ map: TensorPlacement, planes: Range<Int>, rows: Range<Int>, columns: Range<Int>) {
        let first = map.address(plane: planes.lowerBound, row: 0, column: 0)
        self.planes = first..<first + planes.count * map.planeStride
        (self.rows, self.columns) = (rows, columns)
        extent = [map.shape.height, map.shape.width]
    }

    /// Whether some byte lies in both; maps of other extents that share addresses are taken to.
    func overlaps(_ other: MapRegion) -> Bool {
        guard planes.overlaps(other.planes) else { return false }
        return extent != other.extent || rows.overlaps(other.rows) && columns.overlaps(other.columns)
    }
}
