// Small circuits that many modules have.

import Design
import Fabric

/// Something that builds a Design.
protocol Circuits {
    var builder: DesignBuilder { get set }
}

extension Circuits {
    /// `name` is that of a signal of its own, `term` that of an intermediate result, as in `DesignBuilder.logic`.
    mutating func and(_ signals: Signal..., name: String? = nil, term: String? = nil) -> Signal {
        gather(.and, signals, name, term)
    }

    mutating func or(_ signals: Signal..., name: String? = nil, term: String? = nil) -> Signal {
        gather(.or, signals, name, term)
    }

    private mutating func gather(
        _ kind: PrimitiveKind, _ signals: [Signal], _ name: String?, _ term: String?
    ) -> Signal {
        var result = signals[0]
        for (position, next) in signals.dropFirst().enumerated() {
            let isLast = position == signals.count - 2
            result = builder.logic(
                kind, [result, next], width: 1, name: isLast ? name : nil, term: isLast ? term : nil)
        }
        return result
    }

    mutating func not(_ signal: Signal, name: String? = nil, term: String? = nil) -> Signal {
        builder.logic(.xor, [signal, 1], width: 1, name: name, term: term)
    }

    mutating func equal(_ a: Signal, _ b: any Readable, name: String? = nil, term: String? = nil) -> Signal {
        builder.logic(.equal, [a, b], width: 1, name: name, term: term)
    }

    mutating func select(_ condition: Signal, _ a: any Readable, _ b: any Readable, width: Int, name: String? = nil)
        -> Signal
    {
        builder.logic(.multiplex, [condition, a, b], width: width, name: name)
    }

    mutating func select(_ condition: Signal, _ a: any Readable, _ b: any Readable, width: Int, term: String)
        -> Signal
    {
        builder.logic(.multiplex, [condition, a, b], width: width, term: term)
    }

    /// A flag that `set` raises and `clear` lowers; `set` wins.
    mutating func flag(_ name: String, set: Signal, clear: Signal) -> Signal {
        let value = builder.register(name, width: 1)
        builder.connect(value, next: set, enable: or(set, clear))
        return value
    }

    /// A counter 0...last: cleared by `clear`, advanced by `advance`; returns (value, value == last).
    mutating func counter(_ name: String, last: Signal, advance: Signal, clear: Signal) -> (Signal, Signal) {
        let value = builder.register(name, width: last.width)
        let isLast = equal(value, last, name: "\(name)_is_last")
        let more = builder.logic(.add, [value, 1], width: last.width)
        let next = select(isLast, 0, more, width: last.width)
        builder.connect(value, next: next, enable: advance, reset: clear)
        return (value, isLast)
    }
}

extension Elaboration {
    /// A field of an instruction held in three banks of four words.
    mutating func field(_ field: InstructionField, of instruction: [Signal]) -> Signal {
        builder.logic(
            .slice, [instruction[field.word / 4].lane(field.word % 4)], width: field.width, name: "\(field.name)_field",
            parameter: field.low)
    }

    /// The position of a walk over planes, rows and columns, a position a step.
    struct Walk {
        /// The walk begins in the next cycle; goes on to the next position in it.
        var begin, advance: Signal
        /// The position is the last of its row; of its plane.
        var endOfRow, endOfPlane: Signal
    }

    /// Address of a walk's position, as wide as `base`: `steps` are the differences from column to column, from row
    /// start to row start and from plane start to plane start.
    mutating func makeAddress(
        _ name: String, base: Signal, steps: (column: any Readable, row: Signal, plane: Signal), _ walk: Walk
    ) -> Signal {
        let (width, begin) = (base.width, walk.begin)
        let address = builder.register("\(name)_address", width: width)
        let row = builder.register("\(name)_row_start", width: width)
        let plane = builder.register("\(name)_plane_start", width: width)
        let nextColumn = builder.logic(.add, [address, steps.column], width: width, term: "\(name)_next_column")
        let nextRow = builder.logic(.add, [row, steps.row], width: width, term: "\(name)_next_row")
        let nextPlane = builder.logic(.add, [plane, steps.plane], width: width, term: "\(name)_next_plane")
        let rowOrPlane = select(walk.endOfPlane, nextPlane, nextRow, width: width, term: "\(name)_row_or_plane")
        let next = select(walk.endOfRow, rowOrPlane, nextColumn, width: width, term: "\(name)_next_position")
        builder.connect(
            address, next: select(begin, base, next, width: width), enable: or(begin, walk.advance))
        builder.connect(
            row, next: select(begin, base, rowOrPlane, width: width),
            enable: or(begin, and(walk.advance, walk.endOfRow)))
        builder.connect(
            plane, next: select(begin, base, nextPlane, width: width),
            enable: or(begin, and(walk.advance, walk.endOfPlane)))
        return address
    }
}
