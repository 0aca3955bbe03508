// Are the pixels, labels and normalised values those of the files, and is every wrong request refused?
import CZlib
import Diagnostics
import Foundation
import Networks
import TestSupport
import Testing

@testable import NetworkReaders

struct ImageReaderTests {
    let small = Shape(channels: 1, height: 2, width: 3)

    func read(
        _ source: String, first: Int = 0, count: Int = 1, seed: UInt64 = 1, expected: Shape,
        normalization: Normalization? = .raw
    ) throws -> ImageSet {
        try ImageReader.read(
            source: source, first: first, count: count, seed: seed, expected: expected, normalization: normalization)
    }

    func pixels(_ set: ImageSet) -> [[Int]] { set.images.map { $0.map { Int($0.rounded()) } } }

    @Test("Requests that no source can answer")
    func requests() throws {
        func message(_ source: String, first: Int = 0, count: Int = 1) -> String {
            messageOf { _ = try read(source, first: first, count: count, expected: small) }
        }
        #expect(message("synthetic", count: 0) == "synthetic: count 0; accepted are counts from 1")
        #expect(message("synthetic", first: -1) == "synthetic: first -1; accepted are indices from 0")
        #expect(message("synthetic", count: .max).contains("exceed"))
        #expect(message("synthetic", first: .max) == "synthetic: first \(Int.max) is too large")
        #expect(message("a.bin.xz") == "a.bin.xz: unsupported: xz compression; unpack it with `xz -dk a.bin.xz`")
        #expect(message("nothing") == "nothing: unsupported: no such source; supported are \(ImageReader.accepted)")
        #expect(message("absent.npy") == "absent.npy: no such file")
    }

    @Test("Synthetic images: in -1...1, smooth, the same for any window of indices")
    func synthetic() throws {
        let shape = Shape(channels: 2, height: 32, width: 32)
        let set = try read("synthetic", count: 4, expected: shape)
        #expect(set.images.allSatisfy { $0.count == shape.count && $0.allSatisfy { abs($0) <= 1 } })
        #expect(try read("synthetic", first: 2, count: 2, expected: shape).images == Array(set.images[2...]))
        #expect(try read("synthetic", seed: 2, expected: shape).images[0] != set.images[0])
        #expect(Set(set.images).count == 4)
        func meanDifference(_ distance: Int) -> Float {
            let row = set.images[0]
            return (0..<900).reduce(0) { $0 + abs(row[$1] - row[$1 + distance]) } / 900
        }
        #expect(meanDifference(1) < 0.6 * meanDifference(16))
        #expect(set.labels == nil)
    }

    @Test("CIFAR-10 records: planes, labels, normalization")
    func cifar() throws {
        let folder = try Scratch()
        var bytes = Data()
        for image in 0..<3 {
            bytes.append(UInt8(image * 4))
            bytes.append(contentsOf: (0..<3072).map { UInt8(truncatingIfNeeded: $0 + image) })
        }
        let path = try folder.file("a.bin", bytes)
        let shape = Shape(channels: 3, height: 32, width: 32)
        let set = try read(path, first: 1, count: 2, expected: shape, normalization: .imageNet)
        #expect(set.labels == [4, 8])
        #expect(set.classes?[8] == "ship")
        #expect(set.images[0][0] == (Float(1) / 255 - 0.485) / 0.229)
        #expect(set.images[1][1024] == (Float(2) / 255 - 0.456) / 0.224)
        #expect(
            messageOf { _ = try read(path, first: 2, count: 2, expected: shape) }
                == "\(path): first 2 and count 2 exceed the 3 images available")
        #expect(
            messageOf { _ = try read(path, expected: small) }
                == "\(path): images of 3x32x32; the network's input is 1x2x3")
        let cut = try folder.file("b.bin", bytes.dropLast())
        #expect(
            messageOf { _ = try read(cut, expected: shape) }
                == "\(cut): 9218 bytes are not CIFAR-10 records of 3073 bytes")
        bytes[0] = 10
        let wrong = try folder.file("c.bin", bytes)
        #expect(messageOf { _ = try read(wrong, expected: shape) }.contains("record 0 has label 10"))
    }

    @Test("IDX, plain and compressed, with the labels beside it")
    func idx() throws {
        let folder = try Scratch()
        let images = Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3] + Array(1...12))
        let labels = Data([0, 0, 8, 1, 0, 0, 0, 2, 7, 3])
        let plain = try folder.file("images.idx", images)
        #expect(try pixels(read(plain, count: 2, expected: small)) == [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
        #expect(try read(plain, expected: small).labels == nil)
        let packed = try folder.file("t-images-idx3-ubyte.gz", try gzip(images))
        _ = try folder.file("t-labels-idx1-ubyte.gz", try gzip(labels))
        let set = try read(packed, first: 1, expected: small)
        #expect(set.labels == [3])
        #expect(pixels(set) == [[7, 8, 9, 10, 11, 12]])
        let cut = try folder.file("cut.idx.gz", try gzip(images).dropLast(12))
        #expect(messageOf { _ = try read(cut, expected: small) } == "\(cut): the compressed data is truncated")
        let short = try folder.file("short.idx", images.dropLast())
        #expect(
            messageOf { _ = try read(short, expected: small) }
                == "\(short): IDX sizes [2, 2, 3] do not match the 11 bytes stored")
        let wrong = try folder.file("wrong.idx", labels)
        #expect(messageOf { _ = try read(wrong, expected: small) }.contains("IDX element type 8 and 1 axes"))
    }

    func gzip(_ data: Data) throws -> Data {
        let folder = try Scratch()
        let file = gzopen("\(folder.url.path)/f.gz", "wb")
        _ = [UInt8](data).withUnsafeBytes { gzwrite(file, $0.baseAddress, UInt32($0.count)) }
        gzclose(file)
        return try Data(contentsOf: URL(fileURLWithPath: "\(folder.url.path)/f.gz"))
    }

    @Test(
        "Fashion-MNIST's test set",
        .enabled(if: Files.exists(FashionMNIST.debianFolder), "apt-get install dataset-fashion-mnist"))
    func fashionMNIST() throws {
        let shape = Shape(channels: 1, height: 28, width: 28)
        let set = try read("fashion-mnist", first: 9_998, count: 2, expected: shape, normalization: .fashionMNIST)
        #expect(set.labels == [1, 5])
        #expect(set.classes?[5] == "Sandal")
        #expect(set.images[0][0] == (0 - Float(0.2860)) / 0.3530)
        #expect(
            messageOf { _ = try read("fashion-mnist", first: 9_999, count: 2, expected: shape) }
                == "fashion-mnist: first 9999 and count 2 exceed the 10000 images available")
    }

    @Test("A missing Fashion-MNIST names its package")
    func fashionMNISTMissing() {
        let problem = EnvironmentProblem(
            message: """
                Fashion-MNIST is not installed (looked in /b): run `apt-get install dataset-fashion-mnist`, \
                or set SHIFTSIM_FASHION_MNIST to a folder with t10k-images-idx3-ubyte.gz and \
                t10k-labels-idx1-ubyte.gz
                """)
        for environment in [[:], [FashionMNIST.variable: ""]] {
            #expect(throws: problem) { try FashionMNIST.folder(environment: environment, installed: "/b") }
        }
        // A variable that is wrong is never passed over.
        let installed = Files.exists(FashionMNIST.debianFolder) ? FashionMNIST.debianFolder : "/b"
        let error = #expect(throws: EnvironmentProblem.self) {
            try FashionMNIST.folder(environment: [FashionMNIST.variable: "/a"], installed: installed)
        }
        #expect(error?.message.hasPrefix("SHIFTSIM_FASHION_MNIST is '/a', which has no t10k-images") == true)
    }

    @Test("npy: uint8 are pixels, float32 is taken as it is")
    func npy() throws {
        let folder = try Scratch()
        func write(_ shape: [Int], _ elements: NpyArray.Elements) throws -> String {
            let path = "\(folder.url.path)/a.npy"
            try NpyWriter.write(NpyArray(shape: shape, elements: elements), to: path)
            return path
        }
        let path = try write([2, 1, 2, 3], .uint8(Array(0..<12)))
        #expect(try pixels(read(path, first: 1, expected: small)) == [[6, 7, 8, 9, 10, 11]])
        _ = try write([1, 2, 3], .float32([1, 2, 3, 4, 5, 6.5]))
        #expect(try read(path, expected: small).images == [[1, 2, 3, 4, 5, 6.5]])
        _ = try write([1, 2, 3], .float32([1, 2, 3, 4, 5, .nan]))
        #expect(messageOf { _ = try read(path, expected: small) } == "\(path): an element is not finite")
        _ = try write([6], .float32([1, 2, 3, 4, 5, 6]))
        #expect(messageOf { _ = try read(path, expected: small) }.contains("shape [6]; needed is [N, 1, 2, 3]"))
        _ = try write([1, 2, 3], .int32([1, 2, 3, 4, 5, 6]))
        #expect(messageOf { _ = try read(path, expected: small) }.contains("integer elements"))
    }

    /// Axes of size 1 may be left out or be elsewhere: the elements stand in the same order.
    @Test(
        "npy: forms of an array",
        arguments: [
            (Shape(channels: 6, height: 1, width: 1), [[2, 6], [2, 6, 1], [2, 6, 1, 1], [2, 1, 6], [2, 1, 1, 6]]),
            (Shape(channels: 1, height: 2, width: 3), [[2, 2, 3], [2, 1, 2, 3], [2, 2, 3, 1]]),
            (Shape(channels: 2, height: 3, width: 1), [[2, 2, 3], [2, 2, 3, 1]]),
            (Shape(channels: 1, height: 1, width: 1), [[2], [2, 1], [2, 1, 1, 1]]),
        ])
    func npyForms(expected: Shape, forms: [[Int]]) throws {
        let folder = try Scratch()
        let path = "\(folder.url.path)/a.npy"
        let values = (0..<2 * expected.count).map { Float($0) }
        for form in forms {
            try NpyWriter.write(NpyArray(shape: form, elements: .float32(values)), to: path)
            let set = try read(path, first: 1, expected: expected)
            #expect(set.available == 2 && set.images == [Array(values[expected.count...])], "\(form)")
            // One image alone.
            guard form.count > 1 else { continue }
            let single = Array(form.dropFirst())
            try NpyWriter.write(
                NpyArray(shape: single, elements: .float32(Array(values[..<expected.count]))), to: path)
            let one = try read(path, expected: expected)
            #expect(one.available == 1 && one.images == [Array(values[..<expected.count])], "\(single)")
        }
        for wrong in [[12, 1, 1, 1], [3, 4], [2, 3, 2], [1, 1, 2, 6, 1]] where !forms.contains(wrong) {
            let count = wrong.reduce(1, *)
            try NpyWriter.write(NpyArray(shape: wrong, elements: .float32(.init(repeating: 0, count: count))), to: path)
            guard expected.count > 1 else { continue }
            let message = messageOf { _ = try read(path, expected: expected) }
            #expect(message.contains("input is \(expected)") || message.contains("needed is [N, "), "\(wrong)")
        }
    }

    @Test("Normalizations")
    func normalizations() throws {
        let metadata = ["input_mean": "[0.1, 0.2]", "input_std": "1,2"]
        #expect(try Normalization(metadata: metadata, place: "m") == Normalization(mean: [0.1, 0.2], std: [1, 2]))
        #expect(try Normalization(metadata: [:], place: "m") == nil)
        #expect(
            messageOf { _ = try Normalization(metadata: ["input_mean": "1"], place: "m") }
                == "m: metadata input_std is ''; accepted are numbers separated by commas")
        let two = Normalization(mean: [0, 0], std: [1, 1])
        #expect(
            messageOf { try two.check(channels: 3, place: "p") }
                == "p: normalization mean [0.0, 0.0]; needed are 1 or 3 finite values")
        #expect(
            messageOf { try Normalization(mean: [0], std: [0]).check(channels: 3, place: "p") }
                == "p: normalization std [0.0]; accepted are values above 0")
    }
}
