import Design
import Fabric
import Testing

/// Is what the kernel would run, or the text would say, differently from the primitives' meaning no Design?
@Suite struct DesignRefusalTests {
    private func refusal(_ design: Design) -> String {
        do {
            try design.validate()
            return ""
        } catch {
            return (error as? DesignError)?.description ?? "\(error)"
        }
    }

    @Test(arguments: PrimitiveKind.allCases) func everyKindHasALegalCell(_ kind: PrimitiveKind) throws {
        let example = try OneCellDesign(kind)
        #expect(example.design.cells[example.cell].kind == kind)
        #expect(refusal(example.design) == "")
    }

    @Test(arguments: PrimitiveKind.allCases) func logicHasAllItsOperandsAndStateIsNoLogic(_ kind: PrimitiveKind) throws
    {
        guard kind.isLogic else {
            var example = try OneCellDesign(.not)
            example.design.cells[example.cell].logic { $0.kind = kind }
            #expect(refusal(example.design).contains("\(kind) is not logic"))
            return
        }
        let example = try OneCellDesign(kind)
        let operands = example.design.cells[example.cell].operands
        for count in [operands.count - 1, operands.count + 1] {
            var design = example.design
            design.cells[example.cell].logic { $0.operands = Array((operands + [example.bit]).prefix(count)) }
            #expect(refusal(design).contains("takes \(operands.count) operands, not \(count)"))
        }
    }

    @Test(arguments: PrimitiveKind.allCases) func parametersHaveRanges(_ kind: PrimitiveKind) throws {
        let example = try OneCellDesign(kind)
        guard let range = kind.parameterRange else {
            #expect(![.slice, .shiftLeftConstant, .powerOfTwoShift, .unpack, .pack, .laneSelect].contains(kind))
            return
        }
        for wrong in [range.lowerBound - 1, range.upperBound == .max ? -1 : range.upperBound + 1] {
            var design = example.design
            design.cells[example.cell].logic { $0.parameter = wrong }
            #expect(refusal(design).contains("\(kind) has no parameter \(wrong)"))
        }
    }

    /// Ports that the kernel reads once for all lanes of a cell.
    private func sharedPorts(_ kind: PrimitiveKind) -> [@Sendable (inout Cell, Operand) -> Void] {
        switch kind {
        case .not, .and, .or, .xor, .add, .subtract, .equal, .lessThan, .multiplex, .slice, .shiftLeftConstant,
            .shiftRight, .shiftLeft, .roundShift, .saturate, .maximum, .powerOfTwoShift, .unpack, .pack:
            []
        case .laneSelect: [{ cell, operand in cell.logic { $0.operands[1] = operand } }]
        case .register: [{ cell, operand in cell.register { $0.reset = operand } }]
        case .shiftRegister: [{ cell, operand in cell.shiftRegister { $0.enable = operand } }]
        case .blockMemory:
            [
                { cell, operand in cell.memory { $0.readEnable = operand } },
                { cell, operand in cell.memory { $0.readAddress = operand } },
                { cell, operand in cell.memory { $0.writeAddress = operand } },
                { cell, operand in cell.memory { $0.outputEnable = operand } },
            ]
        case .dsp48e2:
            [
                { cell, operand in cell.dsp { $0.multiplier?.enableA = operand } },
                { cell, operand in cell.dsp { $0.multiplier?.enableB = operand } },
                { cell, operand in cell.dsp { $0.multiplier?.enableM = operand } },
                { cell, operand in cell.dsp { $0.enableC = operand } },
                { cell, operand in cell.dsp { $0.enableP = operand } },
            ]
        }
    }

    @Test(arguments: PrimitiveKind.allCases) func portsByLaneAreNotModelled(_ kind: PrimitiveKind) throws {
        let example = try OneCellDesign(kind)
        let oneLane = LaneMap([.init(1, stride: 0)], offset: 2)
        let wrong: [Operand] = [
            .net(example.bits, nil), .net(example.bits, oneLane), .net(example.bit.netID!, example.limited), .laneIndex,
        ]
        for port in sharedPorts(kind) {
            for operand in wrong {
                var design = example.design
                port(&design.cells[example.cell], operand)
                #expect(refusal(design).contains("of \(kind) is one scalar for all lanes"), "\(operand)")
            }
            var design = example.design
            port(&design.cells[example.cell], example.bit)
            #expect(refusal(design) == "")
        }
    }

    /// B1 stands in a cell of its own.
    @Test func stagesByLaneAreNotModelled() throws {
        var example = try OneCellDesign(.dsp48e2)
        example.design.cells[example.cell - 1].dsp { $0.multiplier?.staged?.enable = .net(example.bits, nil) }
        #expect(refusal(example.design).contains("of dsp48e2 is one scalar for all lanes"))
    }

    /// A scalar register's enable is no lane of something else.
    @Test func enablesOfScalarRegistersAreScalars() throws {
        var builder = DesignBuilder(name: "scalar")
        let bits = builder.inArray("source", lanes: 4) { $0.input("bits", width: 1) }
        let bit = builder.input("bit", width: 1)
        builder.output(builder.register("q", bit, enable: bits.lane(2)))
        let error = #expect(throws: DesignError.self) { try builder.build() }
        #expect(error?.description.contains("the enable of register is one scalar") == true)
    }

    @Test(arguments: BrokenCell.all) func brokenCells(_ broken: BrokenCell) throws {
        var example = try OneCellDesign(broken.kind)
        broken.change(&example)
        let found = refusal(example.design)
        #expect(found.contains(broken.words), "\(found)")
    }
}
