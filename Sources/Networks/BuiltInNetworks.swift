// The networks that can be named without a model file. Totals and their
// sources: docs/sources.md, "Networks" (tested).

import Diagnostics

/// Networks by name, built with synthetic weights.
public enum BuiltInNetworks {
    /// Where the weights of a built-in network come from.
    public enum WeightSource: Sendable, Equatable {
        /// He-normal weights and near-identity normalization from a seed; equal seeds give equal networks, whose
        /// metadata says under `weights` what they are.
        case synthetic(seed: UInt64)
    }

    /// Every name that `make` accepts.
    public static let names = [
        "alexnet", "alexnet-grouped", "vgg16", "vgg-small", "resnet18", "resnet34", "resnet50", "resnet20-fmnist",
        "resnet20-cifar10", "resnet56-cifar10", "resnet110-cifar10", "densenet121", "densenet100-cifar10",
        "mobilenet-v2", "n-bq-nn-cifar10", "tiny",
    ]

    /// Builds a network. An unknown name throws an `InputError` that lists the known ones. Cost: drawing the
    /// weights, about a second for VGG-16's 138 million in a release build.
    public static func make(name: String, weights: WeightSource) throws -> Network {
        guard let build = builder(of: name) else {
            throw InputError(
                at: "network",
                "'\(name.echoed)' is not a built-in network\(Suggestion.text(for: name, among: names)); known: \(names.joined(separator: ", "))"
            )
        }
        switch weights {
        case .synthetic(let seed): return build(seed)
        }
    }

    private static func builder(of name: String) -> ((UInt64) -> Network)? {
        let cifar = Shape(channels: 3, height: 32, width: 32)
        let fashion = Shape(channels: 1, height: 28, width: 28)
        return switch name {
        case "alexnet": { NetworkBuilder.alexNet(name: name, plan: .torchvision, seed: $0) }
        case "alexnet-grouped": { NetworkBuilder.alexNet(name: name, plan: .original, seed: $0) }
        case "vgg16": { NetworkBuilder.vgg16(name: name, seed: $0) }
        case "vgg-small": { NetworkBuilder.vggSmall(name: name, seed: $0) }
        case "resnet18": { NetworkBuilder.basicResNet(name: name, blocks: [2, 2, 2, 2], seed: $0) }
        case "resnet34": { NetworkBuilder.basicResNet(name: name, blocks: [3, 4, 6, 3], seed: $0) }
        case "resnet50": { NetworkBuilder.bottleneckResNet(name: name, blocks: [3, 4, 6, 3], seed: $0) }
        case "resnet20-fmnist": { NetworkBuilder.cifarResNet(name: name, input: fashion, blocks: 3, seed: $0) }
        case "resnet20-cifar10": { NetworkBuilder.cifarResNet(name: name, input: cifar, blocks: 3, seed: $0) }
        case "resnet56-cifar10": { NetworkBuilder.cifarResNet(name: name, input: cifar, blocks: 9, seed: $0) }
        case "resnet110-cifar10": { NetworkBuilder.cifarResNet(name: name, input: cifar, blocks: 18, seed: $0) }
        case "densenet121": { NetworkBuilder.denseNet121(name: name, seed: $0) }
        case "densenet100-cifar10": { NetworkBuilder.denseNet100(name: name, seed: $0) }
        case "mobilenet-v2": { NetworkBuilder.mobileNetV2(name: name, seed: $0) }
        case "n-bq-nn-cifar10": { NetworkBuilder.nbqNetwork(name: name, seed: $0) }
        case "tiny": { NetworkBuilder.tiny(name: name, seed: $0) }
        default: nil
        }
    }
}
