// MobileNet-V2 (Sandler et al., CVPR 2018, table 2): inverted residuals. A bottleneck widens its channels by a 1x1
// convolution, filters each of them by a 3x3 convolution of its own, and narrows them by a 1x1 convolution behind which
// there is no ReLU; where shapes allow, its input is added. Every other convolution ends in a ReLU6, min(max(x, 0), 6).

extension NetworkBuilder {
    /// A row of table 2: `count` bottlenecks, of which the first has the stride.
    private struct BottleneckRow {
        var expansion: Int
        var outputs: Int
        var count: Int
        var stride: Int
    }

    private static let bottleneckRows = [
        BottleneckRow(expansion: 1, outputs: 16, count: 1, stride: 1),
        BottleneckRow(expansion: 6, outputs: 24, count: 2, stride: 2),
        BottleneckRow(expansion: 6, outputs: 32, count: 3, stride: 2),
        BottleneckRow(expansion: 6, outputs: 64, count: 4, stride: 2),
        BottleneckRow(expansion: 6, outputs: 96, count: 3, stride: 1),
        BottleneckRow(expansion: 6, outputs: 160, count: 3, stride: 2),
        BottleneckRow(expansion: 6, outputs: 320, count: 1, stride: 1),
    ]

    /// MobileNet-V2 of width 1 for 224 x 224 images, 1000 classes.
    static func mobileNetV2(name: String, seed: UInt64) -> Network {
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 224, width: 224), seed: seed)
        builder.cappedConvolution("conv1", outputs: 32, window: Window(kernel: 3, stride: 2, pad: 1))
        var block = 0
        for row in bottleneckRows {
            for index in 0..<row.count {
                block += 1
                builder.bottleneck("block\(block)", row, stride: index == 0 ? row.stride : 1)
            }
        }
        builder.cappedConvolution("conv2", outputs: 1280, window: Window(kernel: 1))
        builder.globalAveragePool("pool")
        builder.fullyConnected("fc", outputs: 1000)
        return builder.build(name: name)
    }

    private mutating func bottleneck(_ block: String, _ row: BottleneckRow, stride: Int) {
        let source = last
        let inputs = shape(of: source).channels
        let hidden = inputs * row.expansion
        if row.expansion > 1 { cappedConvolution("\(block).expand", outputs: hidden, window: Window(kernel: 1)) }
        let window = Window(kernel: 3, stride: stride, pad: 1)
        cappedConvolution("\(block).depthwise", outputs: hidden, window: window, groups: hidden)
        let isResidual = stride == 1 && inputs == row.outputs
        let main = normalizedConvolution(
            "\(block).project", outputs: row.outputs, window: Window(kernel: 1), relu: false,
            gain: isResidual ? 0.25 : 1)
        if isResidual { add("\(block).add", main, source) }
    }

    /// Convolution, normalization and ReLU6: NAME, NAME.bn, NAME.relu6.
    private mutating func cappedConvolution(_ name: String, outputs: Int, window: Window, groups: Int = 1) {
        convolution(name, outputs: outputs, window: window, groups: groups)
        normalization("\(name).bn")
        clip("\(name).relu6", minimum: 0, maximum: 6)
    }
}
