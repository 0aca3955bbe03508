import Design
import Fabric

// Small Designs at the corners of what the kernel leaves out: copies, fused registers, banks that read themselves.

enum CornerDesign: String, CaseIterable, Sendable {
    case packOfWiderRegister, packOfNarrowerCopy, scalarsOfACircle, registerReversesItself, fusedRegisterReversesItself,
        registerWithMissingLanes, memoryWritesItsOutput, shiftPastTheWidth

    private static let lanes = 8

    func make() throws -> Design {
        var builder = DesignBuilder(name: rawValue)
        let x = builder.inArray("source", lanes: Self.lanes) { $0.input("x", width: 9, signed: true) }
        build(&builder, x)
        return try builder.build()
    }

    private func build(_ builder: inout DesignBuilder, _ x: Signal) {
        switch self {
        case .packOfWiderRegister:
            // 8 of the 48 bits of P.
            let small = builder.inArray("small", lanes: Self.lanes) { $0.input("s", width: 4, signed: true) }
            let copy = builder.inArray("copy", lanes: Self.lanes) { builder in
                let p = builder.dsp("dsp", a: small, b: small, enables: .init(operands: 1, m: 1, p: 1))
                return builder.logic(.slice, [p], width: 8, signed: true)
            }
            builder.output(builder.inArray("word", lanes: 4) { $0.logic(.pack, [copy], width: 16, parameter: 2) })
        case .packOfNarrowerCopy:
            let copy = builder.inArray("copy", lanes: Self.lanes) { $0.logic(.slice, [x], width: 12, signed: true) }
            builder.output(builder.inArray("word", lanes: 4) { $0.logic(.pack, [copy], width: 24, parameter: 2) })
        case .scalarsOfACircle:
            let (p, q) = builder.inArray("circle", lanes: Self.lanes) { builder in
                let p = builder.register("p", width: 9, signed: true)
                let q = builder.register("q", width: 9, signed: true)
                builder.connect(p, next: builder.logic(.add, [q, x], width: 9, signed: true))
                builder.connect(q, next: builder.logic(.add, [p, x], width: 9, signed: true))
                return (p, q)
            }
            builder.output(builder.register("of_p", p.lane(2)))
            builder.output(builder.register("of_q", q.lane(2)))
        case .registerReversesItself:
            builder.output(
                builder.inArray("bank", lanes: Self.lanes) { builder in
                    let q = builder.register("q", width: 9, signed: true)
                    let fresh = builder.logic(.equal, [LaneIndex(), 1], width: 1)
                    let other = builder.logic(.multiplex, [fresh, x, reversed(q)], width: 9, signed: true)
                    builder.connect(q, next: other)
                    let r = builder.register("r", width: 9, signed: true)
                    let own = builder.logic(.equal, [LaneIndex(), 3], width: 1)
                    builder.connect(r, next: reversed(r), enable: own, initial: 3)
                    builder.output(r)
                    return q
                })
        case .fusedRegisterReversesItself:
            builder.output(
                builder.inArray("bank", lanes: Self.lanes) { builder in
                    let q = builder.register("q", width: 9, signed: true)
                    builder.connect(q, next: builder.logic(.add, [reversed(q), x], width: 9, signed: true))
                    return q
                })
        case .registerWithMissingLanes:
            let load = builder.input("load", width: 1)
            builder.output(
                builder.inArray("bank", lanes: Self.lanes) { builder in
                    let q = builder.register("q", width: 9, signed: true)
                    let map = q.mapped([.init(4, stride: 1), .init(2, stride: 0, limit: 1)])
                    builder.connect(q, next: map, reset: load, initial: 3)
                    return q
                })
        case .memoryWritesItsOutput:
            builder.output(
                builder.inArray("bank", lanes: Self.lanes) { builder in
                    let q = builder.wire("feedback", width: 9, signed: true)
                    let sum = builder.logic(.add, [q, x], width: 9, signed: true)
                    let output = builder.memory(
                        "m", depth: 4, width: 9, signed: true, lanesPerBank: Self.lanes,
                        .init(
                            writeEnable: 1, writeAddress: 1, writeData: sum, readEnable: 1, readAddress: 1,
                            outputEnable: 1))
                    builder.drive(q, with: output)
                    return output
                })
        case .shiftPastTheWidth:
            builder.output(
                builder.inArray("bank", lanes: Self.lanes) {
                    $0.logic(.shiftLeftConstant, [x], width: 4, signed: true, parameter: 5)
                })
        }
    }

    private func reversed(_ signal: Signal) -> Signal {
        signal.mapped([.init(Self.lanes, stride: -1)], offset: Self.lanes - 1)
    }
}
