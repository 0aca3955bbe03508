// How messages repeat what a user wrote.

extension StringProtocol {
    /// The text as messages repeat it: one line of at most 200 characters, control characters as escapes.
    package var echoed: String {
        let most = 200
        var result = ""
        for scalar in unicodeScalars {
            result += scalar.echoed
            // Bytes first: they are counted at no cost, and one character may have any number of them.
            if result.utf8.count > most, result.unicodeScalars.count > most {
                return String(String.UnicodeScalarView(result.unicodeScalars.prefix(most - 3))) + "..."
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var echoed: String {
        switch self {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
            return "\\u{\(String(value, radix: 16))}"
        default: return String(self)
        }
    }
}
