import Accelerator
import Diagnostics
import Networks

// Tiles of one layer. Buffers are used as two halves in turn, so that a tile loads while the one before computes;
// a tile larger than half a buffer (then the layer has just that one) starts at word 0.

extension Window {
    /// Kernel position `position` counted with the last row first.
    fileprivate func fromBottom(_ position: Int) -> Int {
        let (row, column) = position.quotientAndRemainder(dividingBy: kernelWidth)
        return (kernelHeight - 1 - row) * kernelWidth + column
    }
}

/// Halves of a buffer in turn.
struct PingPong {
    let depth: Int
    private var next = 0

    init(depth: Int) { self.depth = depth }

    /// A range of `count` words in the half whose turn it is.
    mutating func take(_ count: Int) -> Range<Int> {
        if count > depth / 2 { return 0..<count }
        let base = next * (depth / 2)
        next = 1 - next
        return base..<base + count
    }
}

/// The halves of all buffers.
struct BufferTurns {
    var ifmap, weights, constants, ofmap: PingPong

    init(_ p: AcceleratorParameters) {
        ifmap = PingPong(depth: p.ifmapDepth)
        weights = PingPong(depth: p.weightDepth)
        constants = PingPong(depth: p.constantDepth)
        ofmap = PingPong(depth: p.ofmapDepth)
    }
}

/// What of the ifmap stands in the buffer: the input of one tile.
struct LoadedFeatures: Equatable {
    var row: Int
    var rows: Int
    var column: Int
    var columns: Int
    /// First output group of a pooling; 0 for others.
    var group: Int
    var range: Range<Int>

    init(_ place: TilePlace, group: Int, range: Range<Int>) {
        (row, rows, column, columns) = (place.row, place.rows, place.column, place.columns)
        self.group = group
        self.range = range
    }

    func serves(_ place: TilePlace, group: Int) -> Bool { self == LoadedFeatures(place, group: group, range: range) }
}

/// Feature-map geometry of one tile.
struct TilePlace {
    var group: Int
    var groups: Int
    var row: Int
    var rows: Int
    var column: Int
    var columns: Int
    var columnsPerUnit: Int
    /// Which of the layer's regions it lies in; nil: in none.
    var region: Int?
}

extension Scheduler {
    /// Stretches of whole output groups whose filters take as many passes, each with its own passes. `channels` says
    /// which channel of the weights stands in each slot from `firstInput` on; nil: none.
    mutating func scheduleStretches(
        _ layer: QuantizedLayer, weights: [Int32], channels: [Int?], outputs: Int, firstInput: Int, firstOutput: Int
    ) throws {
        var loaded: LoadedFeatures?
        for stretch in stretches(weights, outputs: outputs) {
            let perOutput = weights.count / outputs
            let part = weights[stretch.lowerBound * perOutput..<stretch.upperBound * perOutput]
            try scheduleConvolution(
                layer, weights: Array(part), channels: channels, outputs: stretch.count, firstInput: firstInput,
                firstOutput: firstOutput + stretch.lowerBound, &loaded)
        }
    }

    /// Output channels whose groups have filters of one term, or of two, in turn.
    private func stretches(_ weights: [Int32], outputs: Int) -> [Range<Int>] {
        guard p.terms == 1, case .svpe(let bits) = p.element, bits > 1,
            let filters = FilterTerms(weights, outputs: outputs, bits: bits), filters.terms.contains(2)
        else { return [0..<outputs] }
        var result: [(range: Range<Int>, isDouble: Bool)] = []
        for start in stride(from: 0, to: outputs, by: p.outputs) {
            let group = start..<min(start + p.outputs, outputs)
            let isDouble = filters.terms[group].contains(2)
            if let last = result.last, last.isDouble == isDouble {
                result[result.count - 1].range = last.range.lowerBound..<group.upperBound
            } else {
                result.append((group, isDouble))
            }
        }
        return result.map(\.range)
    }

    private mutating func scheduleConvolution(
        _ layer: QuantizedLayer, weights: [Int32], channels: [Int?], outputs: Int, firstInput: Int, firstOutput: Int,
        _ loaded: inout LoadedFeatures?
    ) throws {
        let inputs = channels.count
        let passes = try WeightPasses(weights, element: p.element, terms: p.terms, layer: layer.name)
        self.passes = max(self.passes, passes.count)
        let window = layer.window
        var shape = LayerShape(
            inputShape: layer.inputShape, outputShape: layer.outputShape, window: window,
            inputGroups: (inputs + p.inputs - 1) / p.inputs, outputGroups: (outputs + p.outputs - 1) / p.outputs,
            passes: passes.count, hasResidual: layer.residual != nil, isPool: false)
        if let convolver = p.convolver { try checkStream(layer, convolver, &shape) }
        try checkAccumulator(layer, weights: weights, outputs: outputs, extraShift: passes.extraShift)
        let tile = try TileShape.choose(shape, p, name: layer.name)
        let weightAddress = storeWeights(passes, shape: shape, channels: channels, outputs: outputs)
        let constantAddress = storeConstants(
            layer.requantization, channels: firstOutput..<firstOutput + outputs, groups: shape.outputGroups)
        var emitter = TileEmitter(
            layer: layer, shape: shape, tile: tile, firstInput: firstInput / p.granule,
            inputGranules: (inputs + p.granule - 1) / p.granule, firstOutput: firstOutput / p.granule,
            outputGranules: (outputs + p.granule - 1) / p.granule, poolGranule: 0,
            weightAddress: weightAddress, constantAddress: constantAddress, passes: passes,
            loadedFeatures: loaded)
        emitter.run(&self)
        loaded = emitter.loadedFeatures
    }

    /// What a convolver can do with a window.
    private func checkStream(
        _ layer: QuantizedLayer, _ convolver: ConvolverParameters, _ shape: inout LayerShape
    ) throws {
        let window = layer.window
        func unsupported(_ message: String) -> InputError {
            InputError(.unsupported, at: "layer \(layer.name)", message)
        }
        shape.streams = true
        guard window.padTop < window.kernelHeight, window.padBottom < window.kernelHeight,
            window.padLeft < window.kernelWidth, window.padRight < window.kernelWidth
        else { throw unsupported("windows that lie in the padding alone do not run on family convolver") }
        guard max(window.strideHeight, window.strideWidth) <= 16 else {
            throw unsupported("strides \(window.strideHeight), \(window.strideWidth); family convolver has 1...16")
        }
        let hasTap = convolver.tap(height: window.kernelHeight, width: window.kernelWidth) != nil
        let rowNeeded = min(window.kernelWidth, layer.inputShape.width)
        if hasTap && rowNeeded <= convolver.rowLength { return }
        let coversMap = window.kernelHeight == layer.inputShape.height && window.kernelWidth == layer.inputShape.width
        guard coversMap, window.padTop == 0, window.padLeft == 0, layer.outputShape.height == 1,
            layer.outputShape.width == 1
        else {
            if hasTap {
                throw unsupported(
                    "its windows need rows of \(rowNeeded) pixels; array.row_length is \(convolver.rowLength); "
                        + "accepted: \(rowNeeded)...4096")
            }
            throw unsupported(
                "its \(window.kernelHeight)x\(window.kernelWidth) kernel is larger than the convolvers' "
                    + "\(convolver.kernel)x\(convolver.kernel); make array.kernel larger")
        }
        shape.isFlattened = true
    }

    mutating func schedulePool(_ layer: QuantizedLayer) throws {
        let a = p.inputs / p.granule
        let granules = placements[layer.input]!.planes
        for granule in 0..<min(a, granules) {
            // Words that hold this granule of the input.
            let words = (granules - granule + a - 1) / a
            let shape = LayerShape(
                inputShape: layer.inputShape, outputShape: layer.outputShape, window: layer.window, inputGroups: 1,
                outputGroups: words, passes: 1, hasResidual: layer.residual != nil, isPool: true)
            let tile = try TileShape.choose(shape, p, name: layer.name)
            let constantAddress = storePoolConstants(layer, granule: granule, words: words)
            var emitter = TileEmitter(
                layer: layer, shape: shape, tile: tile, firstInput: granule, inputGranules: words,
                firstOutput: granule, outputGranules: words, poolGranule: granule, weightAddress: 0,
                constantAddress: constantAddress, passes: nil, loadedFeatures: nil)
            emitter.run(&self)
        }
    }

    /// A finished sum must fit the accumulator in the worst case. Sums on the way may wrap: they come back.
    private func checkAccumulator(
        _ layer: QuantizedLayer, weights: [Int32], outputs: Int, extraShift: Int
    ) throws {
        let perOutput = weights.count / outputs
        for output in 0..<outputs {
            let sum = weights[output * perOutput..<(output + 1) * perOutput].reduce(0) { $0 + abs(Int($1)) }
            // |sum| <= weights * 2^(a - 1), times 2^extraShift while it is in the accumulator.
            let needed = p.activationBits + extraShift + (Int.bitWidth - sum.leadingZeroBitCount)
            if needed > p.accumulatorBits {
                throw InputError(
                    .unsupported, at: "layer \(layer.name)",
                    "its sums need \(needed) bits; array.accumulator_bits is \(p.accumulatorBits); accepted: "
                        + (needed <= 48 ? "\(needed)...48" : "none, for 48 are the most; use fewer bits for weights"))
            }
        }
    }

    // MARK: weights and constants

    /// Words [output group][pass][input group][kernel row][kernel column], lanes [term][input][output], packed into
    /// beats. For the convolver family the last kernel row is the first. Slots without a channel keep code 0: their
    /// activations are zero.
    private mutating func storeWeights(
        _ passes: WeightPasses, shape: LayerShape, channels: [Int?], outputs: Int
    ) -> Int {
        let inputs = channels.count { $0 != nil }
        let kernel = shape.window.kernelHeight * shape.window.kernelWidth
        let words = shape.outputGroups * passes.count * shape.inputGroups * kernel
        let base = allocate(words * p.weightBeats * p.beatBytes)
        let bits = p.element.weightBits
        let mask = (1 << bits) - 1
        var word = 0
        for outputGroup in 0..<shape.outputGroups {
            for pass in 0..<passes.count {
                for inputGroup in 0..<shape.inputGroups {
                    for position in 0..<kernel {
                        let tap = shape.streams && !shape.isFlattened ? shape.window.fromBottom(position) : position
                        for m in 0..<p.inputs {
                            let slot = inputGroup * p.inputs + m
                            guard slot < channels.count else { break }
                            guard let input = channels[slot] else { continue }
                            for n in 0..<p.outputs {
                                let output = outputGroup * p.outputs + n
                                guard output < outputs else { break }
                                for (term, codes) in passes.lanes[pass].enumerated() {
                                    let value = Int(codes[(output * inputs + input) * kernel + tap]) & mask
                                    let lane = (term * p.inputs + m) * p.outputs + n
                                    put(value, lane: lane, wordAddress: base + word * wordBytes)
                                }
                            }
                        }
                        word += 1
                    }
                }
            }
        }
        return base
    }

    private var wordBytes: Int { p.weightBeats * p.beatBytes }

    private mutating func put(_ value: Int, lane: Int, wordAddress: Int) {
        let (beat, position) = lane.quotientAndRemainder(dividingBy: p.weightsPerBeat)
        let (field, part) = position.quotientAndRemainder(dividingBy: p.weightsPerField)
        let bit = part * p.element.weightBits
        let place = wordAddress + beat * p.beatBytes + field * fieldBytes
        let shifted = value << bit
        for byte in 0..<fieldBytes { image[place + byte] |= UInt8(truncatingIfNeeded: shifted >> (8 * byte)) }
    }

    private mutating func storeConstants(
        _ requantization: Requantization, channels: Range<Int>, groups: Int
    ) -> Int {
        let base = allocate(groups * p.constantBeats * p.beatBytes)
        for (position, channel) in channels.enumerated() {
            let (group, lane) = position.quotientAndRemainder(dividingBy: p.outputs)
            putConstants(requantization, channel: channel, lane: lane, word: group, base: base)
        }
        return base
    }

    /// Pooling results stand in the first granule of the outputs. Words outside all regions, then those of each region.
    private mutating func storePoolConstants(_ layer: QuantizedLayer, granule: Int, words: Int) -> Int {
        let channels = placements[layer.name]!.channels
        let multipliers = [layer.requantization.multiplier] + layer.regions.map(\.multiplier)
        let base = allocate(multipliers.count * words * p.constantBeats * p.beatBytes)
        for (set, multiplier) in multipliers.enumerated() {
            for word in 0..<words {
                for lane in 0..<p.granule {
                    guard let channel = channels[word * p.inputs + granule * p.granule + lane] else { continue }
                    put(
                        multiplier: multiplier[channel], bias: layer.requantization.bias[channel], lane: lane,
                        wordAddress: base + (set * words + word) * p.constantBeats * p.beatBytes)
                }
            }
        }
        return base
    }

    /// One word per plane, in this order: the pre-activation of the channels that stand there.
    mutating func storePreActivation(_ constants: PreActivation, of tensor: String, planes: [Int]) -> Int {
        let channels = placements[tensor]!.channels
        let base = allocate(planes.count * p.preActivationBeats * p.beatBytes)
        for (word, plane) in planes.enumerated() {
            for lane in 0..<p.granule {
                guard let channel = channels[plane * p.granule + lane] else { continue }
                put(
                    multiplier: constants.multiplier[channel], bias: constants.bias[channel], lane: lane,
                    wordAddress: base + word * p.preActivationBeats * p.beatBytes)
            }
        }
        return base
    }

    private mutating func putConstants(
        _ requantization: Requantization, channel: Int, lane: Int, word: Int, base: Int
    ) {
        put(
            multiplier: requantization.multiplier[channel], bias: requantization.bias[channel], lane: lane,
            wordAddress: base + word * p.constantBeats * p.beatBytes)
    }

    private mutating func put(multiplier: Int32, bias: Int64, lane: Int, wordAddress: Int) {
        let fieldsPerChannel = AcceleratorParameters.constantBits / p.activationBits
        let bits = UInt64(Int(multiplier) & 0xffff) | UInt64(Int(bias) & 0xffff_ffff_ffff) << 16
        for field in 0..<fieldsPerChannel {
            let (beat, place) = (lane * fieldsPerChannel + field).quotientAndRemainder(dividingBy: p.granule)
            let address = wordAddress + beat * p.beatBytes + place * fieldBytes
            for byte in 0..<fieldBytes {
                image[address + byte] = UInt8(
                    truncatingIfNeeded: bits >> UInt64(field * p.activationBits + 8 * byte))
            }
        }
    }
}
