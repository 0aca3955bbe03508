/// What the scale of an activation tensor may be: the real value of its integer 1.
public enum ActivationScaleRule: String, Sendable, Equatable, Hashable, Codable, CaseIterable {
    /// A power of two: requantization is a shift but for what a layer's weights and batch normalization ask.
    case powerOfTwo = "power-of-two"
    /// Any number, in the 16-bit multiplier behind each pass; up to an octave more of each range is used.
    case multiplier
}
