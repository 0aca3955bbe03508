// A layer as the array works on it.

import Accelerator
import Networks

/// How the compute engine works on a layer.
enum LayerWork: Sendable, Hashable {
    /// A pooling, in the loop nest.
    case pool
    /// A convolution in the loop nest: family `vector`.
    case nest
    /// A convolution in streams: family `convolver`.
    case stream(ConvolverParameters)
    /// On family `convolver`: the one window is the whole map and larger than the grid, so that each of its pixels
    /// counts as an input group of a 1x1 kernel.
    case flattened(ConvolverParameters)
}

/// A layer (or one group of a grouped convolution) as the array works on it.
struct LayerShape: Sendable, Hashable {
    var inputShape: Shape
    var outputShape: Shape
    var window: Window
    /// Input words (groups of Pm channels); for pooling 1.
    var inputGroups: Int
    /// Output words (groups of Pn channels); for pooling the input words of one granule.
    var outputGroups: Int
    /// Passes over its weights; for pooling 1.
    var passes: Int
    var work: LayerWork

    var isPool: Bool { work == .pool }
    /// Padding is masked, not loaded.
    var streams: Bool {
        switch work {
        case .pool, .nest: false
        case .stream, .flattened: true
        }
    }
    /// See `LayerWork.flattened`.
    var isFlattened: Bool {
        switch work {
        case .pool, .nest, .stream: false
        case .flattened: true
        }
    }

    /// Weight words of an input group, or of a flattened layer's stream.
    var unitWords: Int { isFlattened ? 1 : window.kernelHeight * window.kernelWidth }
    /// Input groups, or a flattened layer's streams, in one pass.
    var units: Int { inputGroups * (isFlattened ? window.kernelHeight * window.kernelWidth : 1) }
}
