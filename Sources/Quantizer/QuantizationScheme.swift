/// How weights become integers.
public enum QuantizationScheme: Sendable, Equatable, Codable {
    /// n-bit power-of-two codes of Chen et al. (TNNLS 2020): 0 and +-2^-i, i in 0 ..< 2^(n-1) - 1, times a scale
    /// per layer; n is 1...5.
    case nBQ(bits: Int)
    /// Symmetric fixed point of 4, 8 or 16 bits with a scale per layer.
    case fixed(bits: Int)
    /// Every weight is a sum of at most `terms` signed powers of two, each an n-bit code (0 or one of
    /// 2^(n-1) - 1 octaves, times a power of two per layer): LightNN-1 and LightNN-2 (Ding et al., GLSVLSI 2017) in
    /// the residual form of FLightNN; n is 3...5, terms 1 or 2.
    case lightNN(terms: Int, bits: Int)
    /// FLightNN (Ding et al., DAC 2019): as `lightNN`, with 0, 1 or 2 terms chosen filter by filter.
    case flightNN(bits: Int)
    /// Codes the model already holds; layers without codes become wide fixed point.
    case asIs

    /// Widths of codes of one power of two.
    public static let codeWidths = 1...5
    /// Widths of a term of LightNN and FLightNN.
    public static let termWidths = 3...5
    /// Widths of fixed point.
    public static let fixedWidths = [4, 8, 16]

    /// Fixed point that is finer than that of a wide first and last layer.
    var isWide: Bool {
        if case .fixed(let bits) = self { return bits >= 8 }
        return false
    }
}
