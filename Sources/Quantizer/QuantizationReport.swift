import Networks

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

/// What quantization did to one layer.
public struct LayerQuantizationReport: Sendable, Equatable, Codable {
    /// Name of the integer layer.
    public var name: String
    /// Kind of the float layer it comes from, as `QuantizedLayer.kind`.
    public var kind: String
    /// The float layer whose output this layer computes: the last one fused into it.
    public var tensor: String
    /// The float layer whose output the array reads, where that exists only on the way to it; `inputExponent` is its.
    public var preActivation: String?
    /// Nil for poolings.
    public var format: WeightFormat?
    /// Number of weights; 0 for poolings and copies.
    public var weights: Int
    /// Filters (output channels) of 0, 1, 2, ... power-of-two terms; nil for fixed point and without weights.
    public var filters: [Int]?
    /// Bits that the weights take, as the papers count them (docs/internals/Numerics.md, 2.5); 0 for poolings and
    /// copies.
    public var storedBits: Int
    /// Real value of an integer weight of 1; nil for poolings.
    public var weightScale: Double?
    /// Largest level of a power-of-two layer, in real units; nil for others.
    public var topLevel: Double?
    /// Decision thresholds of |W| in real units, largest first; empty where values were kept or rounded.
    public var thresholds: [Double]
    /// FLightNN: the filter norms above which a filter gets its first and second term, in real units; else empty.
    public var termThresholds: [Double]
    /// Signal to quantization noise of the weights, dB; nil when exact or without weights.
    public var weightSQNR: Double?
    /// Cosine between float and quantized weights; nil without weights.
    public var weightCosine: Double?
    /// Exponent of what the array reads; its mantissa is in the report of the layer that writes it.
    public var inputExponent: Int
    /// See `outputMantissa`.
    public var outputExponent: Int
    /// Real value of an output integer of 1 is outputMantissa * 2^outputExponent.
    public var outputMantissa: Double
    /// As `Requantization.preShift`.
    public var preShift: Int
    /// As `Requantization.shift`.
    public var shift: Int
}
