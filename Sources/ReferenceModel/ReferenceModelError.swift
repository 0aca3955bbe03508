/// A defect of the integer network itself: the quantizer proves that none of these can happen.
public struct ReferenceModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Name of the layer, or of the network's input.
    public var layer: String
    public var message: String

    public init(layer: String, _ message: String) {
        self.layer = layer
        self.message = message
    }

    public var description: String { "internal defect: layer \(layer): \(message)" }
}
