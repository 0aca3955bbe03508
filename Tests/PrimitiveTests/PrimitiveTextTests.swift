import Design
import Fabric
import RTLEmitter
import TestSupport
import Testing

/// Does the emitted text of every primitive mean what LogicMeaning and StateMeaning say?
@Suite(.serialized, .enabled(if: Tools.hasVerilator, Tools.noVerilator))
struct PrimitiveTextTests {
    @Test func logicEqualsItsMeaning() throws {
        let design = try PrimitiveDesigns.logic()
        #expect(Set(design.cells.map(\.kind)).isSuperset(of: PrimitiveKind.allCases.filter(\.isLogic)))
        try RTLHarness.check(design)
    }

    @Test func stateEqualsItsMeaning() throws {
        let design = try PrimitiveDesigns.state()
        #expect(Set(design.cells.map(\.kind)).isSuperset(of: PrimitiveKind.allCases.filter { !$0.isLogic }))
        try RTLHarness.check(design, cycles: 1500)
    }
}
