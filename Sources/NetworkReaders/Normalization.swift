import Diagnostics
import Foundation
import Networks

/// How pixels become network inputs: value = (pixel / 255 - mean[c]) / std[c] for pixels 0...255.
///
/// Where neither a configuration nor the model has such numbers, pixels stay what they are in the file: 0...255.
/// Models that take raw pixels 0...255 (densenet40_k12_cifar10) have mean 0 and std 1/255; those that take raw
/// pixels minus a mean image (caffe_cifar10full_m7) have that mean / 255 and std 1/255.
public struct Normalization: Sendable, Equatable {
    /// One value a channel, or one for all channels; in pixels / 255.
    public var mean: [Float]
    /// One value a channel, or one for all channels, above 0; in pixels / 255.
    public var std: [Float]

    /// Checked against the images' channels when it is applied.
    public init(mean: [Float], std: [Float]) {
        self.mean = mean
        self.std = std
    }

    /// Mean and standard deviation of the Fashion-MNIST training images.
    public static let fashionMNIST = Normalization(mean: [0.2860], std: [0.3530])

    /// ImageNet's constants: what github.com/akamaster/pytorch_resnet_cifar10 trained its CIFAR-10 networks with.
    public static let imageNet = Normalization(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

    /// Pixels stay 0...255.
    public static let raw = Normalization(mean: [0], std: [1 / 255])

    /// From a model's properties `input_mean` and `input_std` (numbers between commas or spaces, optionally in
    /// brackets); nil when it has neither. Throws `InputError` when one is missing or is not such a list.
    public init?(metadata: [String: String], place: String) throws {
        if metadata["input_mean"] == nil && metadata["input_std"] == nil { return nil }
        func numbers(_ key: String) throws -> [Float] {
            let separators: Set<Character> = [",", " ", "[", "]", "(", ")"]
            let parts = (metadata[key] ?? "").split(whereSeparator: { separators.contains($0) })
            let values = parts.compactMap { Float($0) }
            guard !values.isEmpty, values.count == parts.count else {
                let wanted = "numbers separated by commas"
                throw InputError(
                    at: place, "metadata \(key) is '\((metadata[key] ?? "").echoed)'; accepted are \(wanted)")
            }
            return values
        }
        self.init(mean: try numbers("input_mean"), std: try numbers("input_std"))
    }

    /// What the built-in networks come with: Fashion-MNIST's for one channel, ImageNet's for three, and mean 0.5, std 0.5
    /// (-1...1) for any other number.
    public static func builtIn(channels: Int) -> Normalization {
        switch channels {
        case 1: fashionMNIST
        case 3: imageNet
        default: Normalization(mean: [0.5], std: [0.5])
        }
    }

    /// Throws `InputError` for lists of another length than 1 or the channels, and for a std that is not above 0.
    public func check(channels: Int, place: String) throws {
        for (name, values) in [("mean", mean), ("std", std)] {
            guard values.count == 1 || values.count == channels, values.allSatisfy(\.isFinite) else {
                throw InputError(
                    at: place, "normalization \(name) \(values); needed are 1 or \(channels) finite values")
            }
        }
        guard std.allSatisfy({ $0 > 0 }) else {
            throw InputError(at: place, "normalization std \(std); accepted are values above 0")
        }
    }

    /// Normalised values of channel-major pixels. `check` must have passed.
    func apply(_ pixels: ArraySlice<UInt8>, shape: Shape) -> [Float] {
        let area = shape.height * shape.width
        let tables = (0..<shape.channels).map { channel in
            let mean = mean[mean.count == 1 ? 0 : channel]
            let std = std[std.count == 1 ? 0 : channel]
            return (0..<256).map { (Float($0) / 255 - mean) / std }
        }
        var values: [Float] = []
        values.reserveCapacity(pixels.count)
        for (index, pixel) in pixels.enumerated() { values.append(tables[index / area][Int(pixel)]) }
        return values
    }
}
