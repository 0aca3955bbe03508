// Two products of 8-bit integers in one DSP48E2 (AMD WP486): the weights of neighbouring outputs o and o + 1 share an
// activation. docs/internals/PackedProducts.md draws the fields.
//
//     port A, 27 bits    w[o + 1] * 2^18 + w[o]
//     port B             x
//     P                  (x * w[o + 1] summed + bias) * 2^18 + (x * w[o] summed + bias)
//
// The bias, from port C of the first slice, makes both sums positive: neither borrows from the other, and a field is a slice
// of wires whose top bit is inverted. The sum of the two weights is a sum of the weight buffer's write side: the upper weight
// is stored less 1 where the lower is negative, in nine bits, which a block RAM's byte has anyway.

import Design

#if MUTANTS
    import Mutants
#endif

/// Widths and limits of packed products.
public enum PackedProducts {
    /// Bits of a weight and of an activation, signed.
    public static let operandBits = 8
    /// Bits of a field of P: what port A leaves beside a weight of 8 bits and its borrow.
    public static let fieldBits = 27 - operandBits - 1
    /// Most products of a field: the largest is 2^14, and a sum of signed fields is below 2^17.
    public static let mostProducts = ((1 << (fieldBits - 1)) - 1) >> (2 * operandBits - 2)
    /// Bits of a stored weight, with its borrow.
    static let storedBits = operandBits + 1

    /// Bits of a signed sum of `count` products.
    static func sumBits(_ count: Int) -> Int {
        Int.bitWidth - (count << (2 * operandBits - 2)).leadingZeroBitCount + 1
    }

    /// What both fields begin with.
    static func bias(_ count: Int) -> Int { 1 << (sumBits(count) - 1) }

    /// Port C of the first slice of `count`.
    static func constant(_ count: Int) -> Int { bias(count) << fieldBits + bias(count) }

    /// Bits that suffice for every P of a chain of `count` slices, as the check of a cell counts them.
    static func wordBits(_ count: Int) -> Int { fieldBits + sumBits(count) + 2 }
}

extension AcceleratorParameters {
    /// Two outputs share a DSP48E2.
    public var packsProducts: Bool { family.packing == .int8 }
    /// DSP48E2 of an input and a pixel.
    var slices: Int { packsProducts ? outputs / 2 : outputs }
    /// Bits of a lane of the weight buffer.
    var storedWeightBits: Int { packsProducts ? PackedProducts.storedBits : element.weightBits }

    /// Whether packed products can be built: signed operands of 8 bits, neighbours in one beat, fields that hold a chain's
    /// sums.
    var canPackProducts: Bool {
        let areBytes = activationBits == PackedProducts.operandBits && element == .vpe(weightBits: activationBits)
        return areBytes && outputs.isMultiple(of: 2) && weightsPerBeat.isMultiple(of: 2)
            && (cascade ?? 1) <= PackedProducts.mostProducts
    }
}

extension DesignBuilder {
    /// Stored weights of a beat: of two neighbours the even one as it is, the odd one with the borrow of their sum.
    mutating func packedWeights(_ weights: Signal) -> Signal {
        let pairs = weights.lanes / 2
        let low = weights.mapped([.init(pairs, stride: 2)])
        let high = weights.mapped([.init(pairs, stride: 2)], offset: 1)
        let bits = PackedProducts.storedBits
        #if MUTANTS
            if isPlanted("packed-borrow") { return weights }
        #endif
        let sums = inArray("weight_pair", lanes: pairs) {
            let shifted = $0.logic(.shiftLeftConstant, [high], width: 2 * bits, signed: true, parameter: bits)
            return $0.logic(.add, [shifted, low], width: 2 * bits, signed: true, name: "sum")
        }
        return inArray("stored_weight", lanes: weights.lanes) {
            $0.logic(.unpack, [sums], width: bits, signed: true, name: "value", parameter: 2)
        }
    }

    /// Port A of `lanes` / 2 slices, from as many stored weights as there are lanes.
    mutating func packedOperand(_ name: String, _ stored: Signal, lanes: Int) -> Signal {
        let fields = inArray("\(name)_field", lanes: lanes) {
            $0.logic(.slice, [stored], width: PackedProducts.fieldBits, signed: true)
        }
        return inArray("\(name)_pair", lanes: lanes / 2) {
            $0.logic(.pack, [fields], width: 27, signed: true, parameter: 2)
        }
    }

    /// A slice per lane: two products, two signed operands of port A with one of port B, on those of the slice before it.
    mutating func packedProduct(
        _ packed: Signal, _ x: Signal, after sum: Signal?, products: Int, enables: DSPEnables
    ) -> Signal {
        let constant = sum == nil ? PackedProducts.constant(products) : nil
        return dspProduct(
            "dsp", a: packed, b: x,
            link: .init(before: sum, constant: constant, bits: PackedProducts.wordBits(products)), enables: enables)
    }

    /// Sums of `products` products each, two from each lane of P, the lower field's first.
    mutating func packedSums(_ p: Signal, products: Int) -> Signal {
        inArray("chain", lanes: 2 * p.lanes) {
            let field = $0.logic(.unpack, [p], width: PackedProducts.fieldBits, parameter: 2)
            return $0.logic(
                .xor, [field, PackedProducts.bias(products)], width: PackedProducts.sumBits(products), signed: true,
                name: "value")
        }
    }
}
