import Fabric

// Cells: primitives with their connections. Each drives its output nets in all lanes.

/// A logic primitive: `output` = kind(operands), lane by lane.
public struct LogicCell: Sendable, Hashable, Codable {
    public var kind: PrimitiveKind
    public var output: NetID
    public var operands: [Operand]
    public var parameter: Int

    public init(kind: PrimitiveKind, output: NetID, operands: [Operand], parameter: Int) {
        self.kind = kind
        self.output = output
        self.operands = operands
        self.parameter = parameter
    }
}

/// FDREs of one enable: at a clock edge output = reset ? initial : enable ? data : output.
public struct RegisterCell: Sendable, Hashable, Codable {
    public var output: NetID
    public var data: Operand
    /// nil: always enabled. A vector operand enables lane by lane.
    public var enable: Operand?
    /// Synchronous, scalar, has priority over enable.
    public var reset: Operand?
    /// Value at power-up and after reset, every lane.
    public var initial: Int64

    public init(output: NetID, data: Operand, enable: Operand?, reset: Operand?, initial: Int64) {
        self.output = output
        self.data = data
        self.enable = enable
        self.reset = reset
        self.initial = initial
    }
}

/// SRLs: output = data as it was `depth` enabled clock edges ago; 0 at power-up.
public struct ShiftRegisterCell: Sendable, Hashable, Codable {
    public var output: NetID
    public var data: Operand
    public var depth: Int
    public var enable: Operand?
}

/// A simple dual port memory of block RAMs, one word = all lanes of `latch`. Read-first on a collision. Addresses are
/// taken modulo the block RAMs' physical depth (`BlockMemoryShape`); contents and outputs are 0 at power-up.
public struct MemoryCell: Sendable, Hashable, Codable {
    public var name: String
    public var scope: Int
    public var depth: Int
    /// One bit; a vector operand enables writing lane by lane (equal within each bank).
    public var writeEnable: Operand
    public var writeAddress: Operand
    public var writeData: Operand
    public var readEnable: Operand
    public var readAddress: Operand
    /// Output latch: the word read at the last enabled edge.
    public var latch: NetID
    /// Output register (DOA_REG) and its clock enable.
    public var output: NetID?
    public var outputEnable: Operand?
    /// Lanes that share block RAMs: one write enable each.
    public var lanesPerBank: Int
}

/// A DSP48E2 per lane: P = M + C + PCIN, each where the cell has it.
/// Port widths: a 27, b 18, c 48 bits; M 45, P 48.
public struct DSPCell: Sendable, Hashable, Codable {
    /// M = A * B through a register each. With `staged`, B passes two registers, B1 and B.
    public struct Multiplier: Sendable, Hashable, Codable {
        public struct Stage: Sendable, Hashable, Codable {
            public var enable: Operand
            public var register: NetID
        }
        public var a: Operand
        public var b: Operand
        public var staged: Stage?
        public var enableA: Operand
        public var enableB: Operand
        public var enableM: Operand
        public var aRegister: NetID
        public var bRegister: NetID
        public var mRegister: NetID
    }
    public var name: String
    /// nil: the slice only adds.
    public var multiplier: Multiplier?
    public var c: Operand?
    /// P of another DSP48E2, lane by lane, over the cascade PCOUT to PCIN.
    public var cascade: NetID?
    public var enableC: Operand?
    public var enableP: Operand
    public var cRegister: NetID?
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
    case logic(LogicCell)
    case register(RegisterCell)
    case shiftRegister(ShiftRegisterCell)
    case memory(MemoryCell)
    case dsp(DSPCell)

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
            return cell.dataOperands.map(\.operand) + cell.enables
        }
    }
}
