/// How weights become integers.
public enum QuantizationScheme: Sendable, Equatable, Codable {
    /// n-bit power-of-two codes of Chen et al. (TNNLS 2020): 0 and +-2^-i, i in 0 ..< 2^(n-1) - 1, times a scale
    /// per layer; n is 1...5.
    case nBQ(bits: Int)
    /// Symmetric fixed point of 4, 8 or 16 bits with a scale per layer.
    case fixed(bits: Int)
    /// Codes the model already holds; layers without codes become wide fixed point.
    case asIs
}
