// The array of the `convolver` family: Pn clusters of Pm convolvers of K x K cells (n-BQ-NN paper, figures 5 to 8).
//
//   line buffers  K - 1 block RAMs of Pm pixels a word, written and read at the slot's number: each delays by a row of
//                 slots and a cycle. Chain a has the row a rows above the newest, a cycles later.
//   pixels        per chain and cell one register of Pm pixels, masked by its synchronous reset; all clusters share it.
//   cells         transposed FIR: sum_j <= sum_(j-1) + w * x. svpe: shift and add in LUTs; vpe: DSP48E2 over PCIN.
//   column        total_a <= total_(a-1) + row a's sum, a cycle later than total_(a-1): the delay of the lines.
//   cluster       adder tree over the Pm convolvers, psum buffer, accumulator.
// Cells beyond the instruction's tap have their clock enables low.

import Design

extension Elaboration {
    mutating func makeConvolverArray(
        _ convolver: ConvolverParameters, _ load: Load, _ control: Control, _ steps: ConvolverSteps
    ) -> LaneArray {
        builder.beginScope(
            "array",
            about: "Ifmap and weight buffers, line buffers, the grid of K x K convolvers, adder tree, "
                + "accumulators with their psum buffer, and the pooling lanes.")
        defer { builder.endScope() }
        let stream = steps.stream
        let anyValid = or(stream.latched, control.pool.valid[1])
        let reads = or(stream.read, control.pool.valid[0])
        let ifmap = makeIfmapBuffer(load, .init(read: reads, address: steps.ifmapAddress, output: anyValid))
        let weights = makeWeightBuffer(
            load,
            .init(read: stream.weights.read, address: stream.weights.address, output: stream.weights.latched))
        var grid = Grid(convolver: convolver, stream: stream, weights: weights)
        let sum = makeGrid(ifmap, &grid)
        let atTree = p.convolverLatency(convolver) - p.treeLevels
        let total = makeTree(sum, enables: Array(stream.results.valid[atTree...]))
        let accumulator = makePsums(convolver, total, stream.results)
        return LaneArray(accumulator: accumulator, pool: makePool(ifmap, control.pool))
    }

    /// Sums of windows [input][output] of all chains, from the rows that leave the ifmap buffer.
    private mutating func makeGrid(_ ifmap: Signal, _ grid: inout Grid) -> Signal {
        var total: Signal?
        var results: [Signal] = []
        var row = ifmap
        for a in 0..<grid.convolver.kernel {
            if a > 0 { row = makeLine(a, row, &grid) }
            let sum = makeColumnAdder(a, makeChain(a, row, &grid), above: total, &grid)
            total = sum
            if grid.convolver.taps.contains(a + 1) { results.append(columnSum(a, sum, grid.convolver)) }
        }
        return choose(results, first: 0, name: "window", grid.stream)
    }

    /// What the parts of the grid share while it is built.
    private struct Grid {
        let convolver: ConvolverParameters
        let stream: Stream
        let weights: Signal
        /// Clock enables that are made already.
        var enables: [Gate: Signal] = [:]

        /// Index of the smallest tap that uses row or column `position`.
        func tap(_ position: Int) -> Int { convolver.taps.firstIndex { $0 > position }! }
    }

    /// A clock enable of the grid: a marker at a stage, for the cells that a tap adds.
    private struct Gate: Hashable {
        enum Marker { case flow, inRow, begins }
        var marker: Marker
        var stage: Int
        var tap: Int
    }

    /// A stage of a marker, low while the instruction's tap does not reach `position`.
    private mutating func gated(
        _ signals: [Signal], _ marker: Gate.Marker, stage: Int, position: Int, _ grid: inout Grid
    ) -> Signal {
        let tap = grid.tap(position)
        if tap == 0 { return signals[stage] }
        let gate = Gate(marker: marker, stage: stage, tap: tap)
        if let known = grid.enables[gate] { return known }
        let enable = and(signals[stage], grid.stream.taps.uses[tap])
        grid.enables[gate] = enable
        return enable
    }

    private mutating func flow(_ stage: Int, position: Int, _ grid: inout Grid) -> Signal {
        gated(grid.stream.flow, .flow, stage: stage, position: position, &grid)
    }

    // MARK: line buffers and pixels

    /// `row` one row of slots and one cycle later.
    private mutating func makeLine(_ a: Int, _ row: Signal, _ grid: inout Grid) -> Signal {
        let enable = gated(grid.stream.inRow, .inRow, stage: 1 + a, position: a, &grid)
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
        let stage = PipelineStages.buffer + a
        let enable = flow(stage, position: max(a, j), &grid)
        let open = and(grid.stream.columnOpen[j][stage], grid.stream.rowOpen[a], name: "open\(a)_\(j)")
        let clear = and(enable, not(open))
        return builder.inArray("pixel\(a)_\(j)", lanes: p.inputs) {
            $0.register("x", row, enable: enable, reset: clear)
        }
    }

    // MARK: chains

    /// Bits of a sum of `count` products.
    private func sumBits(_ count: Int) -> Int {
        p.element.lane.productBits(activationBits: p.activationBits, terms: p.terms)
            + (Int.bitWidth - (count - 1).leadingZeroBitCount)
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

    /// Cell j of chain a in all convolvers, [input][output].
    private mutating func makeCell(
        _ a: Int, _ j: Int, _ pixel: Signal, after: Signal?, _ grid: inout Grid
    ) -> Signal {
        let lane = p.element.lane
        let lanes = p.inputs * p.outputs
        let position = max(a, j)
        let load = and(grid.stream.weights.loadRow[a], grid.stream.weights.loadColumn[j], name: "load\(a)_\(j)")
        let weights = grid.weights
        let words =
            p.terms == 1
            ? [weights] : (0..<p.terms).map { weights.mapped([.init(lanes, stride: 1)], offset: $0 * lanes) }
        let swap = gated(
            grid.stream.begins, .begins, stage: PipelineStages.buffer + lane.weightDelay + a, position: position, &grid)
        let first = PipelineStages.buffer + ConvolverParameters.pixelStages
        let enables = (0..<lane.stages).map { flow(first + $0 + a, position: position, &grid) }
        let cell = ConvolverCell(
            pixel: pixel.mapped([.init(p.inputs, stride: 1), .init(p.outputs, stride: 0)]), weights: words,
            before: after, sumBits: sumBits(j + 1), load: load, swap: swap, enables: enables)
        return builder.inArray("cell\(a)_\(j)", lanes: lanes) { lane.makeCell(cell, &$0) }
    }

    /// The bits of a DSP48E2's P that its sums need; sums out of LUTs have no more.
    private mutating func cellSum(_ sum: Signal, bits: Int, name: String) -> Signal {
        guard p.element.lane.sumsInDSP else { return sum }
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
                    .multiplex, [stream.taps.leaves[first + position], next, here], width: width, signed: true,
                    name: "value")
            }
        }
        return value
    }

    // MARK: column

    /// The sum of rows 0 ... a; DSP48E2: C, then P, so that the rows above come in at the second stage.
    private mutating func makeColumnAdder(_ a: Int, _ row: Signal, above: Signal?, _ grid: inout Grid) -> Signal {
        let lanes = p.inputs * p.outputs
        let bits = sumBits((a + 1) * grid.convolver.kernel)
        let stage = PipelineStages.buffer + ConvolverParameters.pixelStages + p.laneStages + a
        let enable = flow(stage, position: a, &grid)
        switch grid.convolver.columnAdders {
        case .lut:
            return builder.inArray("column\(a)", lanes: lanes) { builder in
                guard let above else { return builder.register("sum", row, enable: enable) }
                let sum = builder.logic(.add, [row, above], width: bits, signed: true)
                return builder.register("sum", sum, enable: enable)
            }
        case .dsp:
            let late = flow(stage + 1, position: a, &grid)
            return builder.inArray("column\(a)", lanes: lanes) {
                $0.dspAdder("dsp", c: row, cascade: above, bits: bits, enables: (c: enable, p: late))
            }
        }
    }

    /// The bits of a column adder's P that its sums need, where it is a DSP48E2.
    private mutating func columnSum(_ a: Int, _ total: Signal, _ convolver: ConvolverParameters) -> Signal {
        switch convolver.columnAdders {
        case .lut: return total
        case .dsp:
            return builder.inArray("column\(a)_sum", lanes: p.inputs * p.outputs) { [self] in
                $0.logic(
                    .slice, [total], width: sumBits((a + 1) * convolver.kernel), signed: true, name: "value")
            }
        }
    }

    // MARK: psums

    /// One accumulator per cluster, [output]; psums of earlier streams come from the psum buffer.
    private mutating func makePsums(
        _ convolver: ConvolverParameters, _ sum: Signal, _ results: StreamResults
    ) -> Signal {
        let width = p.accumulatorBits
        let octaves = p.passOctaves
        let value = builder.inArray("accumulator", lanes: p.outputs) {
            $0.register("value", width: width, signed: true)
        }
        let psum = builder.inArray("psum_lane", lanes: p.outputs) { [p] in
            $0.memory(
                "psum", depth: convolver.psumDepth, width: width, signed: true, lanesPerBank: p.outputs,
                .init(
                    writeEnable: results.psumWrite, writeAddress: results.psumWriteAddress, writeData: value,
                    readEnable: results.psumRead, readAddress: results.psumReadAddress,
                    outputEnable: results.psumLatched))
        }
        builder.inArray("accumulator", lanes: p.outputs) { [latency = p.convolverLatency(convolver)] builder in
            let next = builder.accumulate(
                sum, onto: psum, first: results.first, shift: results.shift, octaves: octaves)
            builder.connect(value, next: next, enable: results.valid[latency])
        }
        return value
    }
}
