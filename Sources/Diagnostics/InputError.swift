// Input that is wrong, or legal and not modelled: the commonest of all messages.

#if MUTANTS
    import Mutants
#endif

/// Something in the user's input, with its place.
public struct InputError: Diagnostic, Equatable {
    /// Wrong, or legal but not supported by this version.
    public enum Kind: String, Sendable { case invalid, unsupported }
    /// Whether the input is wrong or only not supported.
    public var kind: Kind
    /// "file.yaml:12:3", "model.onnx: node conv1 (Conv)"; empty when there is no place to name.
    public var place: String
    /// What is wrong, and what is accepted.
    public var message: String

    /// An error at a place.
    public init(_ kind: Kind = .invalid, at place: String, _ message: String) {
        self.kind = kind
        // Of a long path the end says more.
        self.place = place.utf8.count > 200 ? "..." + place.suffix(197) : place
        self.message = message
    }

    /// "place: message", "place: unsupported: message".
    public var description: String {
        let text = kind == .unsupported ? "unsupported: \(message)" : message
        return place.isEmpty ? text : "\(place): \(text)"
    }

    /// Wrong and unsupported input alike.
    package var exitStatus: ExitStatus {
        #if MUTANTS
            if isPlanted("exit-status") { return .checkFailed }
        #endif
        return .wrongInput
    }
}
