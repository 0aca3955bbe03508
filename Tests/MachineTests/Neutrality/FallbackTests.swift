import Design
import Diagnostics
import Fabric
import Machine
import Networks
import Streams
import TestSupport
import Testing

@testable import Accelerator

/// Does a Design whose data reaches its control run on the plain kernel, say so, and refuse to be timed without data?
@Suite struct FallbackTests {
    /// The enable of a control register becomes `enable OR (a bit of the read data AND 0)`: the same function, and no
    /// longer apart.
    static func entangled(_ accelerator: Accelerator) throws -> Accelerator {
        var design = accelerator.design
        let like = try #require(design.nets.first { $0.lanes == 1 && $0.width == 1 && $0.array == nil && !$0.signed })
        func add(_ name: String, _ kind: PrimitiveKind, _ operands: [Operand]) -> NetID {
            var net = like
            (net.name, net.scope, net.role) = (name, 0, .temporary)
            design.nets.append(net)
            let id = NetID(design.nets.count - 1)
            design.cells.append(.logic(LogicCell(kind: kind, output: id, operands: operands, parameter: 0)))
            return id
        }
        let index = try #require(
            design.cells.firstIndex {
                if case .register(let cell) = $0 { return design[cell.output].lanes == 1 && cell.enable?.netID != nil }
                return false
            })
        guard case .register(var cell) = design.cells[index], let enable = cell.enable else { return accelerator }
        let first = LaneMap([.init(1, stride: 0)])
        let bit = add("spy_bit", .slice, [.net(accelerator.memory.read.data, first)])
        let nothing = add("spy_zero", .and, [.net(bit, nil), .constant(0)])
        cell.enable = .net(add("spy_enable", .or, [enable, .net(nothing, nil)]), nil)
        design.cells[index] = .register(cell)
        try design.validate()
        return Accelerator(accelerator, design: design)
    }

    /// Streams that cannot count toggles by vectors would be slower than the plain kernel.
    @Test(arguments: RowLevel.available.map(\.value), [false, true])
    func togglesNeedVectors(level: RowLevel, counts: Bool) throws {
        let bench = try NeutralityTests.bench(.svpe(weightBits: 3), images: 1)
        var options = MachineOptions(countsToggles: counts)
        options.rowLevel = level
        let found = try bench.build.run(bench.inputs, options: options)
        options.engine = .plain
        let expected = try bench.build.run(bench.inputs, options: options)
        #expect((found.plainKernelReason != nil) == (counts && (level == .swift || level == .c(0))))
        #expect(found.outputs == expected.outputs && found.timing == expected.timing)
        #expect(found.toggles == expected.toggles)
    }

    @Test func runsPlainlyAndSaysSo() throws {
        let apart = try NeutralityTests.bench(.svpe(weightBits: 3), images: 2)
        let entangled = try Self.entangled(apart.accelerator)
        var bench = apart
        bench.build = try Build.make(apart.network, on: entangled, memory: apart.memory)
        let (expected, found) = (try apart.run(), try bench.run())
        #expect(expected.plainKernelReason == nil)
        let reason = try #require(found.plainKernelReason)
        #expect(reason.contains("spy_enable") || reason.contains("read data reaches"), "\(reason)")
        #expect(found.outputs == expected.outputs && found.timing == expected.timing)
        #expect(throws: Defect.self) { try bench.build.time() }
        let scratch = try Scratch()
        let request = TraceRequest(
            path: scratch.path("run.fst"), taps: ["compute.active"], window: 0..<10, clockMHz: 200, everything: false)
        let traced = try bench.build.run(
            [bench.inputs[0]], options: MachineOptions(countsToggles: false, trace: request))
        #expect(traced.plainKernelReason == reason)
    }
}
