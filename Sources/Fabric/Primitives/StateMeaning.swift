// The scalar meaning of every primitive with state: what one lane holds, and what one clock edge makes of it. Like
// LogicMeaning it is the definition that the kernel's steps and the emitted SystemVerilog are tested against; it is
// written for clarity and nothing fast uses it. Logic primitives: LogicMeaning.swift.
//
// One cycle. Ports have their values before the edge that ends the cycle; `clock` is that edge, and what it stores is
// seen from the next cycle on. A latency of n cycles: an operand of cycle t is in the output of cycle t + n. Stored
// values are canonical (`LogicMeaning.canonical`): whatever comes in is cut to the register's width.
//
// Power-up is the state after configuration: 0, and for a register its initial value. Enables are clock enables: while
// one is false, what stands behind it keeps its value. Priority: a register's reset, then its enable.
//
// Documents: AMD UG574 (FDRE, SRL16E, SRLC32E), UG573 (RAMB36E2, RAMB18E2), UG579 (DSP48E2). Not modelled: asynchronous
// set and reset, inverted clocks, resets of SRLs (they have none), of block RAM latches and of DSP48E2 registers (tied to
// 0 in the text), second clocks, write modes other than READ_FIRST, byte enables, ECC, cascaded block RAMs, and of the
// DSP48E2 what `DSP48E2Meaning` leaves out.

/// FDRE: `output` is the data of the cycle before, latency 1.
public struct RegisterMeaning: Sendable, Hashable {
    /// Bits of the register.
    public let width: Int
    /// Whether its value is read as two's complement.
    public let signed: Bool
    /// Value at power-up and after a reset, canonical.
    public let initial: Int64
    /// Q.
    public private(set) var output: Int64

    /// A register at power-up; `initial` is cut to `width` bits.
    public init(width: Int, signed: Bool, initial: Int64) {
        self.width = width
        self.signed = signed
        self.initial = LogicMeaning.canonical(initial, width: width, signed: signed)
        output = self.initial
    }

    /// One edge: reset ? initial : enable ? data : as it was.
    public mutating func clock(data: Int64, enable: Bool, reset: Bool) {
        if reset {
            output = initial
        } else if enable {
            output = LogicMeaning.canonical(data, width: width, signed: signed)
        }
    }
}

/// SRL16E, SRLC32E: `output` is the data of `depth` enabled edges ago, latency `depth`. No reset; 0 at power-up.
public struct ShiftRegisterMeaning: Sendable, Hashable {
    /// The newest first.
    private var stages: [Int64]

    /// A shift register of `depth` stages, two or more, at power-up.
    public init(depth: Int) { stages = Array(repeating: 0, count: depth) }

    /// The oldest stage.
    public var output: Int64 { stages[stages.count - 1] }

    /// One edge: every stage takes the one before it, the first one `data`, if enabled. `data` is canonical.
    public mutating func clock(data: Int64, enable: Bool) {
        guard enable else { return }
        stages.removeLast()
        stages.insert(data, at: 0)
    }
}

/// One lane of a memory of RAMB36E2 and RAMB18E2: simple dual port, one clock, READ_FIRST.
///
/// Read latency: **1 cycle** to `latch` (the block RAM's output latch), **2 cycles** to `output` where the memory has the
/// output register (DOA_REG = 1).
///
///     cycle        t                  t + 1                    t + 2
///     ports        address, enable    output enable
///     state                           latch = word             output = word
///
/// A read and a write of one address in one cycle: the read sees the word as it was. What is written in cycle t is read
/// from cycle t + 1 on. Addresses are taken modulo 2^`BlockMemoryShape.addressBits`. Words, latch and output are 0 at
/// power-up.
public struct BlockMemoryMeaning: Sendable, Hashable {
    /// Values at the ports before an edge.
    public struct Ports: Sendable, Hashable {
        /// WEBWE and ENBWREN: write in this cycle. One for all lanes of a bank.
        public var writeEnable: Bool
        /// Word that is written.
        public var writeAddress: Int64
        /// What is written, cut to the lane's width.
        public var writeData: Int64
        /// ENARDEN: the latch takes a word.
        public var readEnable: Bool
        /// Word that is read.
        public var readAddress: Int64
        /// REGCEAREGCE: the output register takes the latch.
        public var outputEnable: Bool

        /// The ports of one cycle.
        public init(
            write: (enable: Bool, address: Int64, data: Int64), read: (enable: Bool, address: Int64),
            outputEnable: Bool
        ) {
            writeEnable = write.enable
            writeAddress = write.address
            writeData = write.data
            readEnable = read.enable
            readAddress = read.address
            self.outputEnable = outputEnable
        }
    }

    /// Bits of the lane.
    public let width: Int
    /// Whether its words are read as two's complement.
    public let signed: Bool
    /// Contents, one word per address.
    public private(set) var words: [Int64]
    /// The word read at the last edge with `readEnable`.
    public private(set) var latch: Int64 = 0
    /// The latch of the last edge with `outputEnable`.
    public private(set) var output: Int64 = 0

    /// An empty memory of `depth` words, 1 ... 32,768.
    public init(depth: Int, width: Int, signed: Bool) {
        self.width = width
        self.signed = signed
        words = Array(repeating: 0, count: 1 << BlockMemoryShape.addressBits(depth: depth))
    }

    /// One edge; each step reads what the steps after it have not yet changed.
    public mutating func clock(_ ports: Ports) {
        if ports.outputEnable { output = latch }
        if ports.readEnable { latch = words[index(ports.readAddress)] }
        if ports.writeEnable {
            words[index(ports.writeAddress)] = LogicMeaning.canonical(ports.writeData, width: width, signed: signed)
        }
    }

    private func index(_ address: Int64) -> Int { Int(address & Int64(words.count - 1)) }
}

/// DSP48E2: P = M + C + PCIN + W modulo 2^48, each term where the cell has it; M = A * B; W is 0 or P itself.
///
///     cycle   t       t + 1     t + 2     t + 3
///     A port  a       A = a     M = a*b   P = a*b + c + pcin + w
///     B port  b       B = b
///     C port          c         C = c
///     PCIN                      pcin                            (the P of the neighbour in the column)
///     OPMODE                    W = P: w is the P of t + 2      (W, X and Y, Z: UG579, tables of the OPMODE control bits)
///
/// Latency of A and B 3 cycles, of C 2, of PCIN 1. With two B registers (BREG = 2) B is taken from B1, which takes the
/// port: latency of B 4. Each register has its clock enable (CEA2, CEB1, CEB2, CEM, CEC, CEP); all are 0 at power-up.
/// Widths in two's complement: A 27, B1 and B 18, M 45, C and P 48 bits; ports are cut to them.
///
/// Not modelled: the pre-adder (D, AD), the cascades ACIN/ACOUT and BCIN/BCOUT, SIMD, pattern detector, wide XOR, carries,
/// subtraction (ALUMODE), changes of OPMODE but between W = 0 and W = P, the register of OPMODE, resets.
public struct DSP48E2Meaning: Sendable, Hashable {
    /// Values at the ports before an edge. The value of a port that the cell does not have is 0.
    public struct Ports: Sendable, Hashable {
        /// A, 27 bits.
        public var a: Int64 = 0
        /// B, 18 bits.
        public var b: Int64 = 0
        /// C, 48 bits.
        public var c: Int64 = 0
        /// PCIN: the P of another slice.
        public var pcin: Int64 = 0
        /// OPMODE: W is P; else W is 0.
        public var addsP = false
        /// CEA2.
        public var enableA = false
        /// CEB1, for the first of two B registers.
        public var enableB1 = false
        /// CEB2.
        public var enableB = false
        /// CEM.
        public var enableM = false
        /// CEC.
        public var enableC = false
        /// CEP.
        public var enableP = false

        /// All 0 and nothing enabled.
        public init() {}
    }

    /// Whether B passes two registers, B1 and B.
    public let stagesB: Bool
    /// A_REG.
    public private(set) var a: Int64 = 0
    /// The first of two B registers.
    public private(set) var b1: Int64 = 0
    /// B_REG, which the multiplier reads.
    public private(set) var b: Int64 = 0
    /// M_REG, the product.
    public private(set) var m: Int64 = 0
    /// C_REG.
    public private(set) var c: Int64 = 0
    /// P, the output.
    public private(set) var p: Int64 = 0

    /// A slice at power-up.
    public init(stagesB: Bool) { self.stagesB = stagesB }

    /// One edge, from the last register to the first, so that each reads the one before it as it was.
    public mutating func clock(_ ports: Ports) {
        if ports.enableP {
            p = LogicMeaning.canonical(m &+ c &+ ports.pcin &+ (ports.addsP ? p : 0), width: 48, signed: true)
        }
        if ports.enableC { c = LogicMeaning.canonical(ports.c, width: 48, signed: true) }
        if ports.enableM { m = LogicMeaning.canonical(a &* b, width: 45, signed: true) }
        if ports.enableB { b = stagesB ? b1 : LogicMeaning.canonical(ports.b, width: 18, signed: true) }
        if ports.enableB1 { b1 = LogicMeaning.canonical(ports.b, width: 18, signed: true) }
        if ports.enableA { a = LogicMeaning.canonical(ports.a, width: 27, signed: true) }
    }
}
