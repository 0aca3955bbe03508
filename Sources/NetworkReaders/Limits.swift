import Networks

/// Bounds on sizes, so that products cannot overflow and a wrong file cannot exhaust memory.
enum Limits {
    /// Largest size of one axis, stride or padding.
    static let dimension = 1 << 20
    /// Largest number of elements of one feature map.
    static let elements = 1 << 28
    /// Most axes of a constant that is computed with.
    static let rank = 8
    /// Bytes of constants that the nodes of any model may make: VGG-19 as float32 fits.
    static let foldedBytes = 640 << 20
    /// Bytes that they may make beside for each byte of the model's files: a float32 and a code of an int8.
    static let foldedBytesPerByte = 8

    static func accepts(_ shape: Shape) -> Bool {
        let sizes = [shape.channels, shape.height, shape.width]
        guard sizes.allSatisfy({ $0 > 0 && $0 <= dimension }) else { return false }
        return shape.channels * shape.height <= elements && shape.count <= elements
    }

    /// Product of sizes, or nil when one is negative or when those that are not 0 exceed `bound` together.
    static func product(_ sizes: [Int], upTo bound: Int) -> Int? {
        var product = 1
        for size in sizes where size != 0 {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard size > 0, !overflow, next <= bound else { return nil }
            product = next
        }
        return sizes.contains(0) ? 0 : product
    }
}
