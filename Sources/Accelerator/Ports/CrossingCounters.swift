// Counters that cross between two clocks: the side that counts shows a Gray code, of which one bit changes at a time; the
// other side looks at it through two flip-flops, as one does (C. Cummings, SNUG 2002).

import Design

extension Circuits {
    /// A counter of `width` bits that `advance` counts; its value, and its Gray code as a port of the Design.
    mutating func crossingCounter(_ name: String, width: Int, advance: Signal) -> Signal {
        let value = builder.register(name, width: width)
        let next = builder.logic(.add, [value, 1], width: width)
        builder.connect(value, next: next, enable: advance)
        let gray = builder.register("\(name)_gray", width: width)
        let half = builder.logic(.slice, [next], width: width - 1, parameter: 1)
        builder.connect(gray, next: builder.logic(.xor, [next, half], width: width), enable: advance)
        builder.output(gray)
        return value
    }

    /// The value of the other side's counter, as it is seen on this side; its Gray code is an input of the Design.
    mutating func seenCounter(_ name: String, width: Int) -> Signal {
        let gray = builder.input("\(name)_gray", width: width)
        let stage = builder.register("\(name)_stage", gray)
        let seen = builder.register("\(name)_seen", stage)
        var value = seen
        var distance = 1
        while distance < width {
            let shifted = builder.logic(.slice, [value], width: width - distance, parameter: distance)
            distance *= 2
            let name = distance < width ? nil : name
            value = builder.logic(.xor, [value, shifted], width: width, name: name)
        }
        return value
    }
}
