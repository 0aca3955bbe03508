import Cosimulation
import Design
import Foundation
import RTLEmitter
import Support
import TestSupport
import Testing

// Drives the emitted text of a Design and ReferenceInterpreter with the same random inputs.

/// Inputs of top per cycle, per input, per lane.
typealias Stimulus = [[[Int64]]]

enum RTLHarness {
    /// Random lanes of every input; a quarter of the values are extremes of the width.
    static func randomStimulus(_ design: Design, cycles: Int, seed: UInt64) -> Stimulus {
        var generator = SeededGenerator(seed: seed)
        return (0..<cycles).map { _ in
            design.inputs.map { id in (0..<design[id].lanes).map { _ in randomValue(design[id], &generator) } }
        }
    }

    private static func randomValue(_ net: Net, _ generator: inout SeededGenerator) -> Int64 {
        let random = Int64(bitPattern: generator.next())
        let ones = Int64(-1)
        let extremes: [Int64] = [0, ones, 1 << Int64(net.width - 1), (1 << Int64(net.width - 1)) &- 1, 1]
        let value = random & 3 == 0 ? extremes[Int((random >> 8) & 0xff) % extremes.count] : random >> 2
        let unused = UInt64(64 - net.width)
        let bits = UInt64(bitPattern: value) << unused
        return net.signed ? Int64(bitPattern: bits) >> Int64(unused) : Int64(bitPattern: bits >> unused)
    }

    /// Records of the harness: every port in whole bytes, lane 0 lowest.
    static func encode(_ stimulus: Stimulus, ports: [RTLPort]) -> Data {
        var data = Data()
        let inputs = ports.filter(\.isInput)
        for cycle in stimulus {
            for (port, lanes) in zip(inputs, cycle) { data.append(contentsOf: packed(lanes, port)) }
        }
        return data
    }

    /// One port's lanes as bytes.
    static func packed(_ lanes: [Int64], _ port: RTLPort) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: port.bytes)
        for (lane, value) in lanes.enumerated() {
            for bit in 0..<port.width where (value >> Int64(bit)) & 1 == 1 {
                let position = lane * port.width + bit
                bytes[position / 8] |= 1 << UInt8(position % 8)
            }
        }
        return bytes
    }

    /// Expected response of the reference, in the harness's format.
    static func expected(_ design: Design, _ stimulus: Stimulus, ports: [RTLPort]) throws -> Data {
        var reference = try ReferenceInterpreter(design)
        var data = Data()
        let outputs = ports.filter { !$0.isInput }
        for inputs in stimulus {
            reference.settle(inputs: inputs)
            for port in outputs { data.append(contentsOf: packed(reference.values[port.net.index], port)) }
            reference.edge()
        }
        return data
    }

    /// What these designs have and no accelerator does: comparisons of constants, results of which most bits are cut
    /// off, arrays with the nets of scalars. EmittedTextTests lints accelerators, without waivers.
    private static let waivers = [
        "-Wno-UNSIGNED", "-Wno-CMPCONST", "-Wno-UNUSEDSIGNAL", "-Wno-UNUSEDPARAM", "-Wno-VARHIDDEN",
    ]

    /// Emits, lints, builds and runs; every output of every cycle must equal the reference.
    static func check(_ design: Design, cycles: Int = 400, seed: UInt64 = 1, lints: Bool = true) throws {
        let verilator = try Tools.verilator.get()
        let scratch = try Scratch()
        let files = try RTLEmitter.emit(design, for: .zcu102)
        var options = Verilator.Options()
        options.optimization = "0"
        let model = try verilator.build(files, in: scratch.url, options: options)
        if lints { try verilator.lint(scratch.url, files: files, waivers: waivers) }
        let ports = try RTLEmitter.ports(of: design)
        let stimulus = randomStimulus(design, cycles: cycles, seed: seed)
        let inputs = URL(fileURLWithPath: try scratch.file("stimulus.bin", encode(stimulus, ports: ports)))
        let responses = scratch.url.appendingPathComponent("response.bin")
        try model.run(stimulus: inputs, responses: responses, cycles: cycles)
        let wanted = try expected(design, stimulus, ports: ports)
        compare(design, try Data(contentsOf: responses), wanted, ports.filter { !$0.isInput })
    }

    private static func compare(_ design: Design, _ found: Data, _ wanted: Data, _ outputs: [RTLPort]) {
        #expect(found.count == wanted.count)
        let record = outputs.reduce(0) { $0 + $1.bytes }
        var wrong: Set<String> = []
        for start in stride(from: 0, to: min(found.count, wanted.count), by: max(1, record)) {
            var position = start
            for port in outputs {
                let range = position..<(position + port.bytes)
                if found[range] != wanted[range], wrong.insert(port.name).inserted {
                    Issue.record(
                        """
                        \(design.path(of: port.net)) differs in cycle \(start / record): found \
                        \(Array(found[range])), expected \(Array(wanted[range]))
                        """)
                }
                position += port.bytes
            }
        }
    }
}
