// A network of a few thousand cycles for first waveforms and quick tests: every kind of layer that a residual
// network has, on 8 x 8 images of three channels.

extension NetworkBuilder {
    /// A convolution, a residual block with a strided and a plain convolution, two poolings and a classifier.
    static func tiny(name: String, seed: UInt64) -> Network {
        var builder = NetworkBuilder(input: Shape(channels: 3, height: 8, width: 8), seed: seed)
        let source = builder.normalizedConvolution("conv1", outputs: 8, window: Window(kernel: 3, pad: 1))
        builder.normalizedConvolution("block.conv1", outputs: 16, window: Window(kernel: 3, stride: 2, pad: 1))
        let main = builder.normalizedConvolution(
            "block.conv2", outputs: 16, window: Window(kernel: 3, pad: 1), relu: false, gain: 0.25)
        let shortcut = builder.subsample("block.short", stride: 2, outputs: 16, from: source)
        builder.add("block.add", main, shortcut)
        builder.relu("block.relu")
        builder.maxPool("maxpool", window: Window(kernel: 2, stride: 2))
        builder.globalAveragePool("pool")
        builder.fullyConnected("fc", outputs: 10)
        return builder.build(name: name)
    }
}
