// A layer as the convolutions and poolings that the array knows: groups, as few at a time as fall on granules and leave
// few lanes idle, output groups whose filters take as many passes, granules of a pooling.

import Accelerator
import Networks

/// Filters that are scheduled together.
struct Filters {
    /// Weights [output][input][kernel row][kernel column].
    var weights: [Int32]
    /// Which channel of the weights stands in each slot from `firstInput` on; nil: none.
    var channels: [Int?]
    /// First channel of the input.
    var firstInput: Int
    /// Channels of the output.
    var outputs: Range<Int>
}

extension Scheduler {
    /// A convolution of one group or several, with its own weights.
    mutating func scheduleConvolution(_ layer: QuantizedLayer, weights: [Int32], groups: Int) throws {
        let source = placements[layer.input]!
        let (inputs, outputs) = (layer.inputShape.channels, layer.outputShape.channels)
        let together = source.isDense ? groupsTogether(of: layer, groups: groups) : groups
        let blocks = groups / together
        let perBlock = weights.count / blocks
        for block in 0..<blocks {
            // A copy of all would be one of the largest layer's weights.
            let own = blocks == 1 ? weights : Array(weights[block * perBlock..<(block + 1) * perBlock])
            let slots = blocks == 1 ? source.channels : Array(0..<inputs / blocks)
            try scheduleStretches(
                layer,
                Filters(
                    weights: together == 1 ? own : Scheduler.dense(own, layer: layer, groups: groups, together),
                    channels: slots, firstInput: block * inputs / blocks,
                    outputs: block * outputs / blocks..<(block + 1) * outputs / blocks))
        }
    }

    /// Groups that are one convolution, whose weights outside the groups are zero: as many as fall on granules, and of
    /// those the number with which the layer takes the fewest steps, the larger of equals.
    private func groupsTogether(of layer: QuantizedLayer, groups: Int) -> Int {
        let (inputs, outputs) = (layer.inputShape.channels / groups, layer.outputShape.channels / groups)
        func steps(_ count: Int) -> Int {
            let words = (inputs * count + p.inputs - 1) / p.inputs
            return groups / count * words * ((outputs * count + p.outputs - 1) / p.outputs)
        }
        let g = p.granule
        let candidates = (1...groups).filter { count in
            count == groups || groups % count == 0 && inputs * count % g == 0 && outputs * count % g == 0
        }
        return candidates.min { (steps($0), $1) < (steps($1), $0) } ?? groups
    }

    /// The weights of one group that does what `count` of the layer's groups do.
    private static func dense(_ weights: [Int32], layer: QuantizedLayer, groups: Int, _ count: Int) -> [Int32] {
        let (perGroup, filters) = (layer.inputShape.channels / groups, layer.outputShape.channels / groups)
        let kernel = layer.window.kernelHeight * layer.window.kernelWidth
        let inputs = perGroup * count
        var dense = [Int32](repeating: 0, count: filters * count * inputs * kernel)
        for output in 0..<filters * count {
            let from = output * perGroup * kernel
            let to = (output * inputs + output / filters * perGroup) * kernel
            for place in 0..<perGroup * kernel { dense[to + place] = weights[from + place] }
        }
        return dense
    }

    /// Stretches of whole output groups whose filters take as many passes, each with its own passes.
    private mutating func scheduleStretches(_ layer: QuantizedLayer, _ filters: Filters) throws {
        var loaded: LoadedFeatures?
        for stretch in stretches(filters, of: layer) {
            let perOutput = filters.weights.count / filters.outputs.count
            var part = filters
            // A copy of all would be one of the largest layer's weights.
            if stretch.count < filters.outputs.count {
                part.weights = Array(filters.weights[stretch.lowerBound * perOutput..<stretch.upperBound * perOutput])
            }
            let first = filters.outputs.lowerBound
            part.outputs = first + stretch.lowerBound..<first + stretch.upperBound
            try scheduleFilters(layer, part, &loaded)
        }
    }

    /// Output channels whose groups have filters of one term, or of two, in turn.
    private func stretches(_ filters: Filters, of layer: QuantizedLayer) -> [Range<Int>] {
        let outputs = filters.outputs.count
        guard p.terms == 1, let terms = terms(of: filters, layer), terms.contains(2) else { return [0..<outputs] }
        var result: [(range: Range<Int>, isDouble: Bool)] = []
        for start in stride(from: 0, to: outputs, by: p.outputs) {
            let group = start..<min(start + p.outputs, outputs)
            let isDouble = terms[group].contains(2)
            if let last = result.last, last.isDouble == isDouble {
                result[result.count - 1].range = last.range.lowerBound..<group.upperBound
            } else {
                result.append((group, isDouble))
            }
        }
        return result.map(\.range)
    }

    /// Those of a whole layer are known. A group of one may have terms though another has weights of more than two.
    private func terms(of filters: Filters, _ layer: QuantizedLayer) -> [Int]? {
        if filters.outputs.count == layer.outputShape.channels { return filterTerms[layer.name]?.terms }
        guard let bits = p.element.powerOfTwoBits, p.element.hasZeroWeight else { return nil }
        return FilterTerms(filters.weights, outputs: filters.outputs.count, bits: bits)?.terms
    }

    /// Filters of one layer as tiles. `loaded` is what the filters before have left in the ifmap buffer.
    private mutating func scheduleFilters(
        _ layer: QuantizedLayer, _ filters: Filters, _ loaded: inout LoadedFeatures?
    ) throws {
        let (inputs, outputs) = (filters.channels.count, filters.outputs.count)
        let passes = try WeightPasses(
            filters.weights, element: p.element, terms: p.terms, layer: layer.name, keepsLanes: storesWeights)
        self.passes = max(self.passes, passes.count)
        let work: LayerWork
        switch p.family {
        case .vector: work = .nest
        case .convolver(let convolver): work = try streamWork(layer, convolver)
        }
        let shape = LayerShape(
            inputShape: layer.inputShape, outputShape: layer.outputShape, window: layer.window,
            inputGroups: (inputs + p.inputs - 1) / p.inputs, outputGroups: (outputs + p.outputs - 1) / p.outputs,
            passes: passes.count, work: work)
        try checkAccumulator(layer, weights: filters.weights, outputs: outputs, extraShift: passes.extraShift)
        let g = p.granule
        var part = LayerPart(
            layer: layer, shape: shape, tile: .pixel(p),
            input: Granules(first: filters.firstInput / g, count: (inputs + g - 1) / g),
            output: Granules(first: filters.outputs.lowerBound / g, count: (outputs + g - 1) / g))
        part.tile = try chooseTile(part, passes, loaded: loaded)
        let weights = storeWeights(passes, shape: shape, channels: filters.channels, outputs: outputs)
        let constants = storeConstants(layer.requantization, channels: filters.outputs, groups: shape.outputGroups)
        parts.append((part, passes))
        var emitter = TileEmitter(
            part, addresses: .init(weights: weights, constants: constants), passes: passes, loadedFeatures: loaded)
        emitter.run(&self)
        loaded = emitter.loadedFeatures
    }

    /// A pooling, granule by granule of the input words: each is a pooling of as many planes as there are words.
    mutating func schedulePool(_ layer: QuantizedLayer) throws {
        let a = p.inputs / p.granule
        let granules = placements[layer.input]!.planes
        for granule in 0..<min(a, granules) {
            // Words that hold this granule of the input.
            let words = (granules - granule + a - 1) / a
            let shape = LayerShape(
                inputShape: layer.inputShape, outputShape: layer.outputShape, window: layer.window, inputGroups: 1,
                outputGroups: words, passes: 1, work: .pool)
            let planes = Granules(first: granule, count: words)
            var part = LayerPart(
                layer: layer, shape: shape, tile: .pixel(p), input: planes, output: planes, poolGranule: granule)
            part.tile = try chooseTile(part, nil, loaded: nil)
            let constants = storePoolConstants(layer, granule: granule, words: words)
            parts.append((part, nil))
            var emitter = TileEmitter(part, addresses: .init(weights: 0, constants: constants), passes: nil)
            emitter.run(&self)
        }
    }
}
