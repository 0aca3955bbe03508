// Listing of folders with images.

import Diagnostics
import Foundation
import Networks

enum PNGFolder {
    /// Paths of the .png files in a folder, in name order.
    static func images(in folder: String) throws -> [String] {
        try names(in: folder).filter { $0.lowercased().hasSuffix(".png") }.map { "\(folder)/\($0)" }
    }

    /// Names of the visible subfolders, in order.
    static func subfolders(of folder: String) throws -> [String] {
        try names(in: folder).filter { Files.isDirectory("\(folder)/\($0)") }
    }

    private static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw InputError(at: folder, "the folder cannot be read: \(error.localizedDescription)")
        }
    }
}
