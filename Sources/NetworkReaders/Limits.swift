import Networks

/// Bounds on sizes, so that products cannot overflow and a wrong file cannot exhaust memory.
enum Limits {
    /// Largest size of one axis, stride or padding.
    static let dimension = 1 << 20
    /// Largest number of elements of one feature map or of all tensors filled by ConstantOfShape.
    static let elements = 1 << 28

    static func accepts(_ shape: Shape) -> Bool {
        let sizes = [shape.channels, shape.height, shape.width]
        guard sizes.allSatisfy({ $0 > 0 && $0 <= dimension }) else { return false }
        return shape.channels * shape.height <= elements && shape.count <= elements
    }

    /// Product of non-negative sizes, or nil when it exceeds `bound`.
    static func product(_ sizes: [Int], upTo bound: Int) -> Int? {
        if sizes.contains(0) { return 0 }
        var product = 1
        for size in sizes {
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard size > 0, !overflow, next <= bound else { return nil }
            product = next
        }
        return product
    }
}
