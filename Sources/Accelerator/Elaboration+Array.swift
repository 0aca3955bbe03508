import Design
import Fabric

// The array: buffers, lanes [pixel][input][output], adder tree over the inputs, one accumulator per pixel and
// output, and pooling lanes per pixel and granule. Outputs are innermost so that neighbours share an activation.

extension Elaboration {
    struct LaneArray {
        /// [pixel][output]
        var accumulator: Signal
        /// [pixel][channel of the granule]
        var pool: Signal
    }

    /// Input words per granule and granules per output word.
    var inputGranules: Int { p.inputs / p.granule }
    var outputGranules: Int { p.outputs / p.granule }

    mutating func makeArray(_ load: Load, _ control: Control) -> LaneArray {
        builder.beginScope("array")
        defer { builder.endScope() }
        let anyValid = or(control.valid[1], control.poolValid[1])
        let ifmap = makeIfmapBuffer(
            load, .init(read: control.active, address: control.ifmapAddress, output: anyValid))
        let weights = makeWeightBuffer(
            load, .init(read: control.valid[0], address: control.weightAddress, output: control.valid[1]))
        var sum = makeLanes(ifmap, weights, control)
        var inputs = p.inputs
        for level in 0..<p.treeLevels {
            let half = (inputs + 1) / 2
            let enable = control.valid[2 + p.laneStages + level]
            sum = addPairs(sum, level: level, inputs: inputs, half: half, enable: enable)
            inputs = half
        }
        let accumulator = makeAccumulators(sum, control)
        return LaneArray(accumulator: accumulator, pool: makePool(ifmap, control))
    }

    /// The read side of a buffer: latch in the next cycle, output register in the one after.
    struct ReadPort { var read, address, output: Signal }

    mutating func makeIfmapBuffer(_ load: Load, _ port: ReadPort) -> Signal {
        let banks = bankCount(.ifmap)
        let enables = load.banks[.ifmap]!
        return builder.inArray("ifmap_lane", lanes: p.pixels * p.inputs) { [p] in
            $0.memory(
                "ifmap", depth: p.ifmapDepth, width: p.activationBits, signed: true, lanesPerBank: p.granule,
                .init(
                    writeEnable: enables.mapped([.init(banks, stride: 1), .init(p.granule, stride: 0)]),
                    writeAddress: load.bufferAddress,
                    writeData: load.data.mapped([.init(banks, stride: 0), .init(p.granule, stride: 1)]),
                    readEnable: port.read, readAddress: port.address, outputEnable: port.output))
        }
    }

    mutating func makeWeightBuffer(_ load: Load, _ port: ReadPort) -> Signal {
        let bits = p.element.weightBits
        let perBeat = p.weightsPerBeat
        let isSigned = p.element.name == "vpe"
        let enables = load.banks[.weights]!
        return builder.inArray("weight_lane", lanes: p.terms * p.inputs * p.outputs) { [p] in
            $0.memory(
                "weight", depth: p.weightDepth, width: bits, signed: isSigned, lanesPerBank: perBeat,
                .init(
                    writeEnable: enables.mapped([.init(p.weightBeats, stride: 1), .init(perBeat, stride: 0)]),
                    writeAddress: load.bufferAddress,
                    writeData: load.weights.mapped([.init(p.weightBeats, stride: 0), .init(perBeat, stride: 1)]),
                    readEnable: port.read, readAddress: port.address, outputEnable: port.output))
        }
    }

    /// Products [pixel][input][output].
    private mutating func makeLanes(_ ifmap: Signal, _ weights: Signal, _ control: Control) -> Signal {
        let x = ifmap.mapped([
            .init(p.pixels, stride: p.inputs), .init(p.inputs, stride: 1), .init(p.outputs, stride: 0),
        ])
        let w = (0..<p.terms).map {
            weights.mapped(
                [.init(p.pixels, stride: 0), .init(p.inputs * p.outputs, stride: 1)], offset: $0 * p.inputs * p.outputs)
        }
        return builder.inArray("pe", lanes: p.lanes) { [p] builder in
            switch p.element {
            case .svpe:
                let product = Elaboration.shiftedSum(x, w, p, &builder)
                return builder.register("product", product, enable: control.valid[2])
            case .vpe(let bits):
                let result = builder.dsp(
                    "dsp", a: x, b: w[0],
                    enables: .init(operands: control.valid[2], m: control.valid[3], p: control.valid[4]))
                return builder.logic(
                    .slice, [result], width: p.activationBits + bits, signed: true, name: "product")
            }
        }
    }

    /// The activation times a weight of one or two signed powers of two: `w` has the codes of each term.
    static func shiftedSum(
        _ x: Signal, _ w: [Signal], _ p: AcceleratorParameters, _ builder: inout DesignBuilder
    ) -> Signal {
        let bits = p.element.weightBits
        // One bit more than the largest shift: -(-2^(a-1)) * 2^k must fit.
        let width = p.activationBits + p.element.magnitudeBits + 1
        let shifted = w.enumerated().map { term, code in
            builder.logic(
                .powerOfTwoShift, [x, code], width: width, signed: true, name: term == 0 ? "shifted" : "shifted2",
                parameter: bits)
        }
        if shifted.count == 1 { return shifted[0] }
        return builder.logic(.add, [shifted[0], shifted[1]], width: width + 1, signed: true, name: "term_sum")
    }

    /// One pipelined level of the adder tree: input i meets input i + half.
    mutating func addPairs(
        _ source: Signal, level: Int, inputs: Int, half: Int, enable: Signal
    ) -> Signal {
        let run = half * p.outputs
        let a = source.mapped([.init(p.pixels, stride: inputs * p.outputs), .init(run, stride: 1)])
        let b = source.mapped(
            [
                .init(p.pixels, stride: inputs * p.outputs),
                .init(run, stride: 1, limit: (inputs - half) * p.outputs),
            ], offset: run)
        return builder.inArray("tree\(level + 1)", lanes: p.pixels * run) {
            let sum = $0.logic(.add, [a, b], width: source.width + 1, signed: true)
            return $0.register("sum", sum, enable: enable)
        }
    }

    private mutating func makeAccumulators(_ sum: Signal, _ control: Control) -> Signal {
        let width = p.accumulatorBits
        let octaves = p.passOctaves
        return builder.inArray("accumulator", lanes: p.pixels * p.outputs) { builder in
            let value = builder.register("value", width: width, signed: true)
            var earlier = value
            if octaves > 0 {
                let multiplied = builder.logic(
                    .shiftLeftConstant, [value], width: width, signed: true, parameter: octaves)
                earlier = builder.logic(
                    .multiplex, [control.shiftAccumulator, multiplied, value], width: width, signed: true)
            }
            let addend = builder.logic(.multiplex, [control.first, 0, earlier], width: width, signed: true)
            let next = builder.logic(.add, [addend, sum], width: width, signed: true)
            builder.connect(value, next: next, enable: control.valid[control.valid.count - 1])
            return value
        }
    }

    mutating func makePool(_ ifmap: Signal, _ control: Control) -> Signal {
        let width = p.activationBits + AcceleratorParameters.accumulationBits
        let map: [LaneMap.Dimension] = [.init(p.pixels, stride: p.inputs), .init(p.granule, stride: 1)]
        return builder.inArray("pool", lanes: p.pixels * p.granule) { [p] builder in
            let x: Signal
            if p.inputs == p.granule {
                x = builder.logic(.slice, [ifmap.mapped(map)], width: p.activationBits, signed: true, name: "operand")
            } else {
                x = builder.logic(
                    .laneSelect, [ifmap.mapped(map), control.poolGranule], width: p.activationBits, signed: true,
                    name: "operand", parameter: p.granule)
            }
            let value = builder.register("value", width: width, signed: true)
            let larger = builder.logic(.maximum, [x, value], width: width, signed: true)
            let sum = builder.logic(.add, [x, value], width: width, signed: true)
            let merged = builder.logic(
                .multiplex, [control.isMaxPool, larger, sum], width: width, signed: true)
            let next = builder.logic(.multiplex, [control.poolFirst, x, merged], width: width, signed: true)
            builder.connect(value, next: next, enable: control.poolValid[2])
            return value
        }
    }
}
