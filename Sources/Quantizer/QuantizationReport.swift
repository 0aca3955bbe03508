/// What quantization did, layer by layer.
public struct QuantizationReport: Sendable, Equatable, Codable {
    public var network: String
    public var options: QuantizationOptions
    /// Number of images the activation exponents come from.
    public var calibrationImages: Int
    public var inputExponent: Int
    public var layers: [LayerQuantizationReport]
}
