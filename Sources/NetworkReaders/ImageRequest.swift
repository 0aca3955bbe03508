// One call of ImageReader.read, by kind of source.

import Diagnostics
import Foundation
import Networks

struct ImageRequest {
    let source: String
    let first: Int
    let count: Int
    let expected: Shape
    let normalization: Normalization?

    static let fashionClasses = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]
    static let cifarClasses = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]

    func synthetic(seed: UInt64) throws -> ImageSet {
        let (_, overflow) = first.addingReportingOverflow(count)
        guard !overflow else { throw InputError(at: source, "first \(first) is too large") }
        let images = (first..<first + count).map { SmoothImages.image($0, shape: expected, seed: seed) }
        return ImageSet(
            images: images, shape: expected, labels: nil, classes: nil,
            description: "synthetic images \(range) of seed \(seed)")
    }

    func fashionMNIST() throws -> ImageSet {
        let folder = try FashionMNIST.folder()
        let images = try IDXArray.read("\(folder)/t10k-images-idx3-ubyte.gz", axes: 3)
        let labels = try IDXArray.read("\(folder)/t10k-labels-idx1-ubyte.gz", axes: 1)
        return try idx(images, labels: labels, classes: ImageRequest.fashionClasses)
    }

    func idx() throws -> ImageSet {
        let images = try IDXArray.read(source, axes: 3)
        let folder = (source as NSString).deletingLastPathComponent
        let name = (source as NSString).lastPathComponent
        let labelName = name.replacingOccurrences(of: "images", with: "labels")
            .replacingOccurrences(of: "idx3", with: "idx1")
        let labelPath = (folder as NSString).appendingPathComponent(labelName)
        let hasLabels = labelName != name && Files.exists(labelPath)
        return try idx(images, labels: hasLabels ? IDXArray.read(labelPath, axes: 1) : nil, classes: nil)
    }

    private func idx(_ images: IDXArray, labels: IDXArray?, classes: [String]?) throws -> ImageSet {
        let shape = Shape(channels: 1, height: images.dimensions[1], width: images.dimensions[2])
        let available = images.dimensions[0]
        try check(shape: shape, available: available)
        if let labels, labels.dimensions[0] != available {
            throw InputError(at: source, "\(available) images but \(labels.dimensions[0]) labels")
        }
        let area = shape.count
        let rows = try normalised((first..<first + count).map { images.values[$0 * area..<($0 + 1) * area] })
        let chosen = labels.map { $0.values[first..<first + count].map { Int($0) } }
        return set(rows, labels: chosen, classes: classes, available: available)
    }

    func cifar() throws -> ImageSet {
        let record = 1 + 3 * 32 * 32
        let size = try Files.size(source)
        guard size > 0, size % record == 0 else {
            throw InputError(at: source, "\(size) bytes are not CIFAR-10 records of \(record) bytes")
        }
        try check(shape: Shape(channels: 3, height: 32, width: 32), available: size / record)
        let bytes = [UInt8](try Files.read(source, offset: first * record, count: count * record))
        let labels = (0..<count).map { Int(bytes[$0 * record]) }
        if let bad = labels.firstIndex(where: { $0 > 9 }) {
            throw InputError(at: source, "record \(first + bad) has label \(labels[bad]); CIFAR-10's are 0 to 9")
        }
        let rows = try normalised((0..<count).map { bytes[$0 * record + 1..<($0 + 1) * record] })
        return set(rows, labels: labels, classes: ImageRequest.cifarClasses, available: size / record)
    }

    func npy() throws -> ImageSet {
        let array = try NpyReader.read(path: source)
        let available = try imageCount(array.shape)
        try check(available: available)
        let ranges = (first..<first + count).map { $0 * expected.count..<($0 + 1) * expected.count }
        let rows: [[Float]]
        switch array.elements {
        case .uint8(let values): rows = try normalised(ranges.map { values[$0] })
        case .float32(let values):
            rows = ranges.map { Array(values[$0]) }
            guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
                throw InputError(at: source, "an element is not finite")
            }
        case .int32, .int64:
            throw InputError(.unsupported, at: source, "integer elements; supported are float32 and uint8")
        }
        let holdsBytes = if case .uint8 = array.elements { true } else { false }
        return set(rows, labels: nil, classes: nil, holdsBytes: holdsBytes, available: available)
    }

    /// Images of the expected shape in an array [N, C, H, W], of fewer axes where those left out are 1 ([N, F] for an
    /// input Fx1x1, [N, H, W] for 1xHxW), or of one image without N.
    private func imageCount(_ sizes: [Int]) throws -> Int {
        let wanted = [expected.channels, expected.height, expected.width]
        func isImage(_ sizes: some Sequence<Int>) -> Bool { sizes.filter { $0 != 1 } == wanted.filter { $0 != 1 } }
        if sizes.count <= 3, isImage(sizes) { return 1 }
        if (1...4).contains(sizes.count), isImage(sizes.dropFirst()) { return sizes[0] }
        if sizes.count == 4 || sizes.count == 3 {
            let found = sizes.suffix(3).map(String.init).joined(separator: "x")
            throw InputError(at: source, "images of \(found); the network's input is \(expected)")
        }
        let flat = expected.height * expected.width == 1 ? ", [N, \(expected.channels)]" : ""
        let axes = wanted.map(String.init).joined(separator: ", ")
        throw InputError(
            at: source, "an array of shape \(sizes); needed is [N, \(axes)]\(flat), or one image [\(axes)]")
    }

    func png() throws -> ImageSet {
        try check(available: 1)
        let pixels = try PNGDecoder.decode(try Files.read(source), place: source, expected: expected)
        return set(try normalised([pixels[...]]), labels: nil, classes: nil, available: 1)
    }

    /// The .png files of a folder in name order; when it has none, those of its subfolders, one class each.
    func folder() throws -> ImageSet {
        var files = try PNGFolder.images(in: source).map { (path: $0, label: 0) }
        var classes: [String]?
        if files.isEmpty {
            let folders = try PNGFolder.subfolders(of: source)
            for (label, folder) in folders.enumerated() {
                files += try PNGFolder.images(in: "\(source)/\(folder)").map { ($0, label) }
            }
            classes = folders
        }
        guard !files.isEmpty else { throw InputError(at: source, "the folder has no .png files") }
        try check(available: files.count)
        let chosen = files[first..<first + count]
        let pixels = try chosen.map { file in
            try PNGDecoder.decode(try Files.read(file.path), place: file.path, expected: expected)[...]
        }
        let labels = classes == nil ? nil : chosen.map(\.label)
        return set(try normalised(pixels), labels: labels, classes: classes, available: files.count)
    }

    // MARK: - Shared

    private var range: String { count == 1 ? "\(first)" : "\(first) to \(first + count - 1)" }

    private func check(shape: Shape, available: Int) throws {
        try check(available: available)
        guard shape == expected else {
            throw InputError(at: source, "images of \(shape); the network's input is \(expected)")
        }
    }

    private func check(available: Int) throws {
        guard first <= available, count <= available - first else {
            throw InputError(at: source, "first \(first) and count \(count) exceed the \(available) images available")
        }
    }

    private func normalised(_ images: [ArraySlice<UInt8>]) throws -> [[Float]] {
        guard let normalization else { return images.map { $0.map { Float($0) } } }
        try normalization.check(channels: expected.channels, place: source)
        return images.map { normalization.apply($0, shape: expected) }
    }

    private func set(
        _ images: [[Float]], labels: [Int]?, classes: [String]?, holdsBytes: Bool = true, available: Int
    ) -> ImageSet {
        ImageSet(
            images: images, shape: expected, labels: labels, classes: classes, holdsBytes: holdsBytes,
            available: available,
            description: "\(count == 1 ? "image" : "images") \(range) of \(source) (\(available) available)")
    }
}
