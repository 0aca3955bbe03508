import Accelerator
import Design
import Fabric
import Foundation
import RTLEmitter
import TestSupport
import Testing

@testable import Cosimulation

/// Does co-simulation fail, at the signal, when kernel and text are not the same machine?
@Suite(.serialized)
struct CosimulationFaultTests {
    static let judges: [CosimulationJudge] =
        (Tools.hasVerilator ? [.verilator] : []) + (Tools.hasYosys ? [.yosys] : [])
    static let design = CosimulationCase(.svpe(weightBits: 3), (1, 4, 4), k: 1, s: 1)

    /// Faults in the text, each where the run passes.
    enum TextFault: String, CaseIterable {
        /// a sum of the adder tree subtracts
        case treeSum
        /// the constant of a counter of the load engine is one less
        case constant
    }

    /// Faults in the kernel's Design that the text does not have.
    enum CellFault: String, CaseIterable {
        case treeSubtracts, registerStartsAtOne, delayIsLonger, enableIsMissing
    }

    private func cosimulation() throws -> Cosimulation {
        CosimulationTests.simulation(try Self.design.bench(), cycles: 2000)
    }

    /// The verdict is a difference of a signal, not a text that did not compile.
    private func expectDifference(_ report: CosimulationReport, in scope: String) {
        #expect(!report.isEqual)
        let verdict = report.verdicts[0]
        #expect(verdict.message.contains("differs at time"), "\(verdict.message)")
        #expect(verdict.message.contains(scope), "\(verdict.message)")
    }

    @Test(arguments: judges, TextFault.allCases)
    func faultInTheText(judge: CosimulationJudge, fault: TextFault) throws {
        let scratch = try Scratch()
        var cosimulation = try cosimulation()
        cosimulation.sabotage = { files in
            files.map { file in
                switch fault {
                case .treeSum where file.name.contains("array"):
                    file.replacingFirst("product} + {", with: "product} - {")
                case .constant where file.name.contains("load"):
                    file.replacingFirst("= column + 16'd1", with: "= column + 16'd0")
                default: file
                }
            }
        }
        #expect(
            cosimulation.sabotage(try RTLEmitter.emit(cosimulation.build.accelerator.design, for: .zcu102))
                != (try RTLEmitter.emit(cosimulation.build.accelerator.design, for: .zcu102)))
        let report = try cosimulation.run(against: judge, in: scratch.url)
        expectDifference(report, in: fault == .treeSum ? "array" : "load")
    }

    @Test(arguments: judges, CellFault.allCases)
    func faultInTheKernel(judge: CosimulationJudge, fault: CellFault) throws {
        let scratch = try Scratch()
        var cosimulation = try cosimulation()
        // The kernel runs the accelerator's Design, so the text is made from one that differs in a cell.
        let other = try Self.other(cosimulation.build.accelerator.design, fault)
        let files = try RTLEmitter.emit(other, for: .zcu102)
        cosimulation.sabotage = { _ in files }
        let report = try cosimulation.run(against: judge, in: scratch.url)
        expectDifference(report, in: fault == .treeSubtracts || fault == .enableIsMissing ? "array" : "compute")
    }

    /// The Design with one cell changed.
    private static func other(_ design: Design, _ fault: CellFault) throws -> Design {
        var other = design
        func isIn(_ id: NetID, _ path: String) -> Bool { design.path(of: id).hasPrefix(path) }
        let index = try #require(
            design.cells.firstIndex { cell in
                let output = cell.outputs[0]
                return switch (fault, cell) {
                case (.treeSubtracts, .logic(let cell)): cell.kind == .add && isIn(output, "top.array.tree1[0]")
                case (.registerStartsAtOne, .register): isIn(output, "top.compute.busy")
                case (.delayIsLonger, .shiftRegister): isIn(output, "top.compute.finish")
                case (.enableIsMissing, .register): isIn(output, "top.array.accumulator[0]")
                default: false
                }
            }, "no cell for \(fault)")
        switch (fault, design.cells[index]) {
        case (.treeSubtracts, .logic(var cell)):
            cell.kind = .subtract
            other.cells[index] = .logic(cell)
        case (.registerStartsAtOne, .register(var cell)):
            cell.initial = 1
            other.cells[index] = .register(cell)
        case (.delayIsLonger, .shiftRegister(var cell)):
            cell.depth += 1
            other.cells[index] = .shiftRegister(cell)
        case (.enableIsMissing, .register(var cell)):
            cell.enable = nil
            other.cells[index] = .register(cell)
        default: break
        }
        #expect(other != design)
        return other
    }
}

extension RTLFile {
    func replacingFirst(_ part: String, with other: String) -> RTLFile {
        var text = text
        if let range = text.range(of: part) { text.replaceSubrange(range, with: other) }
        return RTLFile(name: name, text: text)
    }
}
