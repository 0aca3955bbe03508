// Whole files into memory, with messages that say what is wrong with the path.

import Diagnostics
import Foundation
import Networks

enum Files {
    /// Largest file that is read, in bytes (a protobuf message cannot be larger).
    static let largest = Int(Int32.max)

    static func isDirectory(_ path: String) -> Bool {
        var directory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &directory) && directory.boolValue
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// The bytes of a regular file.
    static func read(_ path: String) throws -> Data {
        guard exists(path) else { throw InputError(at: path, "no such file") }
        guard try size(path) <= largest else {
            throw InputError(.unsupported, at: path, "a file larger than \(largest) bytes")
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw InputError(at: path, "the file cannot be read: \(error.localizedDescription)")
        }
    }

    /// Size of a regular file in bytes; anything else at that path is an error.
    static func size(_ path: String) throws -> Int {
        let attributes: [FileAttributeKey: Any]
        do {
            // A link counts as what it points to.
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            attributes = try FileManager.default.attributesOfItem(atPath: target)
        } catch {
            throw InputError(at: path, "the file cannot be read: \(error.localizedDescription)")
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw InputError(at: path, "not a regular file")
        }
        return (attributes[.size] as? NSNumber)?.intValue ?? 0
    }

    /// `count` bytes from `offset`; the range must lie in the file.
    static func read(_ path: String, offset: Int, count: Int) throws -> Data {
        let size = try size(path)
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
            throw InputError(at: path, "the file has \(size) bytes; bytes \(offset) to \(offset) + \(count) are needed")
        }
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            try handle.seek(toOffset: UInt64(offset))
            let data = try handle.read(upToCount: count) ?? Data()
            if data.count == count { return data }
        } catch {
            throw InputError(at: path, "the file cannot be read: \(error.localizedDescription)")
        }
        throw InputError(at: path, "the file ended early")
    }
}
