/// A defect of the integer network itself: the quantizer proves that none of these can happen.
public struct ReferenceModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Name of the layer, or of the network's input.
    public var layer: String
    /// What broke, with its numbers.
    public var message: String

    /// `layer` is the name of the layer that was computed.
    public init(layer: String, _ message: String) {
        self.layer = layer
        self.message = message
    }

    /// One line; the words "internal defect" mark it as a fault of this program.
    public var description: String { "internal defect: layer \(layer): \(message)" }
}
