// From a network to its summary.

import NetworkReaders
import Networks

extension NetworkSummary {
    /// A network in numbers; `passes` are what the reader did with the file's graph, if asked for.
    package init(_ network: Network, passes: [GraphPass]?) {
        name = network.name
        weights = network.metadata["weights"]
        input = NetworkSummary.sizes(network.input)
        macs = network.macs
        parameters = network.parameters
        layers = network.layers.map { NetworkSummary.layer($0, of: network) }
        self.passes = passes
    }

    private static func layer(_ layer: Networks.Layer, of network: Network) -> Layer {
        Layer(
            name: layer.name, kind: layer.kind.name, inputs: layer.inputs,
            input: sizes(network.shape(of: layer.inputs[0]) ?? network.input), output: sizes(layer.output),
            window: window(layer.kind), macs: layer.macs, parameters: layer.parameters)
    }

    private static func window(_ kind: LayerKind) -> Window? {
        switch kind {
        case .convolution(let window, _, let groups, _, _): self.window(window, groups: groups)
        case .maxPool(let window), .averagePool(let window, _): self.window(window, groups: nil)
        default: nil
        }
    }

    private static func window(_ window: Networks.Window, groups: Int?) -> Window {
        Window(
            kernel: [window.kernelHeight, window.kernelWidth], stride: [window.strideHeight, window.strideWidth],
            dilation: [window.dilationHeight, window.dilationWidth],
            pads: [window.padTop, window.padLeft, window.padBottom, window.padRight], groups: groups)
    }

    private static func sizes(_ shape: Shape) -> [Int] { [shape.channels, shape.height, shape.width] }
}
