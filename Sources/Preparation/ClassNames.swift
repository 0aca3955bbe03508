// Names of classes as a model file states them: its property `classes`, between commas.

import Foundation

enum ClassNames {
    /// The names; nil where there are none, or not `count`.
    static func of(_ metadata: [String: String], count: Int?) -> [String]? {
        guard let text = metadata["classes"] else { return nil }
        let trimmed = text.trimmingCharacters(in: CharacterSet(charactersIn: "[] "))
        let names = trimmed.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"'")) }
        return names.count == count ? names : nil
    }
}
