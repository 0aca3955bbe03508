// The images named by `network.input.images` in a configuration
// (docs/guide/Config.md).

import Diagnostics
import Foundation
import Networks

/// Reads the images a network is run on.
public enum ImageReader {
    /// Names of the sources that are not paths.
    public static let namedSources = ["fashion-mnist", "synthetic"]

    /// What `source` may be, for messages.
    static let accepted =
        "fashion-mnist, synthetic, a CIFAR-10 .bin, .idx or -ubyte (also .gz), .npy, .png, or a folder of .png"

    /// Images `first` to `first + count - 1` of `source`, each of the shape `expected`.
    ///
    /// | `source` | pixels | labels |
    /// |---|---|---|
    /// | `fashion-mnist` | test set in the folder `SHIFTSIM_FASHION_MNIST` or of Debian's package | yes |
    /// | `synthetic` | smooth, seeded, already in -1...1 (`SmoothImages`) | no |
    /// | `.bin` | CIFAR-10 records: label byte, 3 x 32 x 32 bytes | yes |
    /// | `.idx`, `-ubyte`, also with `.gz` | IDX of bytes [N, H, W] | from the `labels` file beside it |
    /// | `.npy` | uint8, or float32 taken as it is; see `npySizes` | no |
    /// | `.png` | 8-bit grey, RGB or palette; alpha is dropped | no |
    /// | folder | its .png in name order, or those of its subfolders | subfolders |
    ///
    /// Bytes are normalised; without a normalization they stay 0...255. `seed` matters to `synthetic` only. Throws `InputError`, and `EnvironmentProblem` when the Fashion-MNIST
    /// package is not installed.
    public static func read(
        source: String, first: Int, count: Int, seed: UInt64, expected: Shape, normalization: Normalization?
    ) throws -> ImageSet {
        guard count >= 1 else { throw InputError(at: source, "count \(count); accepted are counts from 1") }
        guard first >= 0 else { throw InputError(at: source, "first \(first); accepted are indices from 0") }
        guard Limits.accepts(expected), count <= Limits.elements / expected.count else {
            throw InputError(at: source, "\(count) images of \(expected) exceed \(Limits.elements) elements")
        }
        let request = ImageRequest(
            source: source, first: first, count: count, expected: expected, normalization: normalization)
        if source == "synthetic" { return try request.synthetic(seed: seed) }
        if source == "fashion-mnist" { return try request.fashionMNIST() }
        if Files.isDirectory(source) { return try request.folder() }
        let name = source.lowercased()
        if name.hasSuffix(".xz") {
            throw InputError(.unsupported, at: source, "xz compression; unpack it with `xz -dk \(source)`")
        }
        if name.hasSuffix(".bin") { return try request.cifar() }
        if name.hasSuffix(".npy") { return try request.npy() }
        if name.hasSuffix(".png") { return try request.png() }
        if [".idx", "-ubyte", ".idx.gz", "-ubyte.gz"].contains(where: name.hasSuffix) { return try request.idx() }
        let found = Files.exists(source) ? "a file of unknown type" : "no such source"
        throw InputError(.unsupported, at: source, "\(found); supported are \(accepted)")
    }
}
