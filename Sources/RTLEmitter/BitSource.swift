// Values as bit vectors. Every operand is extended or cut to the working width explicitly, by its own signedness, so
// that SystemVerilog's rules on mixed signs and context widths never matter.

/// A readable value in a module: a variable, one lane of a packed bus, or a constant.
struct BitSource {
    enum Form {
        case variable(String)
        case bus(String, lane: String)
        case constant(Int64)
    }
    var form: Form
    var width: Int
    var signed: Bool

    init(_ form: Form, width: Int, signed: Bool) {
        self.form = form
        self.width = width
        self.signed = signed
    }

    /// A constant in the fewest bits; negative ones are signed.
    init(constant value: Int64) {
        let magnitude = value < 0 ? ~value : value
        let bits = 64 - magnitude.leadingZeroBitCount
        self.init(.constant(value), width: max(1, value < 0 ? bits + 1 : bits), signed: value < 0)
    }

    var constantValue: Int64? {
        if case .constant(let value) = form { return value }
        return nil
    }

    /// Bits that hold the value in two's complement.
    var signedWidth: Int { signed ? width : width + 1 }

    /// One stored bit; `index` is below `width`.
    func bit(_ index: Int) -> String { stored(from: index, count: 1) }

    /// The value cut or extended to `target` bits.
    func resized(_ target: Int) -> String { bits(from: 0, count: target) }

    /// `count` bits of the endlessly extended value, from bit `low` up.
    func bits(from low: Int, count: Int) -> String {
        if let value = constantValue { return constantBits(value, from: low, count: count) }
        let present = min(count, max(0, width - low))
        let missing = count - present
        if missing == 0 { return stored(from: low, count: count) }
        let fill = !signed ? "\(missing)'d0" : missing == 1 ? bit(width - 1) : "{\(missing){\(bit(width - 1))}}"
        return present == 0 ? "{\(fill)}" : "{\(fill), \(stored(from: low, count: present))}"
    }

    /// `count` bits from a bit that a constant expression gives, where the value has `limit` bits or more; else nil.
    func bits(fromText first: String, count: Int, below limit: Int) -> String? {
        guard width >= limit else { return nil }
        switch form {
        case .variable(let name): return width == 1 ? nil : "\(name)[\(first) +: \(count)]"
        case .bus(let name, let lane):
            let start = BitSource.product(lane, width)
            return "\(name)[\(start == "0" ? first : "\(start) + \(first)") +: \(count)]"
        case .constant: return nil
        }
    }

    private func constantBits(_ value: Int64, from low: Int, count: Int) -> String {
        if count > 64 {
            let fill = value < 0 ? "{\(count - 64){1'b1}}" : "\(count - 64)'d0"
            return "{\(fill), \(constantBits(value, from: low, count: 64))}"
        }
        return Literal.text(value >> Int64(min(low, 63)), width: count)
    }

    private func stored(from low: Int, count: Int) -> String {
        switch form {
        case .variable(let name):
            if count == width { return name }
            return count == 1 ? "\(name)[\(low)]" : "\(name)[\(low + count - 1):\(low)]"
        case .bus(let name, let lane):
            let start = BitSource.sum(BitSource.product(lane, width), low)
            return count == 1 ? "\(name)[\(start)]" : "\(name)[\(start) +: \(count)]"
        case .constant(let value):
            return constantBits(value, from: low, count: count)
        }
    }

    /// `value != 0` as one bit.
    var nonZero: String {
        if let value = constantValue { return value == 0 ? "1'b0" : "1'b1" }
        return width == 1 ? resized(1) : "(|\(resized(width)))"
    }

    static func product(_ text: String, _ factor: Int) -> String {
        if let value = Int(text) { return "\(value * factor)" }
        return factor == 1 ? text : factor == 0 ? "0" : "\(text)*\(factor)"
    }

    static func sum(_ text: String, _ term: Int) -> String {
        if let value = Int(text) { return "\(value + term)" }
        return term == 0 ? text : term > 0 ? "\(text) + \(term)" : "\(text) - \(-term)"
    }
}

/// Sized literals.
enum Literal {
    /// `value` modulo 2^width; width is 1...64.
    static func text(_ value: Int64, width: Int) -> String {
        let mask = width == 64 ? UInt64.max : (UInt64(1) << UInt64(width)) - 1
        let bits = UInt64(bitPattern: value) & mask
        return bits < 1 << 31 ? "\(width)'d\(bits)" : "\(width)'h\(String(bits, radix: 16))"
    }
}
