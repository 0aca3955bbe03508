import Foundation
import Output

/// One text of the emitted design, with its path inside the output directory.
public struct RTLFile: Sendable, Hashable, Codable {
    /// Path relative to the output directory, such as "rtl/top.sv" or "models/DSP48E2.sv".
    public var name: String
    /// The whole text.
    public var text: String

    /// A file with its path and text.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    /// Whether the file is part of the design itself (not a simulation model or a tool script).
    public var isDesign: Bool { name.hasPrefix("rtl/") }

    /// Whether the file is a simulation model of a vendor primitive.
    public var isModel: Bool { name.hasPrefix("models/") }
}

extension RTLFile {
    /// Writes files below `directory`, making folders as needed.
    package static func write(_ files: [RTLFile], to directory: URL) throws {
        for file in files {
            try WholeFile.write(file.text, to: directory.appendingPathComponent(file.name).path, makingFolders: true)
        }
    }
}
