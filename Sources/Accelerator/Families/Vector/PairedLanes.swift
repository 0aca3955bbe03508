// Lanes that shift come in pairs: the product of input i has a register, as any, and input i + half adds its own to that
// on the way into the first level of the adder tree. Shifter and adder are one carry chain then (Design/ShiftAdd.swift).
// The operands of the second wait a cycle in registers instead of its product, narrower ones: those of an activation
// serve all outputs, those of a code all pixels. Sums stand in the same registers in the same cycles as without pairs.

import Design

extension AcceleratorParameters {
    /// Whether the `vector` family's lanes come in pairs: they shift by one term, and the inputs are even.
    var pairsLanes: Bool {
        guard case .svpe = element else { return false }
        return terms == 1 && inputs.isMultiple(of: 2)
    }
}

extension Elaboration {
    /// Sums [pixel][output] over the inputs; `enables`: of the products, then of each level.
    mutating func makePairedSum(_ ifmap: Signal, _ weights: Signal, enables: [Signal]) -> Signal {
        let half = p.inputs / 2
        let pairs = half * p.outputs
        let waitingX = builder.inArray("ifmap_waiting", lanes: p.pixels * half) { [p] builder in
            let late = ifmap.mapped([.init(p.pixels, stride: p.inputs), .init(half, stride: 1)], offset: half)
            return builder.register("value", late, enable: enables[0])
        }
        let waitingW = builder.inArray("weight_waiting", lanes: pairs) { builder in
            builder.register("value", weights.mapped([.init(pairs, stride: 1)], offset: pairs), enable: enables[0])
        }
        /// Lanes [pixel][pair][output] of activations that are `step` from pixel to pixel, and of weights.
        func spread(_ x: Signal, step: Int, _ w: Signal) -> (x: Signal, w: Signal) {
            (
                x.mapped([.init(p.pixels, stride: step), .init(half, stride: 1), .init(p.outputs, stride: 0)]),
                w.mapped([.init(p.pixels, stride: 0), .init(pairs, stride: 1)])
            )
        }
        let (early, late) = (spread(ifmap, step: p.inputs, weights), spread(waitingX, step: half, waitingW))
        let products = builder.inArray("pe", lanes: p.pixels * pairs) { [p] builder in
            p.element.lane.makeProduct(early.x, [early.w], enables: enables, &builder)
        }
        let sums = builder.inArray("tree1", lanes: p.pixels * pairs) { [p] builder in
            let shifted = builder.logic(
                .powerOfTwoShift, [late.x, late.w], width: products.width, signed: true, name: "shifted",
                parameter: p.element.weightBits)
            let sum = builder.logic(.add, [products, shifted], width: products.width + 1, signed: true)
            return builder.register("sum", sum, enable: enables[1])
        }
        return makeTree(sums, enables: Array(enables.dropFirst()), from: 1)
    }
}
