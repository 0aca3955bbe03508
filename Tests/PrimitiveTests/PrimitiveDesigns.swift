import Design
import Fabric

// Small designs that use one primitive in many widths, signs and parameters; all of them in one design per kind, so
// that a kind costs one Verilator build.

enum PrimitiveDesigns {
    /// Inputs of a design by width and sign, made on demand.
    struct Inputs {
        var scalars: [String: Signal] = [:]

        mutating func scalar(_ builder: inout DesignBuilder, _ letter: String, _ width: Int, _ signed: Bool) -> Signal {
            let name = "\(letter)_\(signed ? "s" : "u")\(width)"
            if let found = scalars[name] { return found }
            let signal = builder.input(name, width: width, signed: signed)
            scalars[name] = signal
            return signal
        }
    }

    static let widths: [(a: Int, b: Int, out: Int)] = [
        (1, 1, 1), (3, 5, 7), (8, 8, 8), (9, 4, 3), (16, 16, 17), (13, 31, 33), (32, 32, 32), (62, 62, 62), (17, 62, 5),
    ]
    static let signs = [(false, false), (false, true), (true, false), (true, true)]

    /// The logic kinds, each in its scope; every result is an output.
    static func logic() throws -> Design {
        var builder = DesignBuilder(name: "logic")
        var inputs = Inputs()
        makeInputs(&builder, &inputs)
        for kind in PrimitiveKind.allCases where kind.isLogic {
            builder.inScope("\(kind)_cells") { builder in
                switch kind {
                case .pack, .unpack, .laneSelect: laneMovers(kind, &builder)
                default: allShapes(kind, &builder, &inputs)
                }
            }
        }
        return try builder.build()
    }

    /// Makes the shared inputs in top.
    private static func makeInputs(_ builder: inout DesignBuilder, _ inputs: inout Inputs) {
        for signed in [false, true] {
            for width in Set(widths.map(\.a)).sorted() { _ = inputs.scalar(&builder, "a", width, signed) }
            for width in Set(widths.map(\.b)).sorted() { _ = inputs.scalar(&builder, "b", width, signed) }
            _ = inputs.scalar(&builder, "c", 1, signed)
        }
        _ = inputs.scalar(&builder, "amount", 6, false)
        for width in 1...5 { _ = inputs.scalar(&builder, "code", width, false) }
    }

    private static func allShapes(_ kind: PrimitiveKind, _ builder: inout DesignBuilder, _ inputs: inout Inputs) {
        var count = 0
        for shape in widths {
            for sign in signs { cells(kind, shape, sign, &builder, &inputs, &count) }
        }
        vectorCells(kind, &builder)
    }

    /// Operands (beside a) and parameters to try for a kind.
    private static func variants(
        _ kind: PrimitiveKind, _ a: Signal, _ b: Signal, _ amount: Signal, _ c: Signal, _ code: (Int) -> Signal
    ) -> [(operands: [any Readable], parameter: Int)] {
        switch kind {
        case .not, .saturate: return [([a], 0)]
        case .slice, .shiftLeftConstant: return [([a], 0), ([a], 1), ([a], a.width / 2), ([a], a.width), ([a], 62)]
        case .multiplex: return [([c, a, b], 0), ([c, a, 5], 0), ([c, -3, b], 0), ([c, 0, b], 0), ([1, a, b], 0)]
        case .shiftRight, .shiftLeft: return [([a, amount], 0), ([a, 3], 0), ([a, b], 0), ([-77, amount], 0)]
        case .roundShift:
            return [
                ([a, amount], 0), ([a, b], 0), ([a, 0], 0), ([a, 1], 0), ([a, 2], 0), ([a, 7], 0), ([a, 62], 0),
                ([a, 63], 0),
            ]
        case .powerOfTwoShift:
            return (1...5).map { ([a, code($0)], $0) } + [
                ([a, 3], 3), ([a, 5], 3), ([a, 0], 3), ([-9, code(4)], 4),
            ]
        default: return [([a, b], 0), ([a, 5], 0), ([-3, b], 0), ([a, 0], 0)]
        }
    }

    private static func cells(
        _ kind: PrimitiveKind, _ shape: (a: Int, b: Int, out: Int), _ sign: (Bool, Bool),
        _ builder: inout DesignBuilder, _ inputs: inout Inputs, _ count: inout Int
    ) {
        let a = inputs.scalar(&builder, "a", shape.a, sign.0)
        let b = inputs.scalar(&builder, "b", shape.b, sign.1)
        let amount = inputs.scalar(&builder, "amount", 6, false)
        let c = inputs.scalar(&builder, "c", 1, sign.1)
        let codes = (0...5).map { inputs.scalar(&builder, "code", max(1, $0), false) }
        for variant in variants(kind, a, b, amount, c, { codes[$0] }) {
            for signed in [false, true] {
                let result = builder.logic(
                    kind, variant.operands, width: shape.out, signed: signed, name: "y\(count)",
                    parameter: variant.parameter)
                builder.output(result)
                count += 1
            }
        }
    }

    /// The kind over lanes: plain, mapped with limits, from another module, with the lane number.
    private static func vectorCells(_ kind: PrimitiveKind, _ builder: inout DesignBuilder) {
        let x = builder.inArray("source", lanes: 6) { $0.input("x", width: 7, signed: true) }
        let c = builder.inArray("source", lanes: 6) { $0.input("c", width: 1) }
        let code = builder.inArray("source", lanes: 6) { $0.input("code", width: 3) }
        let scalar = builder.input("scalar", width: 5)
        let tiled = x.mapped([.init(4, stride: 1, limit: 3), .init(2, stride: 2)], offset: 1)
        let other: any Readable =
            kind == .powerOfTwoShift ? code.mapped([.init(2, stride: 3), .init(4, stride: 0)]) : 3
        let operands: [any Readable] = kind == .multiplex ? [c.lane(2), tiled, scalar] : [tiled, other]
        let used = kind == .multiplex ? 3 : [.not, .saturate, .slice, .shiftLeftConstant].contains(kind) ? 1 : 2
        builder.inScope("inner") { builder in
            builder.inArray("pe", lanes: 8) { builder in
                builder.output(
                    builder.logic(
                        kind, Array(operands.prefix(used)), width: 9, signed: true, name: "mapped", parameter: 3))
                let choice: [any Readable] = [c.lane(0), LaneIndex(), x.lane(4)]
                let index = kind == .multiplex ? choice : [LaneIndex(), other]
                builder.output(
                    builder.logic(kind, Array(index.prefix(used)), width: 6, name: "numbered", parameter: 3))
            }
        }
    }

    private static func laneMovers(_ kind: PrimitiveKind, _ builder: inout DesignBuilder) {
        for (number, signed) in [false, true].enumerated() {
            let x = builder.inArray("source\(number)", lanes: 12) { $0.input("x", width: 5, signed: signed) }
            let bit = builder.inArray("bits\(number)", lanes: 7) { $0.input("x", width: 1, signed: signed) }
            let word = builder.input("word\(number)", width: 21, signed: signed)
            let index = builder.input("index\(number)", width: 3)
            let lanes = kind == .pack ? 4 : kind == .unpack ? 24 : 3
            let result = builder.inArray("y\(number)", lanes: lanes) {
                switch kind {
                case .pack: return $0.logic(.pack, [x], width: 15, signed: signed, name: "v", parameter: 3)
                case .unpack: return $0.logic(.unpack, [x], width: 3, signed: signed, name: "v", parameter: 2)
                default: return $0.logic(.laneSelect, [x, index], width: 6, signed: signed, name: "v", parameter: 2)
                }
            }
            builder.output(result)
            switch kind {
            case .pack:
                builder.output(builder.logic(.pack, [bit], width: 7, name: "all\(number)", parameter: 7))
                builder.output(builder.logic(.pack, [word], width: 24, name: "one\(number)", parameter: 1))
            case .unpack:
                let parts = builder.inArray("z\(number)", lanes: 3) {
                    $0.logic(.unpack, [word], width: 7, name: "v", parameter: 3)
                }
                builder.output(parts)
                builder.output(builder.logic(.unpack, [word], width: 9, name: "one\(number)", parameter: 1))
            default:
                builder.output(builder.logic(.laneSelect, [bit, index], width: 1, name: "one\(number)", parameter: 1))
                let mapped = x.mapped([.init(2, stride: 1), .init(2, stride: 4)], offset: 1)
                builder.output(
                    builder.inArray("w\(number)", lanes: 4) {
                        $0.logic(.laneSelect, [mapped, index], width: 5, signed: signed, name: "v", parameter: 3)
                    })
            }
        }
    }
}
