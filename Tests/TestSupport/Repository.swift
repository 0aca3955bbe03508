import Foundation

/// Files of this repository, and those beside it that only tests use.
package enum Repository {
    /// The folder that has both Sources and Package.swift.
    package static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A path in the repository.
    package static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

    /// A path in the folder `shared` beside the repository: models, images and checkers that are too large to ship.
    package static func shared(_ name: String) -> String {
        root.deletingLastPathComponent().appendingPathComponent("shared").appendingPathComponent(name).path
    }

    /// Whether a file or folder beside the repository is there.
    package static func hasShared(_ name: String) -> Bool { FileManager.default.fileExists(atPath: shared(name)) }
}
