import Fabric

// DSP48E2 cells (AMD UG579): A, B, C, M and P registers; B optionally through B1 and B2; the cascade PCOUT to PCIN; the
// accumulation in P. What each does in a cycle: Fabric/Primitives/StateMeaning.swift, `DSP48E2Meaning`.

extension DesignBuilder {
    /// Clock enables of a DSP48E2's register stages, each one for all lanes.
    public struct DSPEnables {
        /// A and B.
        public var operands: any Readable
        /// M, the product.
        public var m: any Readable
        /// C; nil: always, or no C.
        public var c: (any Readable)?
        /// P.
        public var p: any Readable

        /// The enables of one cell.
        public init(operands: any Readable, m: any Readable, c: (any Readable)? = nil, p: any Readable) {
            self.operands = operands
            self.m = m
            self.c = c
            self.p = p
        }
    }

    /// A DSP48E2 per lane; returns P (48 bits), a * b three enabled stages later, plus c when given (C is registered
    /// beside M).
    public mutating func dsp(
        _ name: String, a: Signal, b: Signal, c: Signal? = nil, enables: DSPEnables
    ) -> Signal {
        let multiplier = multiplier(
            name, a: a, b: b, staged: nil, enables: (enables.operands, enables.operands, enables.m))
        let cRegister = c.map { dspRegister(name, "C_REG", width: 48, significantBits: $0.signedWidth) }
        let product = min(45, a.signedWidth + b.signedWidth)
        let p = dspRegister(
            name, "P", width: 48, significantBits: c.map { max(product, $0.signedWidth) + 1 } ?? product)
        design.cells.append(
            .dsp(
                DSPCell(
                    name: name, multiplier: multiplier, c: c?.operand, enableC: enables.c?.asOperand,
                    enableP: enables.p.asOperand, cRegister: cRegister?.id, p: p.id)))
        return p
    }

    /// Clock enables of a multiplying cell whose B has two registers, each one for all lanes.
    public struct CascadeEnables {
        /// A.
        public var a: any Readable
        /// B1, which takes the port.
        public var b1: any Readable
        /// B2, which takes B1.
        public var b2: any Readable
        /// M, the product.
        public var m: any Readable
        /// P.
        public var p: any Readable

        /// The enables of one cell.
        public init(
            a: any Readable, b1: any Readable, b2: any Readable, m: any Readable, p: any Readable
        ) {
            self.a = a
            self.b1 = b1
            self.b2 = b2
            self.m = m
            self.p = p
        }
    }

    /// A DSP48E2 per lane: P = A * B2 + the P of `cascade`, its neighbour in the same module. `bits` suffice for every P:
    /// the caller knows how far the sums of a chain reach, and the kernel trusts it.
    public mutating func dspCascade(
        _ name: String, a: Signal, b: Signal, cascade: Signal?, bits: Int, enables: CascadeEnables
    ) -> Signal {
        let multiplier = multiplier(name, a: a, b: b, staged: enables.b1, enables: (enables.a, enables.b2, enables.m))
        let p = dspRegister(name, "P", width: 48, significantBits: bits)
        design.cells.append(
            .dsp(
                DSPCell(
                    name: name, multiplier: multiplier, c: nil, cascade: cascade?.id, enableC: nil,
                    enableP: enables.p.asOperand, cRegister: nil, p: p.id)))
        return p
    }

    /// A link of a cascade besides its operands and enables.
    public struct CascadeLink {
        /// P of the neighbour in the same module; nil: the first of its chain.
        public var before: Signal?
        /// P accumulates: high adds to 0, low to P itself. nil: P does not accumulate.
        public var starts: (any Readable)?
        /// Port C, whose register takes it beside M; nil: no C.
        public var constant: Int?
        /// Bits that suffice for every P: the caller knows how far its sums reach, and the kernel trusts it.
        public var bits: Int

        /// A link as it is given.
        public init(before: Signal?, starts: (any Readable)? = nil, constant: Int? = nil, bits: Int) {
            self.before = before
            self.starts = starts
            self.constant = constant
            self.bits = bits
        }
    }

    /// A DSP48E2 per lane: P = A * B + the P before + its own P + a constant, as `link` says; a * b three enabled stages
    /// later.
    public mutating func dspProduct(
        _ name: String, a: Signal, b: Signal, link: CascadeLink, enables: DSPEnables
    ) -> Signal {
        let multiplier = multiplier(
            name, a: a, b: b, staged: nil, enables: (enables.operands, enables.operands, enables.m))
        let cRegister = link.constant.map { value in
            let bits = Int.bitWidth + 1 - (value < 0 ? ~value : value).leadingZeroBitCount
            return dspRegister(name, "C_REG", width: 48, significantBits: bits)
        }
        let p = dspRegister(name, "P", width: 48, significantBits: link.bits)
        design.cells.append(
            .dsp(
                DSPCell(
                    name: name, multiplier: multiplier, c: link.constant?.asOperand, cascade: link.before?.id,
                    starts: link.starts?.asOperand, enableC: link.constant.map { _ in enables.m.asOperand },
                    enableP: enables.p.asOperand, cRegister: cRegister?.id, p: p.id)))
        return p
    }

    /// A DSP48E2 per lane as an adder: P = C + the P of `cascade`. `bits` suffice for every P, as in `dspCascade`.
    public mutating func dspAdder(
        _ name: String, c: Signal, cascade: Signal?, bits: Int, enables: (c: any Readable, p: any Readable)
    ) -> Signal {
        let register = dspRegister(name, "C_REG", width: 48, significantBits: c.signedWidth)
        let p = dspRegister(name, "P", width: 48, significantBits: bits)
        design.cells.append(
            .dsp(
                DSPCell(
                    name: name, multiplier: nil, c: c.operand, cascade: cascade?.id, enableC: enables.c.asOperand,
                    enableP: enables.p.asOperand, cRegister: register.id, p: p.id)))
        return p
    }

    private mutating func dspRegister(
        _ name: String, _ register: String, width: Int, significantBits: Int
    ) -> Signal {
        net(
            "\(name).\(register)", width: width, signed: true, role: .primitiveRegister,
            significantBits: min(width, significantBits))
    }

    private mutating func multiplier(
        _ name: String, a: Signal, b: Signal, staged: (any Readable)?,
        enables: (a: any Readable, b: any Readable, m: any Readable)
    ) -> DSPCell.Multiplier {
        let aRegister = dspRegister(name, "A_REG", width: 27, significantBits: a.signedWidth)
        let stage = staged.map {
            DSPCell.Multiplier.Stage(
                enable: $0.asOperand,
                register: dspRegister(name, "B1_REG", width: 18, significantBits: b.signedWidth).id)
        }
        let bRegister = dspRegister(name, "B_REG", width: 18, significantBits: b.signedWidth)
        let mRegister = dspRegister(name, "M_REG", width: 45, significantBits: a.signedWidth + b.signedWidth)
        return DSPCell.Multiplier(
            a: a.operand, b: b.operand, staged: stage, enableA: enables.a.asOperand, enableB: enables.b.asOperand,
            enableM: enables.m.asOperand, aRegister: aRegister.id, bRegister: bRegister.id, mRegister: mRegister.id)
    }
}
