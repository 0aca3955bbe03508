import Networks

/// A weight format as fields of a file.
struct FormatFields {
    var name: String
    var bits: Int
    var terms: Int?

    init(_ format: WeightFormat) {
        switch format {
        case .powerOfTwo(let bits): (name, self.bits) = ("power-of-two", bits)
        case .powerOfTwoSum(let bits, let terms): (name, self.bits, self.terms) = ("power-of-two-sum", bits, terms)
        case .fixed(let bits): (name, self.bits) = ("fixed", bits)
        }
    }

    /// The format, nil when there is none of that name and size.
    static func format(name: String?, bits: Int?, terms: Int?) -> WeightFormat? {
        switch (name, bits, terms) {
        case ("power-of-two", let bits?, nil) where (1...5).contains(bits): .powerOfTwo(bits: bits)
        case ("power-of-two-sum", let bits?, let terms?) where (3...5).contains(bits) && (1...2).contains(terms):
            .powerOfTwoSum(bits: bits, terms: terms)
        case ("fixed", let bits?, nil) where [4, 8, 16].contains(bits): .fixed(bits: bits)
        default: nil
        }
    }
}
