// Operands: which net, and which of its lanes feeds each lane of the cell.

/// Lane i of the cell reads lane offset + sum(coordinate * stride), the coordinates being those of i in a
/// row-major array of the dimensions' counts (the outermost count is nominal). A coordinate at or past its limit
/// reads the constant 0 instead: nothing is wired there.
public struct LaneMap: Sendable, Hashable, Codable {
    /// One coordinate of the reading lane.
    public struct Dimension: Sendable, Hashable, Codable {
        /// Values of the coordinate, 1 or more; nominal in the outermost dimension, which takes what is left.
        public var count: Int
        /// Lanes that one step of the coordinate moves the source; may be negative or 0.
        public var stride: Int
        /// First value for which nothing is wired; nil: everything is.
        public var limit: Int?
        /// A dimension of `count` values.
        public init(_ count: Int, stride: Int, limit: Int? = nil) {
            self.count = count
            self.stride = stride
            self.limit = limit
        }
    }
    /// The outermost first.
    public var dimensions: [Dimension]
    /// The source of lane 0.
    public var offset: Int

    /// A map of row-major dimensions, the outermost first.
    public init(_ dimensions: [Dimension], offset: Int = 0) {
        self.dimensions = dimensions
        self.offset = offset
    }

    /// The source lane, nil for the constant 0.
    public func source(of lane: Int) -> Int? {
        var rest = lane
        var index = offset
        for (position, dimension) in dimensions.enumerated().reversed() {
            let coordinate = position == 0 ? rest : rest % dimension.count
            rest /= dimension.count
            if let limit = dimension.limit, coordinate >= limit { return nil }
            index += coordinate * dimension.stride
        }
        return index
    }
}

/// A net (scalar nets feed every lane; vector nets lane by lane unless a map says otherwise) or a constant.
public enum Operand: Sendable, Hashable, Codable {
    /// a net, through a map of its lanes
    case net(NetID, LaneMap?)
    /// the same number in every lane
    case constant(Int64)
    /// The number of the reading lane: a different constant in each lane (the emitter's genvar).
    case laneIndex

    /// The net that is read; nil for constants.
    public var netID: NetID? {
        if case .net(let id, _) = self { return id }
        return nil
    }
}
