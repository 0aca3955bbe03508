import Fabric

// Cells: primitives with their connections. Each drives its output nets in all lanes. What one lane does in one cycle is
// said in Fabric/Primitives (LogicMeaning.swift, StateMeaning.swift); what a cell must not be, in CellCheck.swift.

/// A logic primitive: `output` = kind(operands), lane by lane.
public struct LogicCell: Sendable, Hashable, Codable {
    /// A kind without state.
    public var kind: PrimitiveKind
    /// The net that the result drives, truncated to its width.
    public var output: NetID
    /// As many as `PrimitiveKind.operandCount` says, in its order.
    public var operands: [Operand]
    /// What the kind calls its parameter; not read by the others.
    public var parameter: Int

    /// A cell as it is given; `Design.validate` judges it.
    public init(kind: PrimitiveKind, output: NetID, operands: [Operand], parameter: Int) {
        self.kind = kind
        self.output = output
        self.operands = operands
        self.parameter = parameter
    }
}

/// FDREs: at a clock edge output = reset ? initial : enable ? data : output (`RegisterMeaning`).
public struct RegisterCell: Sendable, Hashable, Codable {
    /// Q.
    public var output: NetID
    /// D, truncated to the output's width.
    public var data: Operand
    /// nil: always enabled. In lanes a vector operand enables lane by lane.
    public var enable: Operand?
    /// nil: never. Synchronous, one for all lanes, has priority over enable.
    public var reset: Operand?
    /// Value at power-up and after reset, every lane.
    public var initial: Int64

    /// A cell as it is given; `Design.validate` judges it.
    public init(output: NetID, data: Operand, enable: Operand?, reset: Operand?, initial: Int64) {
        self.output = output
        self.data = data
        self.enable = enable
        self.reset = reset
        self.initial = initial
    }
}

/// SRLs: output = data as it was `depth` enabled clock edges ago; 0 at power-up (`ShiftRegisterMeaning`).
public struct ShiftRegisterCell: Sendable, Hashable, Codable {
    /// The oldest stage.
    public var output: NetID
    /// Of the output's width and sign.
    public var data: Operand
    /// Stages, two or more: one is a register.
    public var depth: Int
    /// nil: always enabled. One for all lanes.
    public var enable: Operand?
}

/// A simple dual port memory of block RAMs, one word = all lanes of `latch`; read latency and what one edge does:
/// `BlockMemoryMeaning`. Read-first on a collision. Addresses are taken modulo 2^`BlockMemoryShape.addressBits`; contents
/// and outputs are 0 at power-up. Addresses, read and output enables are one for all lanes.
public struct MemoryCell: Sendable, Hashable, Codable {
    /// Name of the memory's instances.
    public var name: String
    /// Index in `Design.scopes`.
    public var scope: Int
    /// Words, 1 ... 32,768.
    public var depth: Int
    /// In lanes a vector operand enables each bank by the bank's first lane.
    public var writeEnable: Operand
    /// The word that is written while the bank is enabled.
    public var writeAddress: Operand
    /// What is written, lane by lane, truncated to the latch's width.
    public var writeData: Operand
    /// Whether the latch takes a word.
    public var readEnable: Operand
    /// The word that is read.
    public var readAddress: Operand
    /// Output latch: the word read at the last enabled edge.
    public var latch: NetID
    /// Output register (DOA_REG), of the latch's lanes, width and sign; nil: the latch is the output.
    public var output: NetID?
    /// Clock enable of the output register; nil: always.
    public var outputEnable: Operand?
    /// Lanes that share block RAMs: one write enable each.
    public var lanesPerBank: Int
}

/// A DSP48E2 per lane: P = M + C + PCIN + P, each where the cell has it, M or C at least; the pipeline is drawn at
/// `DSP48E2Meaning`. Port widths: a 27, b 18, c 48 bits; M 45, P 48. Each enable is one for all lanes.
public struct DSPCell: Sendable, Hashable, Codable {
    /// M = A * B through a register each. With `staged`, B passes two registers, B1 and B.
    public struct Multiplier: Sendable, Hashable, Codable {
        /// The register B1 before B.
        public struct Stage: Sendable, Hashable, Codable {
            /// CEB1.
            public var enable: Operand
            /// B1_REG, 18 bits.
            public var register: NetID
        }
        /// Port A, truncated to 27 bits.
        public var a: Operand
        /// Port B, truncated to 18 bits.
        public var b: Operand
        /// nil: B passes one register.
        public var staged: Stage?
        /// CEA2.
        public var enableA: Operand
        /// CEB2.
        public var enableB: Operand
        /// CEM.
        public var enableM: Operand
        /// A_REG, 27 bits.
        public var aRegister: NetID
        /// B_REG, 18 bits.
        public var bRegister: NetID
        /// M_REG, 45 bits.
        public var mRegister: NetID
    }
    /// Name of the instance; its registers' nets are named `name.REGISTER`.
    public var name: String
    /// nil: the slice only adds.
    public var multiplier: Multiplier?
    /// Port C, truncated to 48 bits; nil: no C.
    public var c: Operand?
    /// P of another DSP48E2 of the module, lane by lane, over the cascade PCOUT to PCIN.
    public var cascade: NetID?
    /// One bit for all lanes, in the cycle of the addition: high adds 0, low adds P itself (the W multiplexer of OPMODE).
    /// nil: P is not added. Not together with all of A * B, C and PCIN, for then W is C.
    public var starts: Operand?
    /// CEC; nil: always.
    public var enableC: Operand?
    /// CEP.
    public var enableP: Operand
    /// C_REG, 48 bits; there if and only if the cell has `c`.
    public var cRegister: NetID?
    /// P, 48 bits.
    public var p: NetID

    /// What the cell reads as data, with the clock enable under which it does.
    public var dataOperands: [(operand: Operand, enable: Operand?)] {
        var result: [(Operand, Operand?)] = []
        if let multiplier {
            result.append((multiplier.a, multiplier.enableA))
            result.append((multiplier.b, multiplier.staged?.enable ?? multiplier.enableB))
        }
        if let c { result.append((c, enableC)) }
        if let cascade { result.append((.net(cascade, nil), enableP)) }
        return result
    }

    /// All clock enables.
    public var enables: [Operand] {
        let multiplies = multiplier.map {
            [$0.enableA, $0.enableB, $0.enableM] + [$0.staged?.enable].compactMap { $0 }
        }
        return (multiplies ?? []) + [enableC].compactMap { $0 } + [enableP]
    }

    /// What the cell reads once for all lanes: its clock enables, and what chooses between P and 0.
    public var controls: [Operand] { enables + [starts].compactMap { $0 } }

    /// Registers besides P.
    var innerRegisters: [NetID] {
        let multiplies = multiplier.map {
            [$0.aRegister, $0.bRegister, $0.mRegister] + [$0.staged?.register].compactMap { $0 }
        }
        return (multiplies ?? []) + [cRegister].compactMap { $0 }
    }
}

/// Any primitive of a Design.
public enum Cell: Sendable, Hashable, Codable {
    /// one of the kinds without state
    case logic(LogicCell)
    /// FDREs
    case register(RegisterCell)
    /// SRLs
    case shiftRegister(ShiftRegisterCell)
    /// block RAMs
    case memory(MemoryCell)
    /// DSP48E2s
    case dsp(DSPCell)

    /// The primitive.
    public var kind: PrimitiveKind {
        switch self {
        case .logic(let cell): cell.kind
        case .register: .register
        case .shiftRegister: .shiftRegister
        case .memory: .blockMemory
        case .dsp: .dsp48e2
        }
    }

    /// Nets that the cell drives.
    public var outputs: [NetID] {
        switch self {
        case .logic(let cell): [cell.output]
        case .register(let cell): [cell.output]
        case .shiftRegister(let cell): [cell.output]
        case .memory(let cell): [cell.latch] + (cell.output.map { [$0] } ?? [])
        case .dsp(let cell):
            [cell.p] + cell.innerRegisters
        }
    }

    /// The first of `outputs`.
    @inlinable public var firstOutput: NetID {
        switch self {
        case .logic(let cell): cell.output
        case .register(let cell): cell.output
        case .shiftRegister(let cell): cell.output
        case .memory(let cell): cell.latch
        case .dsp(let cell): cell.p
        }
    }

    /// Calls `body` with the net of each of `operands` that is one, in their order.
    @inlinable public func forEachNet(_ body: (NetID) -> Void) {
        switch self {
        case .logic(let cell):
            for operand in cell.operands { if let id = operand.netID { body(id) } }
        case .register(let cell):
            if let id = cell.data.netID { body(id) }
            if let id = cell.enable?.netID { body(id) }
            if let id = cell.reset?.netID { body(id) }
        case .shiftRegister, .memory, .dsp:
            for operand in operands { if let id = operand.netID { body(id) } }
        }
    }

    /// Everything the cell reads.
    public var operands: [Operand] {
        switch self {
        case .logic(let cell): return cell.operands
        case .register(let cell): return [cell.data] + [cell.enable, cell.reset].compactMap { $0 }
        case .shiftRegister(let cell): return [cell.data] + [cell.enable].compactMap { $0 }
        case .memory(let cell):
            return [cell.writeEnable, cell.writeAddress, cell.writeData, cell.readEnable, cell.readAddress]
                + [cell.outputEnable].compactMap { $0 }
        case .dsp(let cell):
            return cell.dataOperands.map(\.operand) + cell.controls
        }
    }
}
