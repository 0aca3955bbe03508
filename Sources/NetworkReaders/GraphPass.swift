// The steps between the nodes of a file and the layers of a network, so that they can be printed.

/// One graph pass and the nodes it touched. `shiftsim networks MODEL.onnx --passes` prints them.
public struct GraphPass: Sendable, Codable, Equatable {
    /// Passes in the order in which they are printed.
    public enum Name: String, Sendable, Codable, CaseIterable {
        case dropUnused = "drop-unused"
        case foldConstants = "fold-constants"
        case dequantizeWeights = "dequantize-weights"
        case removeQuantization = "remove-quantization"
        case keepSaturation = "keep-saturation"
        case removeIdentity = "remove-identity"
        case removeReshape = "remove-reshape"
        case removeSoftmax = "remove-softmax"
        case mergeScale = "merge-scale"
        case mergeBias = "merge-bias"
        case mergePadding = "merge-padding"
        case mergeShortcut = "merge-shortcut"
        case mergeShuffle = "merge-shuffle"
        case splitSum = "split-sum"
        case foldNormalization = "fold-batch-norm"
        case rewriteClip = "clip-to-relu"
        case preActivate = "pre-activate"
        case copy = "copy"

        /// What the pass does, in a sentence.
        public var meaning: String {
            switch self {
            case .dropUnused: "nodes that the output does not depend on are left out"
            case .foldConstants: "nodes that compute constants are computed"
            case .dequantizeWeights: "integer codes of weights become values; codes stay where the unit allows it"
            case .removeQuantization: "quantization of an activation is an identity; its scale is noted here"
            case .keepSaturation:
                "saturation at 0 of an unsigned activation becomes a ReLU; the quantizer sees to other bounds"
            case .removeIdentity: "nodes that do nothing at inference are left out"
            case .removeReshape: "reshaping to and from vectors makes no layer"
            case .removeSoftmax: "the largest class does not depend on it"
            case .mergeScale: "Mul and Add by constants join the affine layer before them"
            case .mergeBias: "Add joins the matrix product before it"
            case .mergePadding: "Pad joins the convolutions behind it"
            case .mergeShortcut: "Pad joins the Slice before it: a ResNet shortcut"
            case .mergeShuffle: "Reshape, Transpose, Reshape are one permutation of channels"
            case .splitSum: "a Sum of many becomes additions of two"
            case .foldNormalization: "normalizations and scalings join the multiplier and bias of the pass before them"
            case .rewriteClip: "min(max(x, low), high) = low + relu(high - low - relu(high - x))"
            case .preActivate: "a normalization or ReLU runs between memory and the array"
            case .copy: "a pass of its own that only copies"
            }
        }
    }

    /// Which pass.
    public var name: Name
    /// "node (Operator)" each, some with a detail, in the file's order.
    public var nodes: [String]

    /// Stores what is given.
    public init(name: Name, nodes: [String]) {
        self.name = name
        self.nodes = nodes
    }
}

/// Collects what the passes did while a graph is translated.
struct PassLog {
    private var nodes: [GraphPass.Name: [String]] = [:]

    mutating func note(_ pass: GraphPass.Name, _ node: Node, _ detail: String = "") {
        note(pass, "\(node.name) (\(node.operation)\(detail.isEmpty ? "" : ", \(detail)"))")
    }

    mutating func note(_ pass: GraphPass.Name, _ text: String) { nodes[pass, default: []].append(text) }

    /// The passes that touched a node.
    var passes: [GraphPass] {
        GraphPass.Name.allCases.compactMap { name in nodes[name].map { GraphPass(name: name, nodes: $0) } }
    }
}
