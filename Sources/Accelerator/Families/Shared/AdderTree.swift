// The pipelined adder tree over the inputs, or over the chains that sum them: ceil(log2 inputs) levels of a register each.

import Design

extension Elaboration {
    /// Sums [pixel][output] of values [pixel][chain][output]; `enables` has one for each level. Of values that are sums
    /// of pairs already the tree begins at level 1.
    mutating func makeTree(_ values: Signal, enables: [Signal], from first: Int = 0) -> Signal {
        var sum = values
        var inputs = first == 0 ? p.chains : p.chains / 2
        for level in first..<p.treeLevels {
            sum = addPairs(sum, level: level, inputs: inputs, enable: enables[level])
            inputs = (inputs + 1) / 2
        }
        return sum
    }

    /// One level: input i meets input i + half; the middle one of an odd number goes on alone.
    private mutating func addPairs(_ source: Signal, level: Int, inputs: Int, enable: Signal) -> Signal {
        let half = (inputs + 1) / 2
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
}
