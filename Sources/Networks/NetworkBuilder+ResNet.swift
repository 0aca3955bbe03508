// The ResNet family (He et al., CVPR 2016). ImageNet networks follow torchvision (v1.5: the stride sits in
// the 3x3 convolution of a bottleneck); CIFAR networks have 6n + 2 layers and option-A shortcuts
// (subsampling and zero channels). Layer names are those of torchvision, and s1.0.conv1 ... for CIFAR.

extension NetworkBuilder {
    private static let block3x3 = Window(kernel: 3, pad: 1)

    /// ResNet of 6 * blocks + 2 layers on small images, ten classes.
    static func cifarResNet(name: String, input: Shape, blocks: Int, seed: UInt64) -> Network {
        var builder = NetworkBuilder(input: input, seed: seed)
        builder.normalizedConvolution("conv1", outputs: 16, window: block3x3)
        for (stage, outputs) in [16, 32, 64].enumerated() {
            for block in 0..<blocks {
                let stride = stage > 0 && block == 0 ? 2 : 1
                builder.optionABlock("s\(stage + 1).\(block)", outputs: outputs, stride: stride)
            }
        }
        builder.globalAveragePool("pool")
        builder.fullyConnected("fc", outputs: 10)
        return builder.build(name: name)
    }

    /// ResNet of two-convolution blocks for 224 x 224 images, 1000 classes.
    static func basicResNet(name: String, blocks: [Int], seed: UInt64) -> Network {
        imageNetResNet(name: name, blocks: blocks, seed: seed) { builder, block, width, stride in
            let source = builder.last
            builder.normalizedConvolution(
                "\(block).conv1", outputs: width, window: Window(kernel: 3, stride: stride, pad: 1))
            let main = builder.normalizedConvolution(
                "\(block).conv2", outputs: width, window: block3x3, relu: false, gain: 0.25)
            builder.closeBlock(block, main: main, source: source, outputs: width, stride: stride)
        }
    }

    /// ResNet of bottleneck blocks for 224 x 224 images, 1000 classes.
    static func bottleneckResNet(name: String, blocks: [Int], seed: UInt64) -> Network {
        imageNetResNet(name: name, blocks: blocks, seed: seed) { builder, block, width, stride in
            let source = builder.last
            builder.normalizedConvolution("\(block).conv1", outputs: width, window: Window(kernel: 1))
            builder.normalizedConvolution(
                "\(block).conv2", outputs: width, window: Window(kernel: 3, stride: stride, pad: 1))
            let main = builder.normalizedConvolution(
                "\(block).conv3", outputs: 4 * width, window: Window(kernel: 1), relu: false, gain: 0.25)
            builder.closeBlock(block, main: main, source: source, outputs: 4 * width, stride: stride)
        }
    }

    private static func imageNetResNet(
        name: String, blocks: [Int], seed: UInt64,
        block: (inout NetworkBuilder, String, _ width: Int, _ stride: Int) -> Void
    ) -> Network {
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 224, width: 224), seed: seed)
        builder.normalizedConvolution("conv1", outputs: 64, window: Window(kernel: 7, stride: 2, pad: 3))
        builder.maxPool("maxpool", window: Window(kernel: 3, stride: 2, pad: 1))
        for (stage, count) in blocks.enumerated() {
            for index in 0..<count {
                block(&builder, "layer\(stage + 1).\(index)", 64 << stage, stage > 0 && index == 0 ? 2 : 1)
            }
        }
        builder.globalAveragePool("avgpool")
        builder.fullyConnected("fc", outputs: 1000)
        return builder.build(name: name)
    }

    private mutating func optionABlock(_ block: String, outputs: Int, stride: Int) {
        let source = last
        normalizedConvolution("\(block).conv1", outputs: outputs, window: Window(kernel: 3, stride: stride, pad: 1))
        let main = normalizedConvolution(
            "\(block).conv2", outputs: outputs, window: Self.block3x3, relu: false, gain: 0.25)
        let shortcut =
            stride == 1 ? source : subsample("\(block).short", stride: stride, outputs: outputs, from: source)
        add("\(block).add", main, shortcut)
        relu("\(block).relu")
    }

    /// The shortcut (a normalized 1x1 convolution where the shape changes), the sum and the ReLU.
    private mutating func closeBlock(_ block: String, main: String, source: String, outputs: Int, stride: Int) {
        var shortcut = source
        if stride != 1 || shape(of: source).channels != outputs {
            shortcut = normalizedConvolution(
                "\(block).downsample", outputs: outputs, window: Window(kernel: 1, stride: stride), relu: false,
                from: source)
        }
        add("\(block).add", main, shortcut)
        relu("\(block).relu")
    }
}
