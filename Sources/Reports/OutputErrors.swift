/// Signal to quantization noise and cosine of every layer's output, for one image.
package struct OutputErrors: Sendable {
    /// dB; no entry where there is no error.
    package var sqnr: [String: Double] = [:]
    /// No entry where a tensor is zero.
    package var cosine: [String: Double] = [:]

    /// No layer yet.
    package init() {}
}
