// Small circuits that streams have.

import Design

extension Elaboration {
    /// The signal and its copies 1 ... `last` cycles later.
    mutating func chain(_ name: String, _ signal: Signal, _ last: Int) -> [Signal] {
        var result = [signal]
        for stage in 1...last { result.append(builder.register("\(name)_\(stage)", result[stage - 1])) }
        return result
    }

    mutating func narrow(_ signal: Signal, _ width: Int) -> Signal {
        builder.logic(.slice, [signal], width: width)
    }

    /// As many bits as number `count` words.
    mutating func lowBits(_ signal: Signal, of count: Int) -> Signal {
        narrow(signal, max(1, Int.bitWidth - (count - 1).leadingZeroBitCount))
    }

    /// Bits side by side, the first lowest.
    mutating func concatenated(_ bits: [Signal], name: String) -> Signal {
        var word = bits[0]
        for (position, bit) in bits.enumerated().dropFirst() {
            let moved = builder.logic(.shiftLeftConstant, [bit], width: bits.count, parameter: position)
            word = builder.logic(
                .or, [word, moved], width: bits.count, name: position == bits.count - 1 ? name : nil,
                term: "\(name)_up_to_\(position)")
        }
        return word
    }
}
