import Foundation

/// A small VCD reader for tests: the value of every signal at the end of every cycle.
struct VCDValues {
    /// Identifier code of each full path, such as "top.array.pe[3].product".
    private(set) var codes: [String: String] = [:]
    /// Per cycle: code to bits, the last bit lowest.
    private(set) var cycles: [[String: String]] = []

    init(_ url: URL, period: Int) throws {
        var scopes: [String] = []
        var current: [String: String] = [:]
        var cycle = 0
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let first = words.first else { continue }
            switch first {
            case "$scope": scopes.append(words[2])
            case "$upscope": scopes.removeLast()
            case "$var": codes[(scopes + [words[4]]).joined(separator: ".")] = words[3]
            case _ where first.hasPrefix("#"):
                let time = Int(first.dropFirst()) ?? 0
                while cycle < time / period {
                    cycles.append(current)
                    cycle += 1
                }
            case _ where first.hasPrefix("b"): current[words[1]] = String(first.dropFirst())
            case _ where first.hasPrefix("0") || first.hasPrefix("1"):
                current[String(first.dropFirst())] = String(first.prefix(1))
            default: break
            }
        }
    }

    /// Bits of a signal at the end of a cycle as an unsigned number.
    func value(_ path: String, cycle: Int) -> UInt64? {
        codes[path].flatMap { cycles[cycle][$0] }.flatMap { UInt64($0, radix: 2) }
    }
}
