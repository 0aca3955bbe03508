// Which feature maps stand where relative to each other. A concatenation is its parts' planes one behind the other, so
// that reading it needs no copy: the longest is laid out first, one that is a stretch of it lies inside it (DenseNet:
// x0 x1 inside x0 x1 x2). A tensor stands once, so that it cannot be a part of two that do not lie in each other.

import Accelerator
import Diagnostics
import Networks

/// Feature maps by name, in blocks of consecutive planes.
struct TensorLayout {
    /// Tensors that stand one behind the other; every tensor that a layer writes, and the input, is in one block.
    private(set) var blocks: [[String]] = []
    /// Placements whose addresses are set by `place`.
    private(set) var placements: [String: TensorPlacement] = [:]
    private let granule: Int
    private let beatBytes: Int

    /// Throws `InputError` for concatenations of tensors that do not exist or differ in rows or columns, and
    /// (unsupported) for those that need a copy.
    init(_ network: QuantizedNetwork, granule: Int, beatBytes: Int) throws {
        self.granule = granule
        self.beatBytes = beatBytes
        try addTensors(network)
        try layOut(network)
    }

    /// Gives every block a place. `allocate` returns the address of so many bytes.
    mutating func place(_ network: QuantizedNetwork, allocate: (Int) -> Int) {
        for block in blocks {
            var address = allocate(block.reduce(0) { $0 + placements[$1]!.bytes })
            for name in block {
                placements[name]!.address = address
                address += placements[name]!.bytes
            }
        }
        for whole in network.concatenations {
            placements[whole.name]!.address = placements[whole.parts[0]]!.address
        }
    }

    // MARK: slots

    private mutating func addTensors(_ network: QuantizedNetwork) throws {
        placements[Network.inputName] = TensorPlacement(shape: network.input, granule: granule, beatBytes: beatBytes)
        var waiting = network.concatenations
        try join(&waiting)
        for layer in network.layers {
            guard let input = placements[layer.input], input.shape == layer.inputShape else {
                throw InputError(at: "layer \(layer.name)", "reads \(layer.input), which is no \(layer.inputShape)")
            }
            let keepsSlots: Bool
            switch layer.operation {
            case .maxPool, .sumPool: keepsSlots = !layer.isOnHost
            case .convolution, .host: keepsSlots = false
            }
            // A pooling works plane by plane.
            placements[layer.name] = TensorPlacement(
                shape: layer.outputShape, granule: granule, beatBytes: beatBytes,
                slots: keepsSlots ? input.slots : nil)
            try join(&waiting)
        }
        if let whole = waiting.first {
            let missing = whole.parts.filter { placements[$0] == nil }.joined(separator: ", ")
            throw InputError(at: "concatenation \(whole.name)", "has parts that no layer makes: \(missing)")
        }
    }

    /// Adds the concatenations whose parts exist.
    private mutating func join(_ waiting: inout [Concatenation]) throws {
        var rest: [Concatenation] = []
        for whole in waiting {
            let parts = whole.parts.compactMap { placements[$0] }
            guard parts.count == whole.parts.count, let first = parts.first else {
                rest.append(whole)
                continue
            }
            var shape = Shape(channels: 0, height: first.shape.height, width: first.shape.width)
            var slots: [Int] = []
            var planes = 0
            for part in parts {
                guard part.shape.height == shape.height, part.shape.width == shape.width else {
                    throw InputError(
                        at: "concatenation \(whole.name)", "joins maps of \(first.shape) and \(part.shape)")
                }
                slots += part.slots.map { planes * granule + $0 }
                planes += part.planes
                shape.channels += part.shape.channels
            }
            placements[whole.name] = TensorPlacement(
                shape: shape, granule: granule, beatBytes: beatBytes, slots: slots)
        }
        waiting = rest
    }

    // MARK: blocks

    private mutating func layOut(_ network: QuantizedNetwork) throws {
        var joined: [[String]] = []
        var home: [String: String] = [:]
        let byLength = network.concatenations.enumerated().sorted {
            ($1.element.parts.count, $0.offset) < ($0.element.parts.count, $1.offset)
        }
        for (_, whole) in byLength {
            if joined.contains(where: { $0.hasStretch(whole.parts) }) { continue }
            for part in whole.parts {
                if let other = home[part] {
                    throw InputError(
                        .unsupported, at: "concatenation \(whole.name)",
                        "its part \(part) stands in concatenation \(other) already; one of them needs a copy of it")
                }
                home[part] = whole.name
            }
            joined.append(whole.parts)
        }
        // In the order in which the first tensor of a block is written.
        for name in [Network.inputName] + network.layers.map(\.name) {
            guard let block = joined.first(where: { $0.contains(name) }) else {
                blocks.append([name])
                continue
            }
            if !blocks.contains(block) { blocks.append(block) }
        }
    }
}

extension [String] {
    /// Whether `other` is a consecutive part of this.
    fileprivate func hasStretch(_ other: [String]) -> Bool {
        count >= other.count && (0...count - other.count).contains { self[$0..<$0 + other.count].elementsEqual(other) }
    }
}

extension Scheduler {
    /// Words of pre-activation constants that the array must hold: the most planes that a layer reads through one.
    /// Throws `InputError` for concatenations that cannot be laid out.
    public static func preActivationWords(
        _ network: QuantizedNetwork, for p: AcceleratorParameters
    ) throws -> Int {
        let layout = try TensorLayout(network, granule: p.granule, beatBytes: p.beatBytes)
        let layers = network.layers.filter { $0.preActivation != nil && !$0.isOnHost }
        return layers.map { layout.placements[$0.input]!.planes }.max() ?? 0
    }
}
