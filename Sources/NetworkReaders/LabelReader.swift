// Classes of images from a file of their own (`network.input.labels`, docs/guide/Config.md).

import Diagnostics
import Foundation

/// Reads one class an image.
public enum LabelReader {
    /// What a file may be, for messages and documents.
    public static let accepted = ".npy of integers [N], .idx or -ubyte (also .gz), or text, one class a line"

    /// The classes in a file, as indices below `count`. Text may also have names of `classes`. Throws `InputError`.
    public static func read(path: String, count: Int, classes: [String]?) throws -> [Int] {
        let name = path.lowercased()
        let labels: [Int]
        if name.hasSuffix(".npy") {
            labels = try integers(path)
        } else if [".idx", "-ubyte", ".idx.gz", "-ubyte.gz"].contains(where: name.hasSuffix) {
            labels = try IDXArray.read(path, axes: 1).values.map { Int($0) }
        } else {
            return try lines(path, count: count, classes: classes)
        }
        if let index = labels.firstIndex(where: { !(0..<count).contains($0) }) {
            throw InputError(at: path, "label \(index) is \(labels[index]); accepted: 0...\(count - 1)")
        }
        return labels
    }

    private static func integers(_ path: String) throws -> [Int] {
        let array = try NpyReader.read(path: path)
        guard array.shape.filter({ $0 != 1 }).count <= 1 else {
            throw InputError(at: path, "an array of shape \(array.shape); needed is [N], one class an image")
        }
        switch array.elements {
        case .int32(let values): return values.map { Int($0) }
        case .int64(let values): return values.map { Int($0) }
        case .uint8(let values): return values.map { Int($0) }
        case .float32: throw InputError(at: path, "float elements; accepted: integers, one class an image")
        }
    }

    private static func lines(_ path: String, count: Int, classes: [String]?) throws -> [Int] {
        guard let text = String(data: try Files.read(path), encoding: .utf8) else {
            throw InputError(at: path, "is neither text nor an array; accepted: \(accepted)")
        }
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return try lines.enumerated().map { number, line in
            if let index = classes?.firstIndex(of: line) { return index }
            if let index = Int(line), (0..<count).contains(index) { return index }
            let names = classes.map { " or a name of: \($0.joined(separator: ", "))" } ?? ""
            let meant = Suggestion.text(for: line, among: classes ?? [])
            throw InputError(
                at: "\(path):\(number + 1)", "'\(line.echoed)' is no class\(meant); accepted: 0...\(count - 1)\(names)")
        }
    }
}
