// The order of channels in memory. On lanes of one term a filter of two terms takes two passes, and an output group
// takes as many as its longest filter. Filters of equal passes are therefore made neighbours: the channels of the
// tensors are put into another order, in the layers that produce them and in those that take them. Tensors that must
// agree share an order: both sides of a residual addition, a pooling's input and output; blocks of grouped
// convolutions keep their channels. The network's input and what the host computes keep their order.

import Accelerator
import Networks

/// A network with its channels in the order of memory.
struct ChannelOrder: Sendable {
    private(set) var network: QuantizedNetwork
    /// Original channel at each place, of every tensor whose order is another.
    private(set) var orders: [String: [Int]] = [:]
    /// Terms of each layer's filters, in the order of memory.
    private(set) var terms: [String: FilterTerms] = [:]

    init(_ network: QuantizedNetwork, _ p: AcceleratorParameters) {
        self.network = network
        for layer in network.layers { terms[layer.name] = FilterTerms(layer, p) }
        let passes = network.layers.map { layer in
            terms[layer.name]?.terms.map { p.terms == 1 && $0 == 2 ? 2 : 1 }
        }
        let isMixed = passes.contains { $0.map { $0.contains(1) && $0.contains(2) } ?? false }
        guard isMixed else { return }
        var ties = ChannelTies(network)
        for (layer, passes) in zip(network.layers, passes) {
            if let passes { ties.add(cost: passes, to: layer.name) }
        }
        for name in ties.tensors {
            let order = ties.order(of: name)
            if order != Array(order.indices) { orders[name] = order }
            if let given = terms[name] { terms[name] = given.permuted(order) }
        }
        self.network.layers = network.layers.map { permuted($0) }
    }

    private func permuted(_ layer: QuantizedLayer) -> QuantizedLayer {
        var result = layer
        if let order = orders[layer.name] {
            result.requantization.multiplier = order.map { layer.requantization.multiplier[$0] }
            result.requantization.bias = order.map { layer.requantization.bias[$0] }
            for index in layer.regions.indices {
                result.regions[index].multiplier = order.map { layer.regions[index].multiplier[$0] }
            }
        }
        if let order = orders[layer.input], let before = layer.preActivation {
            result.preActivation?.multiplier = order.map { before.multiplier[$0] }
            result.preActivation?.bias = order.map { before.bias[$0] }
        }
        if case .convolution(let weights, let format, let groups) = layer.operation {
            result.operation = .convolution(
                weights: permuted(weights, of: layer, groups: groups), format: format, groups: groups)
        }
        return result
    }

    private func permuted(_ weights: [Int32], of layer: QuantizedLayer, groups: Int) -> [Int32] {
        if orders[layer.name] == nil && orders[layer.input] == nil { return weights }
        let outputs = orders[layer.name] ?? Array(0..<layer.outputShape.channels)
        let inputs = orders[layer.input] ?? Array(0..<layer.inputShape.channels)
        let perGroup = layer.inputShape.channels / groups
        let kernel = layer.window.kernelHeight * layer.window.kernelWidth
        var result: [Int32] = []
        result.reserveCapacity(weights.count)
        for output in outputs {
            // A block of a grouped convolution has its own channels in any order.
            let block = output / (layer.outputShape.channels / groups) * perGroup
            for place in block..<block + perGroup {
                let from = (output * perGroup + inputs[place] - block) * kernel
                result += weights[from..<from + kernel]
            }
        }
        return result
    }
}

/// Which tensors share an order.
private struct ChannelTies {
    /// Channels that are ordered together, found by following `parent`.
    private struct Group {
        var parent: Int
        /// Sum of the passes of each channel's filters.
        var cost: [Int]
        /// Channels do not cross these.
        var borders: Set<Int> = []
        var isFixed = false
    }

    private var groups: [Group] = []
    /// Groups of a tensor, one after another; several for a concatenation.
    private var parts: [String: [Int]] = [:]
    var tensors: [String] { parts.keys.sorted() }

    init(_ network: QuantizedNetwork) {
        add(Network.inputName, channels: network.input.channels)
        fix(Network.inputName)
        var waiting = network.concatenations
        for layer in network.layers {
            join(&waiting)
            switch layer.operation {
            case .convolution(_, _, let blocks):
                add(layer.name, channels: layer.outputShape.channels)
                divide(layer.name, blocks, channels: layer.outputShape.channels)
                divide(layer.input, blocks, channels: layer.inputShape.channels)
            case .maxPool, .sumPool: parts[layer.name] = parts[layer.input]
            case .host: add(layer.name, channels: layer.outputShape.channels)
            }
            if let residual = layer.residual { tie(layer.name, residual) }
            if layer.isOnHost { for name in [layer.input, layer.name] { fix(name) } }
        }
        join(&waiting)
    }

    private mutating func add(_ name: String, channels: Int) {
        parts[name] = [groups.count]
        groups.append(Group(parent: groups.count, cost: [Int](repeating: 0, count: channels)))
    }

    private mutating func join(_ waiting: inout [Concatenation]) {
        for whole in waiting where whole.parts.allSatisfy({ parts[$0] != nil }) {
            parts[whole.name] = whole.parts.flatMap { parts[$0]! }
        }
        waiting.removeAll { parts[$0.name] != nil }
    }

    private func root(_ index: Int) -> Int {
        var index = index
        while groups[index].parent != index { index = groups[index].parent }
        return index
    }

    private func roots(_ name: String) -> [Int] { (parts[name] ?? []).map(root) }

    private mutating func fix(_ name: String) {
        for index in roots(name) { groups[index].isFixed = true }
    }

    /// The blocks of a grouped convolution.
    private mutating func divide(_ name: String, _ blocks: Int, channels: Int) {
        guard blocks > 1 else { return }
        let roots = roots(name)
        guard roots.count == 1 else { return fix(name) }
        groups[roots[0]].borders.formUnion(stride(from: 0, to: channels, by: channels / blocks))
    }

    private mutating func tie(_ first: String, _ second: String) {
        let (a, b) = (roots(first), roots(second))
        if a == b { return }
        // Concatenations of different parts have no order in common but their own.
        guard a.count == 1, b.count == 1 else {
            fix(first)
            fix(second)
            return
        }
        groups[b[0]].parent = a[0]
        groups[a[0]].borders.formUnion(groups[b[0]].borders)
        groups[a[0]].isFixed = groups[a[0]].isFixed || groups[b[0]].isFixed
        for channel in groups[a[0]].cost.indices { groups[a[0]].cost[channel] += groups[b[0]].cost[channel] }
    }

    /// Passes of the filters that produce a tensor.
    mutating func add(cost: [Int], to name: String) {
        let roots = roots(name)
        guard roots.count == 1 else { return }
        for channel in cost.indices { groups[roots[0]].cost[channel] += cost[channel] }
    }

    /// Original channel at each place: fewest passes first, equals as they were.
    func order(of name: String) -> [Int] {
        var result: [Int] = []
        for root in roots(name) {
            let group = groups[root]
            let first = result.count
            var order = Array(group.cost.indices)
            if !group.isFixed {
                let borders = group.borders.union([0, order.count]).sorted()
                for (start, end) in zip(borders, borders.dropFirst()) {
                    order[start..<end].sort { (group.cost[$0], $0) < (group.cost[$1], $1) }
                }
            }
            result += order.map { first + $0 }
        }
        return result
    }
}
