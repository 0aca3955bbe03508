import Accelerator
import Configuration
import Cosimulation
import Design
import Fabric
import Flows
import Foundation
import Preparation
import RTLEmitter
import Reports
import TestSupport
import Testing

/// Does the count of resources agree with synthesis of the emitted text?
@Suite(.serialized)
struct ResourceTests {
    static let parameters: [AcceleratorParameters] = {
        func array(_ element: ProcessingElement, activationBits: Int) -> AcceleratorParameters {
            AcceleratorParameters(
                element: element, size: ArraySize(pixels: 1, inputs: 4, outputs: 4), activationBits: activationBits,
                buffers: BufferSizes(ifmapBytes: 16384, weightBytes: 16384, ofmapBytes: 8192))
        }
        var preActivating = array(.svpe(weightBits: 3), activationBits: 16)
        preActivating.preActivationDepth = 512
        var cascading = array(.vpe(weightBits: 8), activationBits: 16)
        cascading.family = .cascading(4)
        var inParts = array(.vpe(weightBits: 8), activationBits: 8)
        inParts.family = .cascading(2)
        return [
            array(.svpe(weightBits: 4), activationBits: 8), array(.svpe(weightBits: 4), activationBits: 16),
            array(.svpe(weightBits: 2), activationBits: 16), array(.vpe(weightBits: 8), activationBits: 16),
            preActivating, cascading, inParts,
        ]
    }()
    /// Two products in a DSP48E2, in a tree and along chains of four.
    static let packed: [AcceleratorParameters] = [(16, nil), (16, 4)].map {
        (inputs: Int, length: Int?) in
        var result = AcceleratorParameters(
            .vpe(weightBits: 8), 1, inputs, 8, activationBits: 8, ifmap: 1024, weights: 1024, ofmap: 512)
        result.family = .packing(length)
        return result
    }
    static let hasYosys =
        ProcessInfo.processInfo.environment["CI"] != nil || (try? Yosys()) != nil

    @Test(.enabled(if: hasYosys, "Yosys was not found (apt-get install yosys)"), arguments: parameters)
    func agreesWithYosys(_ parameters: AcceleratorParameters) throws {
        let design = try Accelerator(parameters).design
        let cells = try SynthesisedCells(design)
        let count = design.resources()
        expectSame(count, cells)
        expectClose(count.lut, cells.lut, "LUT")
        expectClose(count.ff, cells.ff, "FF")
    }

    @Test(.enabled(if: hasYosys, "Yosys was not found (apt-get install yosys)"), arguments: packed)
    func packedProductsAgreeWithYosys(_ parameters: AcceleratorParameters) throws {
        var plain = parameters
        plain.family = .cascading(parameters.cascade)
        let counts = try [plain, parameters].map { parameters in
            let design = try Accelerator(parameters).design
            let (count, cells) = (design.resources(), try SynthesisedCells(design))
            expectSame(count, cells)
            expectClose(count.lut, cells.lut, "LUT")
            expectClose(count.ff, cells.ff, "FF")
            return (lut: [count.lut, cells.lut], ff: [count.ff, cells.ff])
        }
        // What packing adds: Yosys finds LUTs to share here and there, to 5 % of the design; registers to 2 %.
        let (plainLUT, plainFF, lut, ff) = (counts[0].lut, counts[0].ff, counts[1].lut, counts[1].ff)
        #expect(20 * abs((lut[0] - plainLUT[0]) - (lut[1] - plainLUT[1])) < lut[1], "\(counts)")
        #expect(50 * abs((ff[0] - plainFF[0]) - (ff[1] - plainFF[1])) < ff[1], "\(counts)")
    }

    /// Half as many slices for the same outputs, and no more LUTs than nine for two weights of a beat: fields are wires, and
    /// what sums them is as wide as without packing.
    @Test func packedProductsHalveTheSlices() throws {
        func array(_ family: ArrayFamily) throws -> ResourceCount {
            var parameters = AcceleratorParameters(.vpe(weightBits: 8), 1, 16, 16, activationBits: 8)
            parameters.family = family
            let design = try Accelerator(parameters).design
            let scope = try #require(design.scopes.firstIndex { $0.name == "array" })
            return design.resourcesByScope()[scope]
        }
        for length in [nil, 4] {
            let (plain, packed) = (try array(.cascading(length)), try array(.packing(length)))
            #expect(plain.dsp == 16 * 16 && packed.dsp == 16 * 16 / 2)
            #expect(plain.ramb36 == packed.ramb36 && plain.ramb18 == packed.ramb18)
            #expect(packed.lut - plain.lut == 9 * 8)
            #expect(packed.ff == plain.ff)
        }
    }

    /// What `shiftsim estimate` says of the shipped configurations.
    @Test(
        .enabled(if: hasYosys, "Yosys was not found (apt-get install yosys)"), arguments: ["tiny-svpe", "tiny-vpe"])
    func estimatesOfShippedConfigurationsAgreeWithYosys(name: String) throws {
        let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let configuration = try Configuration.load(
            path: package.appendingPathComponent("configs/\(name).yaml").path)
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        let design = try Hardware.elaborate(configuration, for: network.quantized).accelerator.design
        let cells = try SynthesisedCells(design)
        expectSame(design.resources(), cells)
        let estimate = try Flow.estimate(configuration).resources
        #expect(estimate.dsp.used == Double(cells.dsp))
        #expect(estimate.bram36.used == Double(cells.ramb36) + Double(cells.ramb18) / 2)
        expectClose(Int(estimate.lut.used), cells.lut + cells.srl, "LUT")
        expectClose(Int(estimate.ff.used), cells.ff, "FF")
    }

    /// A dot product of Pm lanes along a cascade has Pm DSP48E2 and no LUT of its own: in the array are left the activations'
    /// SRLs, shared by all outputs, and the pooling lanes.
    @Test(arguments: [4, 16, 32])
    func cascadesNeedAlmostNoLUT(inputs: Int) throws {
        func array(_ cascade: Int?) throws -> ResourceCount {
            var parameters = AcceleratorParameters(.vpe(weightBits: 8), 1, inputs, 16, activationBits: 8)
            parameters.family = .cascading(cascade)
            let design = try Accelerator(parameters).design
            let scope = try #require(design.scopes.firstIndex { $0.name == "array" })
            return design.resourcesByScope()[scope]
        }
        let (tree, cascade) = (try array(nil), try array(inputs))
        #expect(tree.dsp == 16 * inputs && cascade.dsp == 16 * inputs)
        // 8 bits of an activation pass one stage (FF), two (FFs, which Yosys prefers) or an SRL, once for all outputs.
        #expect(cascade.srl == 8 * (inputs - 3))
        // The tree adds inputs - 1 pairs of at least 17 bits for each of 16 outputs, and accumulates.
        #expect(tree.lut - cascade.lut >= 16 * 17 * (inputs - 1))
        #expect(tree.ff > cascade.ff)
    }

    private func expectSame(_ count: ResourceCount, _ cells: SynthesisedCells) {
        #expect(count.dsp == cells.dsp)
        #expect(count.ramb36 == cells.ramb36)
        #expect(count.ramb18 == cells.ramb18)
    }

    private func expectClose(_ counted: Int, _ synthesised: Int, _ what: Comment) {
        let error = abs(Double(counted - synthesised)) / Double(synthesised)
        #expect(error < 0.15, "\(what): counted \(counted), Yosys \(synthesised)")
    }

    @Test func constantsCostNothing() throws {
        var builder = DesignBuilder(name: "constants")
        let x = builder.input("x", width: 16)
        builder.output(builder.logic(.slice, [x], width: 8, name: "low", parameter: 4))
        builder.output(builder.logic(.add, [x, 1], width: 16, name: "next"))
        let fixed = builder.register("fixed", width: 4)
        builder.connect(fixed, next: 3, initial: 3)
        builder.output(fixed)
        let count = try builder.build().resources()
        #expect(count.lut == 0)
        #expect(count.ff == 0)
        #expect(count.carry8 == 2)
    }

    @Test func blockMemoriesFollowTheirShape() throws {
        var builder = DesignBuilder(name: "memory")
        let address = builder.input("address", width: 10)
        let x = builder.inArray("source", lanes: 5) { $0.input("x", width: 18) }
        let ports = DesignBuilder.MemoryPorts(
            writeEnable: 1, writeAddress: address, writeData: x, readEnable: 1, readAddress: address,
            outputEnable: nil)
        let word = builder.inArray("word", lanes: 5) {
            $0.memory("m", depth: 1024, width: 18, signed: false, lanesPerBank: 2, ports)
        }
        builder.output(word)
        let count = try builder.build().resources()
        // Two banks of 36 bits and one of 18.
        #expect(count.ramb36 == 2)
        #expect(count.ramb18 == 1)
        #expect(count.bram36 == 2.5)
    }

    /// LUT6, flip-flops, DSP slices, block RAMs of 36 Kb, UltraRAMs: AMD's product tables.
    @Test func deviceFactsAreThoseOfTheTables() throws {
        let tables = [
            "xczu9eg": [274_080, 548_160, 2_520, 912, 0], "xczu7ev": [230_400, 460_800, 1_728, 312, 96],
            "xck26": [117_120, 234_240, 1_248, 144, 64], "xcu250": [1_728_000, 3_456_000, 12_288, 2_688, 1_280],
            "xc7z045": [218_600, 437_200, 900, 545, 0],
        ]
        #expect(Device.all.map(\.name).sorted() == tables.keys.sorted())
        let sources = try String(
            contentsOf: Repository.root.appendingPathComponent("docs/sources.md"), encoding: .utf8)
        for device in Device.all {
            let facts = [device.lut, device.ff, device.dsp, device.bram36, device.uram]
            #expect(facts.map(\.value) == tables[device.name])
            // Eight LUT6 and sixteen flip-flops a CLB, in all families.
            #expect(device.ff.value == 2 * device.lut.value && device.lut.value % 4 == 0)
            #expect(facts.allSatisfy { !$0.unit.isEmpty && !$0.source.isEmpty })
            for kind in PrimitiveSpeed.Kind.allCases { #expect(device.speeds.count { $0.kind == kind } == 1) }
            #expect(device.speeds.allSatisfy { $0.low <= $0.mhz && $0.mhz <= $0.high })
            #expect(sources.contains("`Device.\(device.name)`") && sources.contains("| \(device.orderingCode) |"))
        }
        #expect(Device.all.filter { !$0.takesEmittedText }.map(\.name) == ["xc7z045"])
    }

    /// A product of 27 x 16 bits takes one DSP48E2 and two DSP48E1, of 25 x 16 one of either.
    @Test(arguments: [(25, 1), (26, 2), (27, 2)])
    func narrowMultipliersTakeTwo(bits: Int, narrow: Int) throws {
        var builder = DesignBuilder(name: "product")
        let (a, b) = (builder.input("a", width: bits, signed: true), builder.input("b", width: 16, signed: true))
        builder.output(builder.dsp("dsp", a: a, b: b, enables: .init(operands: 1, m: 1, p: 1)))
        let design = try builder.build()
        #expect(design.resources().dsp == 1)
        #expect(design.resourcesByScope(slice: .dsp48e1).map(\.dsp) == [narrow])
        #expect(design.productsWider(than: .dsp48e1) == narrow - 1 && design.productsWider(than: .dsp48e2) == 0)
    }
}

/// What Yosys makes of a design's text.
struct SynthesisedCells {
    private let cells: [String: Int]

    init(_ design: Design) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        let files = try RTLEmitter.emit(design, for: .zcu102)
        try RTLFile.write(files, to: directory)
        cells = try Yosys().cells(files, in: directory)
    }

    private func sum(_ names: [String]) -> Int { names.reduce(0) { $0 + (cells[$1] ?? 0) } }

    var dsp: Int { sum(["DSP48E2"]) }
    var ramb36: Int { sum(["RAMB36E2"]) }
    var ramb18: Int { sum(["RAMB18E2"]) }
    var lut: Int { sum((1...6).map { "LUT\($0)" }) }
    var srl: Int { sum(["SRL16E", "SRLC32E"]) }
    var ff: Int { sum(["FDRE", "FDSE"]) }
}
