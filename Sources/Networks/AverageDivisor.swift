/// What an average pooling divides a window's sum by.
public enum AverageDivisor: Sendable, Equatable {
    /// kernelHeight * kernelWidth: positions in the padding count.
    case kernelArea
    /// The window's positions that lie in the map extended by this padding: none of it for ONNX
    /// `count_include_pad = 0`, the declared padding for windows that `ceil_mode` adds beyond it.
    case positions(padTop: Int, padLeft: Int, padBottom: Int, padRight: Int)

    /// Divisors of all output positions, row by row.
    public func counts(_ window: Window, input: Shape, output: Shape) -> [Int] {
        let (rows, columns) = separateCounts(window, input: input, output: output)
        return rows.flatMap { row in columns.map { row * $0 } }
    }

    /// Divisors as products: one factor for each output row, one for each output column.
    public func separateCounts(_ window: Window, input: Shape, output: Shape) -> (rows: [Int], columns: [Int]) {
        guard case .positions(let top, let left, let bottom, let right) = self else {
            return (
                [Int](repeating: window.kernelHeight, count: output.height),
                [Int](repeating: window.kernelWidth, count: output.width)
            )
        }
        let rows = (0..<output.height).map { row in
            let start = row * window.strideHeight - window.padTop
            return max(1, min(start + window.kernelHeight, input.height + bottom) - max(start, -top))
        }
        let columns = (0..<output.width).map { column in
            let start = column * window.strideWidth - window.padLeft
            return max(1, min(start + window.kernelWidth, input.width + right) - max(start, -left))
        }
        return (rows, columns)
    }
}
