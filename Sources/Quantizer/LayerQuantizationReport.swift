import Networks

/// What quantization did to one layer.
public struct LayerQuantizationReport: Sendable, Equatable, Codable {
    public var name: String
    public var kind: String
    /// The float layer whose output this layer computes: the last one fused into it.
    public var tensor: String
    /// Nil for poolings.
    public var format: WeightFormat?
    /// Real value of an integer weight of 1; nil for poolings.
    public var weightScale: Double?
    /// Largest level s of a power-of-two layer, in real units; nil for others.
    public var topLevel: Double?
    /// Decision thresholds of |W| in real units, largest first; empty where values were kept or rounded.
    public var thresholds: [Double]
    /// Signal to quantization noise of the weights, dB; nil when exact or without weights.
    public var weightSQNR: Double?
    /// Cosine between float and quantized weights; nil without weights.
    public var weightCosine: Double?
    public var inputExponent: Int
    public var outputExponent: Int
    public var preShift: Int
    public var shift: Int
}
