// Why a layer cannot run on an array, as values; and the words for it. The words name keys of the configuration file
// (array.kernel, buffers.ifmap_kib …), which nothing else in Schedule knows.

import Diagnostics
import Networks

/// A size of the array that bounds a layer's tiles.
public enum TileLimit: String, Sendable, Equatable, Codable {
    case ifmap, weights, ofmap, psums, rowLength

    /// The configuration key of the size.
    public var key: String {
        switch self {
        case .ifmap: "buffers.ifmap_kib"
        case .weights: "buffers.weight_kib"
        case .ofmap: "buffers.ofmap_kib"
        case .psums: "buffers.psum_kib"
        case .rowLength: "array.row_length"
        }
    }
}

/// What a layer, or the network, needs and the array does not have.
enum Shortage: Sendable, Equatable {
    /// Bits of an activation.
    case activationBits(network: Int, array: Int)
    /// The network's image does not fit 32-bit addresses.
    case memory(bytes: Int)
    /// The array has no pre-activation.
    case preActivation
    /// Words of pre-activation constants.
    case preActivationConstants(needed: Int, has: Int)
    /// A convolver's grid is smaller than a dilated kernel's extent; than a kernel.
    case extent(Window, grid: Int)
    case kernel(Window, grid: Int)
    /// The loop nest cannot step over columns that are so far apart.
    case dilation(columns: Int)
    /// A window can lie in the padding alone, on family `convolver`.
    case windowsInPadding
    /// Strides of rows and columns, on family `convolver`.
    case strides(Int, Int)
    /// Pixels of a line buffer.
    case rowLength(needed: Int, has: Int)
    /// Bits of an accumulator.
    case accumulators(needed: Int, has: Int)
    /// The smallest tile, a pixel of `outputs` channels, does not fit.
    case tile(TileLimit, outputs: Int)
    /// The channels of a residual stand otherwise than the layer's own, because of a concatenation.
    case residualPlaces(String, granule: Int)
    /// A weight that a multiplying lane cannot hold.
    case weight(Int32, element: String, bits: Int)
    /// A term of a weight that is no code of a shifting lane.
    case term(Int, bits: Int)
    /// More passes over the weights than an instruction can say.
    case passes(Int)

    /// The error to throw for a layer.
    func error(layer: String) -> InputError { InputError(.unsupported, at: "layer \(layer)", message) }

    /// What to tell the user, with the keys to change.
    var message: String {
        switch self {
        case .activationBits(let network, let array):
            "\(network)-bit activations on an array of \(array) bits"
        case .memory(let bytes):
            "needs \(bytes) bytes of memory; 32-bit addresses"
        case .preActivation:
            "has a pre-activation; the array has none: array.pre_activation true or auto"
        case .preActivationConstants(let needed, let has):
            "its pre-activation has \(needed) words of constants; the array holds \(has)"
        case .extent(let window, let grid):
            "its \(window.kernelHeight)x\(window.kernelWidth) kernel of dilations \(window.dilationHeight), "
                + "\(window.dilationWidth) spans \(window.extentHeight)x\(window.extentWidth) pixels; "
                + "the convolvers have \(grid)x\(grid): make array.kernel larger, or use family vector"
        case .kernel(let window, let grid):
            "its \(window.kernelHeight)x\(window.kernelWidth) kernel is larger than the convolvers' "
                + "\(grid)x\(grid); make array.kernel larger"
        case .dilation(let columns):
            "its kernel's columns are \(columns) apart; the array cannot: array.dilation true or auto"
        case .windowsInPadding:
            "windows that lie in the padding alone do not run on family convolver"
        case .strides(let rows, let columns):
            "strides \(rows), \(columns); family convolver has 1...16"
        case .rowLength(let needed, let has):
            "its windows need rows of \(needed) pixels; array.row_length is \(has); accepted: \(needed)...4096"
        case .accumulators(let needed, let has):
            "its sums need \(needed) bits; array.accumulator_bits is \(has); accepted: "
                + (needed <= 48 ? "\(needed)...48" : "none, for 48 are the most; use fewer bits for weights")
        case .tile(let limit, let outputs):
            "the smallest tile, one output pixel of \(outputs) channels, does not fit the buffer, or half of it where "
                + "weights come in parts or schedule.search is first-fit; make \(limit.key) larger"
        case .residualPlaces(let residual, let granule):
            "adds \(residual), whose channels do not stand as its own do: parts of a concatenation that are no "
                + "multiple of gcd(array.inputs, array.outputs) = \(granule) channels"
        case .weight(let weight, let element, let bits):
            "weight \(weight) does not fit the \(bits)-bit lanes of \(element); use a wider array.weight_bits"
        case .term(let value, let bits):
            "term \(value) is no \(bits)-bit power-of-two code"
        case .passes(let count):
            "its weights need \(count) passes; the array's weight_bits are too few"
        }
    }
}
