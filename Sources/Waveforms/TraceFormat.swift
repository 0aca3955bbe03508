// The trace file formats of this module and how a file name selects one.

/// A trace file format.
public enum TraceFormat: String, CaseIterable, Codable, Sendable {
    /// GTKWave's Fast Signal Trace, file names ending in `.fst`.
    case fst
    /// Value Change Dump (IEEE 1800 clause 21.7), file names ending in `.vcd`.
    case vcd
    /// A Value Change Dump compressed by gzip, file names ending in `.vcd.gz`.
    case compressedVCD = "vcd.gz"

    /// The file name ending of the format, with its leading dot.
    public var fileExtension: String { "." + rawValue }

    /// Every ending, for messages and help texts.
    public static let endings = allCases.map(\.fileExtension)

    /// The format a file name asks for (letter case is ignored).
    /// - Throws: `WaveformError.invalid`, naming the accepted endings, when the name has none of them.
    public init(path: String) throws(WaveformError) {
        let name = path.lowercased()
        guard let format = Self.allCases.first(where: { name.hasSuffix($0.fileExtension) }) else {
            let accepted = Self.endings.joined(separator: ", ")
            throw .invalid("unknown trace format of '\(path)': the file name must end in one of \(accepted)")
        }
        self = format
    }
}
