import Design
import Fabric

extension PrimitiveDesigns {
    /// The kinds with state, each in its scope; every visible register is an output.
    static func state() throws -> Design {
        var builder = DesignBuilder(name: "state")
        for kind in PrimitiveKind.allCases where !kind.isLogic {
            builder.inScope("\(kind)_cells") { builder in
                switch kind {
                case .register: registers(&builder)
                case .shiftRegister: shiftRegisters(&builder)
                case .blockMemory:
                    memories(&builder)
                    addressesPastTheDepth(&builder)
                default: multipliers(&builder)
                }
            }
        }
        return try builder.build()
    }

    private static func registers(_ builder: inout DesignBuilder) {
        let enable = builder.input("enable", width: 1)
        let reset = builder.input("reset", width: 1)
        let lanes = builder.inArray("source", lanes: 5) {
            ($0.input("x", width: 11, signed: true), $0.input("enable", width: 1))
        }
        for (number, width) in [1, 7, 33, 62].enumerated() {
            for signed in [false, true] {
                let x = builder.input("x\(width)\(signed)", width: width, signed: signed)
                let name = "q\(number)\(signed)"
                builder.output(builder.register("\(name)_plain", x, initial: 1))
                builder.output(builder.register("\(name)_enabled", x, enable: enable, initial: signed ? -1 : 1))
                builder.output(builder.register("\(name)_both", x, enable: enable, reset: reset, initial: 0))
                builder.output(builder.register("\(name)_reset", x, reset: reset, initial: 1))
                let narrow = builder.register("\(name)_narrow", width: 3, signed: signed)
                builder.connect(narrow, next: x, enable: 1, reset: 0, initial: 3)
                builder.output(narrow)
            }
        }
        let reversed = lanes.0.mapped([.init(5, stride: -1)], offset: 4)
        builder.inScope("inner") { builder in
            builder.inArray("pe", lanes: 5) { builder in
                builder.output(builder.register("q", reversed, enable: lanes.1, reset: reset, initial: -7))
                let counter = builder.register("counter", width: 9)
                let next = builder.logic(.add, [counter, LaneIndex()], width: 9)
                builder.connect(counter, next: next, enable: enable, initial: 5)
                builder.output(counter)
            }
        }
    }

    private static func shiftRegisters(_ builder: inout DesignBuilder) {
        let enable = builder.input("enable", width: 1)
        let x = builder.input("x", width: 13, signed: true)
        let bit = builder.input("flag", width: 1)
        let lanes = builder.inArray("source", lanes: 3) { $0.input("x", width: 4) }
        for depth in [2, 3, 16, 33, 100] {
            builder.output(builder.delayed("free\(depth)", x, by: depth))
            builder.output(builder.delayed("held\(depth)", x, by: depth, enable: enable))
            builder.output(builder.delayed("bit\(depth)", bit, by: depth, enable: enable))
            builder.output(
                builder.inArray("line\(depth)", lanes: 3) { $0.delayed("q", lanes, by: depth, enable: enable) })
        }
    }

    private static func memories(_ builder: inout DesignBuilder) {
        let depths = [3, 512, 700, 1024, 2048, 4096, 8192, 16384, 32768]
        for depth in depths {
            for (lanes, width, perBank) in [(1, 16, 1), (5, 9, 2), (3, 30, 3)] where depth <= 1024 || lanes < 5 {
                for isRegistered in [false, true] {
                    memory(&builder, depth: depth, lanes: lanes, width: width, perBank: perBank, isRegistered)
                }
            }
        }
    }

    private static func memory(
        _ builder: inout DesignBuilder, depth: Int, lanes: Int, width: Int, perBank: Int, _ isRegistered: Bool
    ) {
        let name = "m\(depth)_\(lanes)\(isRegistered ? "r" : "")"
        // Few addresses, spread over the depth, so that random reads find what was written.
        let step = max(1, depth / 8)
        let bits = max(2, Int.bitWidth - (depth - 1).leadingZeroBitCount)
        func address(_ name: String) -> Signal {
            let choice = builder.input(name, width: depth < 8 ? 1 : 3)
            let scaled = builder.logic(.shiftLeftConstant, [choice], width: bits, parameter: step.trailingZeroBitCount)
            return builder.logic(.add, [scaled, depth < 8 ? 1 : 0], width: bits)
        }
        let write = address("\(name)_wa")
        let read = address("\(name)_ra")
        let readEnable = builder.input("\(name)_re", width: 1)
        let outputEnable = builder.input("\(name)_oe", width: 1)
        let data = builder.inArray("\(name)_source", lanes: lanes) { $0.input("x", width: width, signed: true) }
        // One enable per bank.
        let banks = (lanes + perBank - 1) / perBank
        let enables = builder.inArray("\(name)_banks", lanes: banks) { $0.input("we", width: 1) }
        let enable = enables.mapped([.init(banks, stride: 1), .init(perBank, stride: 0)])
        let word = builder.inArray("\(name)_word", lanes: lanes) {
            $0.memory(
                name, depth: depth, width: width, signed: true, lanesPerBank: perBank,
                .init(
                    writeEnable: enable, writeAddress: write, writeData: data, readEnable: readEnable,
                    readAddress: read, outputEnable: isRegistered ? outputEnable : nil))
        }
        builder.output(word)
    }

    /// Memories whose addresses have more bits than they need.
    private static func addressesPastTheDepth(_ builder: inout DesignBuilder) {
        for depth in [1, 2, 5, 600] {
            let (write, read) = (
                builder.input("w\(depth)", width: 4), builder.input("r\(depth)", width: 4, signed: true)
            )
            let step = max(0, BlockMemoryShape.addressBits(depth: depth) - 3)
            let addresses = [write, read].map {
                builder.logic(.shiftLeftConstant, [$0], width: 12, signed: $0.signed, parameter: step)
            }
            builder.output(
                builder.memory(
                    "wrapped\(depth)", depth: depth, width: 6, signed: false, lanesPerBank: 1,
                    .init(
                        writeEnable: builder.input("we\(depth)", width: 1), writeAddress: addresses[0],
                        writeData: builder.input("wd\(depth)", width: 6), readEnable: 1, readAddress: addresses[1],
                        outputEnable: nil)))
        }
    }

    /// A chain of three multipliers with B1 and B2 over PCIN, and adders behind it, in lanes and scalar.
    private static func cascades(_ builder: inout DesignBuilder) {
        let names = ["a", "b1", "b2", "m", "p", "c"]
        let enables = names.map { builder.input("cascade_enable_\($0)", width: 1) }
        let all = DesignBuilder.CascadeEnables(
            a: enables[0], b1: enables[1], b2: enables[2], m: enables[3], p: enables[4])
        for (lanes, width) in [(1, 27), (3, 8), (5, 18)] {
            builder.inScope("chain\(lanes)") { builder in
                var sum: Signal?
                for stage in 0..<3 {
                    sum = builder.inArray("cell\(stage)", lanes: lanes) { builder in
                        let a = builder.input("a\(lanes)_\(stage)", width: width, signed: true)
                        let b = builder.input("b\(lanes)_\(stage)", width: min(width, 18), signed: true)
                        let bits = min(48, width + min(width, 18) + stage)
                        return builder.dspCascade("dsp", a: a, b: b, cascade: sum, bits: bits, enables: all)
                    }
                }
                var total: Signal?
                for stage in 0..<2 {
                    total = builder.inArray("adder\(stage)", lanes: lanes) { builder in
                        let c = builder.input("c\(lanes)_\(stage)", width: 2 * width - 10, signed: true)
                        let bits = min(48, 2 * width - 10 + stage)
                        return builder.dspAdder(
                            "dsp", c: c, cascade: total, bits: bits, enables: (enables[5], enables[4]))
                    }
                }
                for signal in [sum, total].compactMap({ $0 }) { builder.output(signal) }
                accumulators(&builder, lanes: lanes, width: width, after: sum, all)
            }
        }
    }

    /// Products that P adds to itself until it starts again, at the end of a chain and alone.
    private static func accumulators(
        _ builder: inout DesignBuilder, lanes: Int, width: Int, after sum: Signal?,
        _ enables: DesignBuilder.CascadeEnables
    ) {
        let starts = builder.input("starts\(lanes)", width: 1)
        for (name, before) in [("last", sum), ("alone", nil)] {
            let p = builder.inArray(name, lanes: lanes) { builder in
                let a = builder.input("a\(lanes)_\(name)", width: width, signed: true)
                let b = builder.input("b\(lanes)_\(name)", width: min(width, 18), signed: true)
                return builder.dspProduct(
                    "dsp", a: a, b: b, link: .init(before: before, starts: starts, bits: 48),
                    enables: .init(operands: enables.a, m: enables.m, p: enables.p))
            }
            builder.output(p)
        }
    }

    private static func multipliers(_ builder: inout DesignBuilder) {
        let enables = ["ab", "m", "c", "p"].map { builder.input("enable_\($0)", width: 1) }
        let all = DesignBuilder.DSPEnables(operands: enables[0], m: enables[1], c: enables[2], p: enables[3])
        let shapes: [(a: Int, b: Int, signed: Bool)] = [
            (27, 18, true), (16, 16, true), (8, 8, false), (5, 17, false), (27, 18, false),
        ]
        for (number, shape) in shapes.enumerated() {
            let a = builder.input("a\(number)", width: shape.a, signed: shape.signed)
            let b = builder.input("b\(number)", width: shape.b, signed: shape.signed)
            let c = builder.input("c\(number)", width: 40, signed: true)
            builder.output(builder.dsp("plain\(number)", a: a, b: b, enables: all))
            builder.output(builder.dsp("sum\(number)", a: a, b: b, c: c, enables: all))
        }
        let x = builder.inArray("source", lanes: 4) {
            ($0.input("x", width: 16, signed: true), $0.input("u", width: 16))
        }
        let weight = builder.input("weight", width: 16, signed: true)
        cascades(&builder)
        builder.inScope("array") { builder in
            builder.inArray("pe", lanes: 8) { builder in
                let a = x.0.mapped([.init(2, stride: 0), .init(4, stride: 1)])
                let p = builder.dsp("dsp", a: a, b: weight, enables: .init(operands: enables[0], m: 1, p: enables[3]))
                builder.output(builder.logic(.slice, [p], width: 20, signed: true, name: "low", parameter: 3))
                // 16 by 16 bits without sign, and a sum with 31: one bit more than a 32-bit element of a bank holds.
                let u = x.1.mapped([.init(2, stride: 0), .init(4, stride: 1)])
                builder.output(builder.dsp("square", a: u, b: u, enables: .init(operands: 1, m: 1, p: 1)))
                let small = builder.logic(.slice, [u], width: 8)
                let c = builder.logic(.shiftLeftConstant, [u], width: 31, parameter: 15)
                builder.output(
                    builder.dsp("offset", a: small, b: small, c: c, enables: .init(operands: 1, m: 1, c: 1, p: 1)))
            }
        }
    }
}
