import Foundation

/// Standard output for results, standard error for everything else.
enum Console {
    static func message(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    static func result(_ data: Data) { FileHandle.standardOutput.write(data) }

    static func result(_ text: String) { result(Data(text.utf8)) }
}
