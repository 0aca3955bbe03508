/// A NumPy array in C order, as in a .npy file.
public struct NpyArray: Sendable, Equatable {
    /// The elements, by type.
    public enum Elements: Sendable, Equatable {
        case float32([Float])
        case int32([Int32])
        case int64([Int64])
        case uint8([UInt8])

        /// Number of elements.
        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            case .uint8(let values): values.count
            }
        }
    }

    /// Size of each axis; empty for a single number.
    public var shape: [Int]
    /// Row-major: the last axis varies fastest.
    public var elements: Elements

    /// The product of `shape` must be the number of elements; reader and writer check it.
    public init(shape: [Int], elements: Elements) {
        self.shape = shape
        self.elements = elements
    }
}
