import Design
import Fabric

/// A small machine with every kind of connection: modules in modules, lanes across borders, feedback between modules,
/// block RAM in banks, DSP48E2 lanes and a scalar one.
enum MixedDesign {
    static func make(lanes: Int = 6, bits: Int = 4) throws -> Design {
        var builder = DesignBuilder(name: "mixed")
        let go = builder.input("go", width: 1)
        let x = builder.inArray("in_port", lanes: lanes) { $0.input("x", width: 8, signed: true) }
        builder.beginScope("control")
        let ready = builder.wire("ready", width: 1)
        let count = counter(&builder, go: go, ready: ready)
        builder.endScope()
        builder.beginScope("engine")
        let product = products(&builder, x: x, count: count, lanes: lanes, bits: bits)
        builder.beginScope("store")
        let word = builder.inArray("word", lanes: lanes) {
            $0.memory(
                "buffer", depth: 600, width: 13, signed: true, lanesPerBank: 4,
                .init(
                    writeEnable: go, writeAddress: count, writeData: product, readEnable: 1, readAddress: count,
                    outputEnable: ready))
        }
        builder.endScope()
        let scalar = builder.dsp(
            "post", a: word.lane(1), b: word.lane(2), c: count, enables: .init(operands: go, m: 1, c: ready, p: 1))
        builder.endScope()
        builder.drive(ready, .lessThan, [count, 500])
        builder.output(builder.logic(.saturate, [scalar], width: 16, signed: true, name: "result"))
        builder.output(word)
        return try builder.build()
    }

    private static func counter(_ builder: inout DesignBuilder, go: Signal, ready: Signal) -> Signal {
        let count = builder.register("count", width: 10)
        let next = builder.logic(.add, [count, 3], width: 10, name: "next")
        builder.connect(count, next: next, enable: go, reset: builder.logic(.not, [ready], width: 1), initial: 1)
        return count
    }

    private static func products(
        _ builder: inout DesignBuilder, x: Signal, count: Signal, lanes: Int, bits: Int
    ) -> Signal {
        builder.beginScope("array")
        let result = builder.inArray("pe", lanes: lanes) { builder in
            let code = builder.logic(.xor, [count, LaneIndex()], width: bits, name: "code")
            let shifted = builder.logic(.powerOfTwoShift, [x, code], width: 16, signed: true, parameter: bits)
            let delayed = builder.delayed("delayed", shifted, by: 3)
            let p = builder.dsp("dsp", a: delayed, b: x, enables: .init(operands: 1, m: 1, p: 1))
            let both = builder.logic(.add, [p, delayed], width: 20, signed: true)
            return builder.register("product", both)
        }
        builder.endScope()
        return result
    }
}
