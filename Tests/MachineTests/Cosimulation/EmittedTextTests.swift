import Accelerator
import Design
import ExternalMemory
import Foundation
import RTLEmitter
import TestSupport
import Testing

@testable import Configuration
@testable import Cosimulation
@testable import Preparation

/// Does the text of shipped designs read as text that an engineer wrote: names, headers, no lint?
@Suite(.serialized) struct EmittedTextTests {
    /// Every family, element, column adder and pre-activation that is shipped, by a configuration.
    static let shipped = [
        "tiny-svpe", "tiny-vpe", "densenet100-cifar10-svpe", "papers/n-bq-nn-svpe", "papers/n-bq-nn-vpe",
        "papers/lightnn-2-vgg-small", "papers/flightnn-vgg-small", "papers/fixed-4-vgg-small",
    ]
    /// Those of them that every run looks at: the small ones, and a convolver array.
    static let looked = Tools.isLong ? shipped : ["tiny-svpe", "tiny-vpe", "papers/n-bq-nn-svpe"]

    private func accelerator(_ name: String) throws -> Accelerator {
        let path = Repository.root.appendingPathComponent("configs/\(name).yaml").path
        let configuration = try Configuration.load(path: path)
        let network = try PreparedNetwork.prepare(configuration.network, configuration.quantization)
        return try Hardware.elaborate(configuration, for: network.quantized).accelerator
    }

    private func emit(_ accelerator: Accelerator) throws -> [RTLFile] {
        try RTLEmitter.emit(accelerator.design, for: .zcu102, resets: accelerator.controlRegisters)
    }

    /// All of Verilator's warnings, none waived outside the text.
    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator), arguments: looked)
    func hasNoLint(name: String) throws {
        let scratch = try Scratch()
        let files = try emit(accelerator(name))
        try RTLFile.write(files, to: scratch.url)
        try Tools.verilator.get().lint(scratch.url, files: files)
        // The wires of what is not read are needed: without them there is lint. One design shows it.
        guard name == Self.shipped[0] else { return }
        let bare = files.map {
            RTLFile(name: $0.name, text: $0.text.replacing(/wire unused__[a-z]+ = [^;]*;/, with: ""))
        }
        try RTLFile.write(bare, to: scratch.url)
        #expect(throws: (any Error).self) { try Tools.verilator.get().lint(scratch.url, files: bare) }
    }

    /// The same of what stands around an accelerator on a board.
    @Test(.enabled(if: Tools.hasVerilator, Tools.noVerilator), arguments: [1, 3])
    func theBoardHasNoLint(ports: Int) throws {
        let scratch = try Scratch()
        let accelerator = try accelerator("tiny-svpe")
        let settings = PortSettings(ports: ports, coreKHz: 300_000, portKHz: 200_000)
        let files = try emit(accelerator) + RTLEmitter.emit(BoardDesign(accelerator, settings))
        try RTLFile.write(files, to: scratch.url)
        try Tools.verilator.get().lint(scratch.url, files: files, top: "shiftsim_axi")
    }

    /// Intermediate nets are named by what they are: no running number, not longer than a line can hold.
    @Test(arguments: looked) func intermediateNetsAreNamed(name: String) throws {
        let design = try accelerator(name).design.named
        let nets = design.nets.filter { $0.role == .temporary }
        #expect(nets.count > 200)
        for net in nets {
            #expect(net.name.count <= 48, "\(net.name)")
            #expect(net.name.wholeMatch(of: /t[0-9]+/) == nil, "\(net.name)")
        }
        let numbered = nets.filter { $0.name.wholeMatch(of: /.*_(condition|sum|choice|part|match)_[0-9]+/) != nil }
        #expect(numbered.count * 20 < nets.count, "\(numbered.map(\.name))")
    }

    /// A change elsewhere leaves the names of a module alone: the arrays of these designs differ, their engines do not.
    @Test func namesAreStable() throws {
        func names(_ outputs: Int, in scope: String) throws -> [String] {
            let parameters = AcceleratorParameters(
                .svpe(weightBits: 3), 1, 4, outputs, activationBits: 16, ifmap: 256, weights: 256, ofmap: 64)
            let design = try Accelerator(parameters).design.named
            return design.nets.filter { design.scopes[$0.scope].name == scope }.map(\.name)
        }
        for scope in ["sequencer", "load", "store"] {
            #expect(try names(4, in: scope) == names(8, in: scope))
            #expect(try names(4, in: scope).count > 40)
        }
    }

    /// The comment above a module says what it does and lists its ports, each once, in the order of the text.
    @Test(arguments: ["tiny-svpe", "papers/n-bq-nn-svpe"]) func modulesHaveHeaders(name: String) throws {
        let design = try accelerator(name)
        for scope in design.design.scopes { #expect(scope.about.hasSuffix("."), "\(scope.name)") }
        for file in try emit(design) where file.isDesign && !file.name.contains("block_memory") {
            let lines = file.text.split(separator: "\n").map(String.init)
            let comment = lines.prefix { $0.hasPrefix("//") }
            let table = comment.drop { !$0.hasPrefix("//   port ") }.dropFirst()
            let rows = table.compactMap { $0.firstMatch(of: /^\/\/   (\w+) +(in|out) +([0-9]+( x [0-9]+)?)  \S/) }
            let declared = lines.compactMap { $0.firstMatch(of: /^    (in|out)put .*?(\w+),?$/) }
            #expect(rows.map { $0.output.1 } == declared.map { $0.output.2 }, "\(file.name)")
            #expect(rows.map { $0.output.2 } == declared.map { $0.output.1 }, "\(file.name)")
            #expect(rows.count > 5)
        }
    }
}
