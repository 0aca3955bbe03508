// Operands: which net, and which of its lanes feeds each lane of the cell.

/// Lane i of the cell reads lane offset + sum(coordinate * stride), the coordinates being those of i in a
/// row-major array of the dimensions' counts (the outermost count is nominal). A coordinate at or past its limit
/// reads the constant 0 instead: nothing is wired there.
public struct LaneMap: Sendable, Hashable, Codable {
    public struct Dimension: Sendable, Hashable, Codable {
        public var count: Int
        public var stride: Int
        public var limit: Int?
        public init(_ count: Int, stride: Int, limit: Int? = nil) {
            self.count = count
            self.stride = stride
            self.limit = limit
        }
    }
    public var dimensions: [Dimension]
    public var offset: Int

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
    case net(NetID, LaneMap?)
    case constant(Int64)
    /// The number of the reading lane: a different constant in each lane (the emitter's genvar).
    case laneIndex

    public var netID: NetID? {
        if case .net(let id, _) = self { return id }
        return nil
    }
}
