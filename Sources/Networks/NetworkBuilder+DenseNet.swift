// DenseNet-BC (Huang et al., CVPR 2017): every layer of a block reads the channels of the block's input and of all
// layers before it. Pre-activation order: normalization, ReLU, 1x1 convolution to 4 k channels, normalization, ReLU,
// 3x3 convolution to k channels. A transition halves the channels and then averages 2 x 2 pixels. Convolutions have
// the names of Tests/Fixtures/network-layers.csv: conv0, b1.l1.conv1, trans1, ...

extension NetworkBuilder {
    /// Growth rate, layers of each block and the name of the classifier.
    struct DensePlan {
        var growth: Int
        var blocks: [Int]
        var classes: Int
        var classifier: String
    }

    /// DenseNet-121 for 224 x 224 images, 1000 classes, as torchvision has it.
    static func denseNet121(name: String, seed: UInt64) -> Network {
        let plan = DensePlan(growth: 32, blocks: [6, 12, 24, 16], classes: 1000, classifier: "classifier")
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 224, width: 224), seed: seed)
        builder.convolution("conv0", outputs: 2 * plan.growth, window: Window(kernel: 7, stride: 2, pad: 3))
        builder.normalization("bn0")
        builder.relu("relu0")
        builder.maxPool("pool0", window: Window(kernel: 3, stride: 2, pad: 1))
        builder.denseBlocks(plan)
        return builder.build(name: name)
    }

    /// DenseNet-BC-100, k = 12, for CIFAR-10: three blocks of 16 layers.
    static func denseNet100(name: String, seed: UInt64) -> Network {
        let plan = DensePlan(growth: 12, blocks: [16, 16, 16], classes: 10, classifier: "fc")
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 32, width: 32), seed: seed)
        builder.convolution("conv0", outputs: 2 * plan.growth, window: Window(kernel: 3, pad: 1))
        builder.denseBlocks(plan)
        return builder.build(name: name)
    }

    /// Blocks with transitions between them, then a last normalization and the classifier.
    private mutating func denseBlocks(_ plan: DensePlan) {
        for (index, layers) in plan.blocks.enumerated() {
            denseBlock("b\(index + 1)", growth: plan.growth, layers: layers)
            guard index + 1 < plan.blocks.count else { break }
            let transition = "trans\(index + 1)"
            normalization("\(transition).bn")
            relu("\(transition).relu")
            convolution(transition, outputs: shape(of: last).channels / 2, window: Window(kernel: 1))
            averagePool("\(transition).pool", window: Window(kernel: 2, stride: 2))
        }
        normalization("bn")
        relu("relu")
        globalAveragePool("pool")
        fullyConnected(plan.classifier, outputs: plan.classes)
    }

    private mutating func denseBlock(_ block: String, growth: Int, layers: Int) {
        var features = [last]
        for index in 1...layers {
            let name = "\(block).l\(index)"
            if index > 1 { concat("\(name).concat", features) }
            normalization("\(name).bn1")
            relu("\(name).relu1")
            convolution("\(name).conv1", outputs: 4 * growth, window: Window(kernel: 1))
            normalization("\(name).bn2")
            relu("\(name).relu2")
            features.append(convolution("\(name).conv2", outputs: growth, window: Window(kernel: 3, pad: 1)))
        }
        concat("\(block).concat", features)
    }
}
