// Shapes of feature maps. A batch dimension does not exist here: an accelerator works image by image.

/// Channels, rows and columns of a feature map, in elements.
public struct Shape: Sendable, Codable, Hashable, CustomStringConvertible {
    /// Maps, 1 and more.
    public var channels: Int
    /// Rows.
    public var height: Int
    /// Columns.
    public var width: Int

    /// Stores what is given.
    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Number of elements.
    public var count: Int { channels * height * width }
    /// Channels, rows, columns: "64x8x8".
    public var description: String { "\(channels)x\(height)x\(width)" }
}

/// Kernel, stride, dilation and padding of a sliding window, in elements. The output size is
/// floor((input + before + after - extent) / stride) + 1 in each direction, where
/// extent = (kernel - 1) * dilation + 1.
public struct Window: Sendable, Codable, Hashable {
    /// Rows of the kernel, 1 and more.
    public var kernelHeight: Int
    /// Columns of the kernel.
    public var kernelWidth: Int
    /// Rows from one position to the next below.
    public var strideHeight: Int
    /// Columns from one position to the next.
    public var strideWidth: Int
    /// Rows of padding above the map.
    public var padTop: Int
    /// Columns of padding before it.
    public var padLeft: Int
    /// Rows of padding below it.
    public var padBottom: Int
    /// Columns of padding behind it.
    public var padRight: Int
    /// Distance of neighbouring kernel elements; 1 but for dilated convolutions.
    public var dilationHeight: Int
    /// As `dilationHeight`, for columns.
    public var dilationWidth: Int

    /// Any window; sizes are not checked.
    public init(
        kernelHeight: Int, kernelWidth: Int, strideHeight: Int = 1, strideWidth: Int = 1,
        padTop: Int = 0, padLeft: Int = 0, padBottom: Int = 0, padRight: Int = 0,
        dilationHeight: Int = 1, dilationWidth: Int = 1
    ) {
        self.kernelHeight = kernelHeight
        self.kernelWidth = kernelWidth
        self.strideHeight = strideHeight
        self.strideWidth = strideWidth
        self.padTop = padTop
        self.padLeft = padLeft
        self.padBottom = padBottom
        self.padRight = padRight
        self.dilationHeight = dilationHeight
        self.dilationWidth = dilationWidth
    }

    /// Rows and columns from the first kernel element to the last, both counted.
    public var extentHeight: Int { (kernelHeight - 1) * dilationHeight + 1 }
    /// As `extentHeight`, for columns.
    public var extentWidth: Int { (kernelWidth - 1) * dilationWidth + 1 }

    /// A square window with equal padding on all sides.
    public init(kernel: Int, stride: Int = 1, pad: Int = 0) {
        self.init(
            kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride,
            padTop: pad, padLeft: pad, padBottom: pad, padRight: pad)
    }

    /// Number of positions, zero or negative when the window does not fit.
    public func outputHeight(_ height: Int) -> Int {
        let room = height + padTop + padBottom - extentHeight
        return room < 0 ? 0 : room / strideHeight + 1
    }

    /// Number of positions, zero or negative when the window does not fit.
    public func outputWidth(_ width: Int) -> Int {
        let room = width + padLeft + padRight - extentWidth
        return room < 0 ? 0 : room / strideWidth + 1
    }
}
