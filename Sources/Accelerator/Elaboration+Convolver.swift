import Design
import Fabric

// The array of the `convolver` family: Pn clusters of Pm convolvers of K x K cells (n-BQ-NN paper, figures 5 to 8).
//
//   line buffers  K - 1 block RAMs of Pm pixels a word, written and read at the slot's number: each delays by a row of
//                 slots and a cycle. Chain a has the row a rows above the newest, a cycles later.
//   pixels        per chain and cell one register of Pm pixels, masked by its synchronous reset; all clusters share it.
//   cells         transposed FIR: sum_j <= sum_(j-1) + w * x. svpe: shift and add in LUTs; vpe: DSP48E2 over PCIN.
//   column        total_a <= total_(a-1) + row a's sum, a cycle later than total_(a-1): the delay of the lines.
//   cluster       adder tree over the Pm convolvers, psum buffer, accumulator.
// Cells beyond the instruction's tap have their clock enables low.

extension Elaboration {
    mutating func makeConvolverArray(
        _ convolver: ConvolverParameters, _ load: Load, _ control: Control, _ stream: Stream
    ) -> LaneArray {
        builder.beginScope("array")
        defer { builder.endScope() }
        let anyValid = or(stream.latched, control.poolValid[1])
        let reads = or(stream.read, control.poolValid[0])
        let ifmap = makeIfmapBuffer(load, .init(read: reads, address: control.ifmapAddress, output: anyValid))
        let weights = makeWeightBuffer(
            load, .init(read: stream.weightRead, address: stream.weightAddress, output: stream.weightLatched))
        var grid = Grid(convolver: convolver, stream: stream, weights: weights)
        var total: Signal?
        var results: [Signal] = []
        var row = ifmap
        for a in 0..<convolver.kernel {
            if a > 0 { row = makeLine(a, row, &grid) }
            total = makeColumnAdder(a, makeChain(a, row, &grid), above: total, &grid)
            if convolver.taps.contains(a + 1) { results.append(columnSum(a, total!)) }
        }
        var sum = choose(results, first: 0, name: "window", stream)
        var inputs = p.inputs
        for level in 0..<p.treeLevels {
            let half = (inputs + 1) / 2
            let stage = p.convolverLatency - p.treeLevels + level
            sum = addPairs(sum, level: level, inputs: inputs, half: half, enable: stream.result[stage])
            inputs = half
        }
        let accumulator = makePsums(convolver, sum, stream)
        return LaneArray(accumulator: accumulator, pool: makePool(ifmap, control))
    }

    /// What the parts of the grid share while it is built.
    private struct Grid {
        let convolver: ConvolverParameters
        let stream: Stream
        let weights: Signal
        /// Clock enables by (stage of the flow, tap index).
        var enables: [[Int]: Signal] = [:]

        /// Index of the smallest tap that uses row or column `position`.
        func tap(_ position: Int) -> Int { convolver.taps.firstIndex { $0 > position }! }
    }

    /// A stage of a marker, low while the instruction's tap does not reach `position`.
    private mutating func gated(_ signals: [Signal], _ kind: Int, stage: Int, position: Int, _ grid: inout Grid)
        -> Signal
    {
        let tap = grid.tap(position)
        if tap == 0 { return signals[stage] }
        if let known = grid.enables[[kind, stage, tap]] { return known }
        let enable = and(signals[stage], grid.stream.usesTap[tap])
        grid.enables[[kind, stage, tap]] = enable
        return enable
    }

    private mutating func flow(_ stage: Int, position: Int, _ grid: inout Grid) -> Signal {
        gated(grid.stream.flow, 0, stage: stage, position: position, &grid)
    }

    // MARK: line buffers and pixels

    /// `row` one row of slots and one cycle later.
    private mutating func makeLine(_ a: Int, _ row: Signal, _ grid: inout Grid) -> Signal {
        let enable = gated(grid.stream.inRow, 1, stage: 1 + a, position: a, &grid)
        let address = grid.stream.slot[1 + a]
        let depth = grid.convolver.rowLength
        return builder.inArray("line\(a)_lane", lanes: p.inputs) { [p] in
            $0.memory(
                "line\(a)", depth: depth, width: p.activationBits, signed: true, lanesPerBank: p.inputs,
                .init(
                    writeEnable: enable, writeAddress: address, writeData: row, readEnable: enable,
                    readAddress: address, outputEnable: nil))
        }
    }

    /// The pixel of cell j in chain a, 0 where it belongs to no window.
    private mutating func makePixel(_ a: Int, _ j: Int, _ row: Signal, _ grid: inout Grid) -> Signal {
        let enable = flow(2 + a, position: max(a, j), &grid)
        let open = and(grid.stream.columnOpen[j][2 + a], grid.stream.rowOpen[a], name: "open\(a)_\(j)")
        let clear = and(enable, not(open))
        return builder.inArray("pixel\(a)_\(j)", lanes: p.inputs) {
            $0.register("x", row, enable: enable, reset: clear)
        }
    }

    // MARK: chains

    /// Bits of a sum of `count` products.
    private func sumBits(_ count: Int) -> Int {
        let product =
            p.activationBits + (p.element.isShift ? p.element.magnitudeBits + p.terms : p.element.weightBits)
        return product + (Int.bitWidth - (count - 1).leadingZeroBitCount)
    }

    /// The sum of a row of the window, [input][output].
    private mutating func makeChain(_ a: Int, _ row: Signal, _ grid: inout Grid) -> Signal {
        var sum: Signal?
        var results: [Signal] = []
        let taps = grid.convolver.taps
        for j in 0..<grid.convolver.kernel {
            sum = makeCell(a, j, makePixel(a, j, row, &grid), after: sum, &grid)
            if let tap = taps.firstIndex(of: j + 1), tap >= grid.tap(a) {
                results.append(cellSum(sum!, bits: sumBits(j + 1), name: "row\(a)_\(j)"))
            }
        }
        return choose(results, first: grid.tap(a), name: "row\(a)", grid.stream)
    }

    private mutating func makeCell(
        _ a: Int, _ j: Int, _ pixel: Signal, after: Signal?, _ grid: inout Grid
    ) -> Signal {
        let x = pixel.mapped([.init(p.inputs, stride: 1), .init(p.outputs, stride: 0)])
        let position = max(a, j)
        let load = and(grid.stream.loadRow[a], grid.stream.loadColumn[j], name: "load\(a)_\(j)")
        let weights = grid.weights
        let bits = sumBits(j + 1)
        switch p.element {
        case .svpe:
            let swap = gated(grid.stream.begins, 2, stage: 2 + a, position: position, &grid)
            let enable = flow(3 + a, position: position, &grid)
            let lanes = p.inputs * p.outputs
            return builder.inArray("cell\(a)_\(j)", lanes: lanes) { [p] builder in
                let codes = (0..<p.terms).map { term in
                    let suffix = term == 0 ? "" : "2"
                    let code = p.terms == 1 ? weights : weights.mapped([.init(lanes, stride: 1)], offset: term * lanes)
                    let next = builder.register("next_weight\(suffix)", code, enable: load)
                    return builder.register("weight\(suffix)", next, enable: swap)
                }
                let shifted = Elaboration.shiftedSum(x, codes, p, &builder)
                guard let after else { return builder.register("sum", shifted, enable: enable) }
                let sum = builder.logic(.add, [shifted, after], width: bits, signed: true)
                return builder.register("sum", sum, enable: enable)
            }
        case .vpe:
            // B1 is the shadow register, B2 the active one, which takes it beside the first pixel's A.
            let swap = gated(grid.stream.begins, 2, stage: 3 + a, position: position, &grid)
            let enables = (3...5).map { flow($0 + a, position: position, &grid) }
            return builder.inArray("cell\(a)_\(j)", lanes: p.inputs * p.outputs) {
                $0.dspCascade(
                    "dsp", a: x, b: weights, cascade: after, bits: bits,
                    enables: .init(a: enables[0], b1: load, b2: swap, m: enables[1], p: enables[2]))
            }
        }
    }

    /// The bits of a DSP48E2's P that its sums need; svpe sums have no more.
    private mutating func cellSum(_ sum: Signal, bits: Int, name: String) -> Signal {
        if p.element.isShift { return sum }
        return builder.inArray("\(name)_sum", lanes: p.inputs * p.outputs) {
            $0.logic(.slice, [sum], width: bits, signed: true, name: "value")
        }
    }

    /// The one of several taps' signals that the instruction uses; `first` is the first one's tap index.
    private mutating func choose(_ signals: [Signal], first: Int, name: String, _ stream: Stream) -> Signal {
        var value = signals[0]
        for (position, next) in signals.enumerated().dropFirst() {
            let width = max(value.width, next.width)
            let here = value
            value = builder.inArray("\(name)_tap\(first + position)", lanes: p.inputs * p.outputs) {
                $0.logic(
                    .multiplex, [stream.isTap[first + position], next, here], width: width, signed: true, name: "value")
            }
        }
        return value
    }

    // MARK: column

    private mutating func makeColumnAdder(_ a: Int, _ row: Signal, above: Signal?, _ grid: inout Grid) -> Signal {
        let lanes = p.inputs * p.outputs
        let bits = sumBits((a + 1) * grid.convolver.kernel)
        let enable = flow(3 + p.laneStages + a, position: a, &grid)
        switch grid.convolver.columnAdders {
        case .lut:
            return builder.inArray("column\(a)", lanes: lanes) { builder in
                guard let above else { return builder.register("sum", row, enable: enable) }
                let sum = builder.logic(.add, [row, above], width: bits, signed: true)
                return builder.register("sum", sum, enable: enable)
            }
        case .dsp:
            let late = flow(4 + p.laneStages + a, position: a, &grid)
            return builder.inArray("column\(a)", lanes: lanes) {
                $0.dspAdder("dsp", c: row, cascade: above, bits: bits, enables: (c: enable, p: late))
            }
        }
    }

    private mutating func columnSum(_ a: Int, _ total: Signal) -> Signal {
        guard let convolver = p.convolver, convolver.columnAdders == .dsp else { return total }
        return builder.inArray("column\(a)_sum", lanes: p.inputs * p.outputs) { [self] in
            $0.logic(
                .slice, [total], width: sumBits((a + 1) * convolver.kernel), signed: true, name: "value")
        }
    }

    // MARK: psums

    /// One accumulator per cluster; psums of earlier streams come from the psum buffer.
    private mutating func makePsums(_ convolver: ConvolverParameters, _ sum: Signal, _ stream: Stream) -> Signal {
        let width = p.accumulatorBits
        let octaves = p.passOctaves
        let value = builder.inArray("accumulator", lanes: p.outputs) {
            $0.register("value", width: width, signed: true)
        }
        let psum = builder.inArray("psum_lane", lanes: p.outputs) { [p] in
            $0.memory(
                "psum", depth: convolver.psumDepth, width: width, signed: true, lanesPerBank: p.outputs,
                .init(
                    writeEnable: stream.psumWrite, writeAddress: stream.psumWriteAddress, writeData: value,
                    readEnable: stream.psumRead, readAddress: stream.psumReadAddress,
                    outputEnable: stream.psumLatched))
        }
        builder.inArray("accumulator", lanes: p.outputs) { [p] builder in
            var earlier = psum
            if octaves > 0 {
                let multiplied = builder.logic(
                    .shiftLeftConstant, [psum], width: width, signed: true, parameter: octaves)
                earlier = builder.logic(.multiplex, [stream.shift, multiplied, psum], width: width, signed: true)
            }
            let addend = builder.logic(.multiplex, [stream.first, 0, earlier], width: width, signed: true)
            let next = builder.logic(.add, [addend, sum], width: width, signed: true)
            builder.connect(value, next: next, enable: stream.result[p.convolverLatency])
        }
        return value
    }
}
