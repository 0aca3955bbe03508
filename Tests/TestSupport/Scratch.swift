// The one temporary folder of all tests.

import Foundation

/// A folder that lasts as long as the value.
package final class Scratch {
    /// The folder.
    package let url: URL

    /// Makes a new folder.
    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("shiftsim-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Lends a folder to `body`.
    package static func with<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let scratch = try Scratch()
        return try withExtendedLifetime(scratch) { try body(scratch.url) }
    }

    /// The path of a file in the folder, whether it is there or not.
    package func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Puts bytes into a file, with the folders it needs, and gives its path.
    @discardableResult
    package func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    /// Puts text into a file and gives its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String { try file(name, Data(text.utf8)) }

    /// Whether there is something of that name.
    package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// Names in the folder, sorted.
    package func contents() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }

    /// The text of a file.
    package func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: url.appendingPathComponent(name)), as: UTF8.self)
    }
}
