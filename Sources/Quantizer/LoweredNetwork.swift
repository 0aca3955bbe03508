import Networks

/// A float network as array passes.
struct LoweredNetwork {
    var layers: [LoweredLayer]
    /// Names and parts are float tensors.
    var concatenations: [Concatenation]
    /// Affine layers that became part of the pass before them.
    var folded: [String] = []

    /// Index at which `parts` stand one after another in `home`.
    static func stretch(_ parts: [String], in home: [String]) -> Int? {
        guard parts.count <= home.count else { return nil }
        return (0...home.count - parts.count).first { Array(home[$0..<$0 + parts.count]) == parts }
    }
}
