// Networks without shortcuts: AlexNet, VGG and the n-BQ-NN of Chen et al. (TNNLS 2020, table I).

extension NetworkBuilder {
    /// Channels, windows and groups of an AlexNet's five convolutions.
    struct AlexNetPlan {
        var inputSize: Int
        var firstPad: Int
        var outputs: [Int]
        var groups: [Int]

        /// Krizhevsky 2014 as torchvision has it.
        static let torchvision = AlexNetPlan(
            inputSize: 224, firstPad: 2, outputs: [64, 192, 384, 256, 256], groups: [1, 1, 1, 1, 1])
        /// Krizhevsky 2012: two groups in convolutions 2, 4 and 5; local response normalization left out,
        /// as the n-BQ-NN paper does.
        static let original = AlexNetPlan(
            inputSize: 227, firstPad: 0, outputs: [96, 256, 384, 384, 256], groups: [1, 2, 1, 2, 2])
    }

    static func alexNet(name: String, plan: AlexNetPlan, seed: UInt64) -> Network {
        let windows = [
            Window(kernel: 11, stride: 4, pad: plan.firstPad), Window(kernel: 5, pad: 2), Window(kernel: 3, pad: 1),
            Window(kernel: 3, pad: 1), Window(kernel: 3, pad: 1),
        ]
        let size = plan.inputSize
        var builder = NetworkBuilder(input: Shape(channels: 3, height: size, width: size), seed: seed)
        for index in windows.indices {
            builder.convolution(
                "conv\(index + 1)", outputs: plan.outputs[index], window: windows[index],
                groups: plan.groups[index], bias: true)
            builder.relu("relu\(index + 1)")
            if [0, 1, 4].contains(index) {
                builder.maxPool("pool\(index + 1)", window: Window(kernel: 3, stride: 2))
            }
        }
        builder.classifier(["fc6", "fc7", "fc8"], outputs: [4096, 4096, 1000])
        return builder.build(name: name)
    }

    /// VGG-16 (Simonyan and Zisserman 2015, configuration D).
    static func vgg16(name: String, seed: UInt64) -> Network {
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 224, width: 224), seed: seed)
        for (stage, (outputs, count)) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)].enumerated() {
            for index in 1...count {
                builder.convolution(
                    "conv\(stage + 1)_\(index)", outputs: outputs, window: Window(kernel: 3, pad: 1), bias: true)
                builder.relu("relu\(stage + 1)_\(index)")
            }
            builder.maxPool("pool\(stage + 1)", window: Window(kernel: 2, stride: 2))
        }
        builder.classifier(["fc6", "fc7", "fc8"], outputs: [4096, 4096, 1000])
        return builder.build(name: name)
    }

    /// VGG-Small on CIFAR-10: 2 x 128, 2 x 256, 2 x 512 channels, a pooling after each pair, one classifier.
    static func vggSmall(name: String, seed: UInt64) -> Network {
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 32, width: 32), seed: seed)
        for (index, outputs) in [128, 128, 256, 256, 512, 512].enumerated() {
            builder.normalizedConvolution("conv\(index + 1)", outputs: outputs, window: Window(kernel: 3, pad: 1))
            if index % 2 == 1 {
                builder.maxPool("pool\(index / 2 + 1)", window: Window(kernel: 2, stride: 2))
            }
        }
        builder.fullyConnected("fc", outputs: 10)
        return builder.build(name: name)
    }

    /// The n-BQ-NN: nine normalized convolutions, the last two 1x1, then a global pooling.
    static func nbqNetwork(name: String, seed: UInt64) -> Network {
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 32, width: 32), seed: seed)
        for (index, outputs) in [128, 128, 128, 256, 256, 256, 512, 1024, 10].enumerated() {
            let window = index < 7 ? Window(kernel: 3, pad: 1) : Window(kernel: 1)
            builder.normalizedConvolution("conv\(index + 1)", outputs: outputs, window: window, relu: index < 8)
            if index == 2 || index == 5 {
                builder.maxPool("pool\(index / 3 + 1)", window: Window(kernel: 2, stride: 2))
            }
        }
        builder.globalAveragePool("pool")
        return builder.build(name: name)
    }

    /// Fully connected layers with ReLU between them.
    private mutating func classifier(_ names: [String], outputs: [Int]) {
        for (index, name) in names.enumerated() {
            fullyConnected(name, outputs: outputs[index])
            if index + 1 < names.count { relu("\(name).relu") }
        }
    }
}
