// Dot products along DSP48E2 cascades. Chain c of a dot product has the inputs c, c + chains, c + 2 chains ...; its DSP48E2 at
// position n adds a product to the P of position n - 1, which stands there a cycle after its own: so lane n works n cycles
// behind lane 0.
//
//     cycle        t          t + 2     t + 3   t + 4    t + 5          t + 6          t + 7
//     position 0   address    word      A, B    M0       P0 = M0
//     position 1              n = 1: one later          M1             P1 = M1 + P0
//     position 2              n = 2: two later                         M2             P2 = M2 + P1
//
// What costs nothing is to read later: the weights of position n have block RAMs of their own, whose address and enables
// pass n registers. The activations, of which a buffer's word has few, pass n stages of an SRL instead: one LUT a bit up to
// 32 cycles, and the pooling lanes still find a whole word at the buffer.
// One chain alone ends in the accumulator: its last DSP48E2 adds its own P, too, unless a result begins. Several chains end
// in a tree and accumulators of LUTs. So do slices of two products each (PackedProducts.swift), whatever their number: their
// P has two sums. With a tree instead of cascades these are chains of one.

import Design
import Fabric

extension Elaboration {
    /// Accumulated sums [pixel][output] of the ifmap buffer's words and the weights that belong to them.
    mutating func makeCascades(_ ifmap: Signal, _ load: Load, _ steps: VectorSteps, length: Int) -> Signal {
        let weights = makeWeightParts(load, steps, length: length)
        var sum: Signal?
        for position in 0..<length {
            let x = makeOperand(ifmap, position)
            sum = makePosition((position, length), x, weights[position], after: sum, steps)
        }
        guard let sum else { preconditionFailure("a cascade of no DSP48E2") }
        let value = makeChainSums(sum, length: length)
        if p.accumulatesInCascade { return value }
        let atTree = p.vectorLatency - p.treeLevels
        return makeAccumulators(makeTree(value, enables: Array(steps.issued[atTree...])), steps)
    }

    /// What the last P of each chain says, [pixel][chain][output].
    private mutating func makeChainSums(_ last: Signal, length: Int) -> Signal {
        if p.packsProducts { return builder.packedSums(last, products: length) }
        let bits = p.accumulatesInCascade ? p.accumulatorBits : chainBits(length)
        return builder.inArray(p.accumulatesInCascade ? "accumulator" : "chain", lanes: last.lanes) {
            $0.logic(.slice, [last], width: bits, signed: true, name: "value")
        }
    }

    /// Bits of a sum of `count` products.
    private func chainBits(_ count: Int) -> Int {
        p.element.lane.productBits(activationBits: p.activationBits, terms: p.terms)
            + (Int.bitWidth - (count - 1).leadingZeroBitCount)
    }

    /// The weight buffer, a part for each position, read a cycle later than the one before; without cascades the whole.
    private mutating func makeWeightParts(_ load: Load, _ steps: VectorSteps, length: Int) -> [WeightPart] {
        if p.cascade == nil {
            let port = ReadPort(read: steps.issued[0], address: steps.weightAddress, output: steps.issued[1])
            return [WeightPart(word: makeWeightBuffer(load, port), first: 0)]
        }
        let bits = BlockMemoryShape.addressBits(depth: p.weightDepth)
        var address = steps.weightAddress
        return (0..<length).map { position in
            if position > 0 {
                let late = builder.register("weight_address\(position)", width: bits)
                builder.connect(late, next: address, enable: steps.issued[position - 1])
                address = late
            }
            return makeWeightPart(
                "weight\(position)", inputs: position * p.chains..<(position + 1) * p.chains, load,
                .init(read: steps.issued[position], address: address, output: steps.issued[position + 1]))
        }
    }

    /// The activations of a position, [pixel][chain][slice], `position` cycles later than the buffer has them.
    private mutating func makeOperand(_ ifmap: Signal, _ position: Int) -> Signal {
        let first = position * p.chains
        guard position > 0 else {
            return ifmap.mapped(
                [.init(p.pixels, stride: p.inputs), .init(p.chains, stride: 1), .init(p.slices, stride: 0)])
        }
        let mine = ifmap.mapped([.init(p.pixels, stride: p.inputs), .init(p.chains, stride: 1)], offset: first)
        let late = builder.inArray("skew\(position)", lanes: p.pixels * p.chains) {
            $0.delayed("x", mine, by: position)
        }
        return late.mapped([.init(p.pixels * p.chains, stride: 1), .init(p.slices, stride: 0)])
    }

    /// One DSP48E2 per pixel, chain and slice, at a place of its chain.
    private mutating func makePosition(
        _ place: (position: Int, length: Int), _ x: Signal, _ weights: WeightPart, after sum: Signal?,
        _ steps: VectorSteps
    ) -> Signal {
        let (position, length) = place
        let stage = PipelineStages.buffer + position
        let enables = DesignBuilder.DSPEnables(
            operands: steps.issued[stage], m: steps.issued[stage + 1], p: steps.issued[stage + 2])
        if p.packsProducts {
            let words = p.chains * p.outputs
            let mine = weights.word.mapped([.init(words, stride: 1)], offset: weights.first)
            let packed = builder.packedOperand("weight\(position)", mine, lanes: words).mapped(
                [.init(p.pixels, stride: 0), .init(p.chains * p.slices, stride: 1)])
            return builder.inArray("pe\(position)", lanes: p.pixels * p.chains * p.slices) {
                $0.packedProduct(packed, x, after: sum, products: length, enables: enables)
            }
        }
        let w = weights.word.mapped(
            [.init(p.pixels, stride: 0), .init(p.chains * p.outputs, stride: 1)], offset: weights.first)
        let accumulates = p.accumulatesInCascade && position == length - 1
        // No sum of the network needs more bits than the accumulator has; a product by itself may.
        let bits = accumulates ? max(p.accumulatorBits, chainBits(1)) : chainBits(position + 1)
        return builder.inArray("pe\(position)", lanes: p.pixels * p.chains * p.outputs) {
            $0.dspProduct(
                "dsp", a: x, b: w, link: .init(before: sum, starts: accumulates ? steps.first : nil, bits: bits),
                enables: enables)
        }
    }
}
