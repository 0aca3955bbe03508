/// What quantization did, layer by layer.
public struct QuantizationReport: Sendable, Equatable, Codable {
    /// Name of the network.
    public var network: String
    /// What was asked for.
    public var options: QuantizationOptions
    /// Number of images the activation exponents come from.
    public var calibrationImages: Int
    /// Exponent of the network's input.
    public var inputExponent: Int
    /// In the order of the integer network.
    public var layers: [LayerQuantizationReport]
}
