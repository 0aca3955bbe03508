// Errors a user can cause. Each carries where (file, line, key or node), what is wrong and what is accepted.

/// Input that is wrong, or legal but unsupported; the command line prints it and exits with 2.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: String, Sendable { case invalid, unsupported }
    public var kind: Kind
    /// "file.yaml:12:3", "model.onnx: node conv1 (Conv)"; empty when there is no place to name.
    public var place: String
    public var message: String

    public init(_ kind: Kind = .invalid, at place: String, _ message: String) {
        self.kind = kind
        self.place = place
        self.message = message
    }

    public var description: String {
        let text = kind == .unsupported ? "unsupported: \(message)" : message
        return place.isEmpty ? text : "\(place): \(text)"
    }
}
