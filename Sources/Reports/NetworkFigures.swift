// From a network to its summary.

import NetworkReaders
import Networks

extension NetworkSummary {
    /// A network in numbers; `passes` are what the reader did with the file's graph, if asked for.
    package static func figures(of network: Network, passes: [GraphPass]?) -> NetworkSummary {
        NetworkSummary(
            name: network.name, input: sizes(network.input), weights: network.metadata["weights"], macs: network.macs,
            parameters: network.parameters, layers: network.layers.map { layer($0, of: network) }, passes: passes)
    }

    private static func layer(_ layer: Layer, of network: Network) -> LayerSummary {
        LayerSummary(
            name: layer.name, kind: layer.kind.name, inputs: layer.inputs,
            input: sizes(network.shape(of: layer.inputs[0]) ?? network.input), output: sizes(layer.output),
            window: window(layer.kind), macs: layer.macs, parameters: layer.parameters)
    }

    private static func window(_ kind: LayerKind) -> WindowSummary? {
        switch kind {
        case .convolution(let window, _, let groups, _, _): self.window(window, groups: groups)
        case .maxPool(let window), .averagePool(let window, _): self.window(window, groups: nil)
        default: nil
        }
    }

    private static func window(_ window: Window, groups: Int?) -> WindowSummary {
        WindowSummary(
            kernel: [window.kernelHeight, window.kernelWidth], stride: [window.strideHeight, window.strideWidth],
            dilation: [window.dilationHeight, window.dilationWidth],
            pads: [window.padTop, window.padLeft, window.padBottom, window.padRight], groups: groups)
    }

    private static func sizes(_ shape: Shape) -> [Int] { [shape.channels, shape.height, shape.width] }
}
