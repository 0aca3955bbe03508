// Opens a trace of any supported format and walks its changes.

/// A trace file with its hierarchy read.
///
/// Passes may run at the same time: each opens the file again, or reads the unpacked copy of a wrapped FST.
public struct TraceFile: Sendable {
    /// The path it was opened with.
    public let path: String
    /// The format, recognised by content.
    public let format: TraceFormat
    /// The time unit as a power of ten of a second: -9 is 1 ns.
    public let timescaleExponent: Int8
    /// The scopes in file order, each after its parent.
    public let scopes: [TraceScope]
    /// The signals in file order.
    public let signals: [TraceSignal]
    /// The size of the file in bytes.
    public let byteCount: Int
    /// By the first signal of a stored value those that show it in another width or form.
    let others: [Int: [Int]]
    let body: Body

    /// Where a cursor starts.
    enum Body: Sendable {
        /// `unpacked` is the content of a file that is wrapped in gzip.
        case fst(FSTContainer, unpacked: InputFile?)
        case vcd(VCDBody)
    }

    /// Opens a trace and reads its hierarchy, not its changes.
    /// - Throws: `WaveformError.file` when it cannot be read, `.malformed` when it is cut or damaged,
    ///   `.unsupported` for a legal file this reader does not model.
    public static func open(_ path: String) throws -> TraceFile {
        try namingPath(path) {
            let input = try InputFile(path: path)
            guard input.count > 0 else { throw Malformed(reason: "it is empty") }
            let head = try input.read(at: 0, count: min(input.count, 4)).withReader { Array(try $0.take($0.remaining)) }
            try refuseUTF16(head)
            switch head[0] {
            case FSTLayout.Block.header.rawValue:
                return try FSTContainer.open(input)
            case FSTLayout.Block.wrapper.rawValue:
                return try FSTContainer.open(input, unpacked: Unwrapper.unwrap(input))
            case 0x1F where head.count > 1 && head[1] == 0x8B:
                if try Unwrapper.holdsFST(input) {
                    return try FSTContainer.open(input, unpacked: Unwrapper.unpack(input))
                }
                return try VCDHeaderParser.open(input, format: .compressedVCD)
            default:
                return try VCDHeaderParser.open(input, format: .vcd)
            }
        }
    }

    /// Text of two bytes a character, with or without its mark, is no VCD.
    private static func refuseUTF16(_ head: [UInt8]) throws(Malformed) {
        let isMarked = head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF])
        let isDollar = head.starts(with: [UInt8(ascii: "$"), 0]) || head.starts(with: [0, UInt8(ascii: "$")])
        guard !isMarked, !isDollar else {
            throw Malformed(reason: "it is UTF-16 text; save it as ASCII or UTF-8")
        }
    }

    /// Delivers every value change in time order, initial values included.
    ///
    /// Changes of one time come by stored value from an FST and in file order from a VCD. Aliases are delivered
    /// once, under the index of their `source`.
    /// - Parameters:
    ///   - selection: the signal indices wanted (their sources are delivered), nil for all.
    ///   - body: called for each change; the change must not be kept.
    /// - Returns: the times and the number of changes delivered.
    /// - Throws: as `open`, and whatever `body` throws.
    @discardableResult
    public func forEachChange(
        of selection: Set<Int>? = nil, _ body: (TraceChange) throws -> Void
    ) throws -> TraceExtent {
        let cursor = try makeCursor(of: selection)
        while try advance(cursor) {
            try body(change(at: cursor))
        }
        return cursor.extent
    }

    /// The index of the signal with a path, nil when there is none.
    public func signalIndex(path: String) -> Int? { signals.firstIndex { $0.path == path } }

    /// The present change of a cursor.
    func change(at cursor: any TraceCursor) -> TraceChange {
        let value = cursor.value
        let count = (signals[cursor.signal].width + 63) / 64
        let unknown = value.hasUnknown ? UnsafeBufferPointer(start: value.unknown, count: count) : nil
        return TraceChange(
            time: cursor.time, signal: cursor.signal,
            words: UnsafeBufferPointer(start: value.words, count: count), unknown: unknown, text: value.text,
            isSimplified: value.isSimplified)
    }

    /// A cursor before the first change.
    func makeCursor(of selection: Set<Int>? = nil) throws -> any TraceCursor {
        var wanted = [Bool](repeating: selection == nil, count: signals.count)
        for index in selection ?? [] where signals.indices.contains(index) { wanted[signals[index].source] = true }
        return try Self.namingPath(path) {
            switch body {
            case .fst(let container, let unpacked): try FSTCursor(self, container, unpacked, wanted: wanted)
            case .vcd(let start): try VCDCursor(self, start, wanted: wanted)
            }
        }
    }

    /// Steps a cursor; its errors name this file.
    func advance(_ cursor: any TraceCursor) throws -> Bool {
        do {
            return try cursor.next()
        } catch let error as Malformed {
            throw Self.named(error, path)
        }
    }

    private static func namingPath<Result>(_ path: String, _ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch let error as Malformed {
            throw named(error, path)
        }
    }

    private static func named(_ error: Malformed, _ path: String) -> WaveformError {
        error.isUnsupported
            ? .unsupported(path: path, reason: error.reason) : .malformed(path: path, reason: error.reason)
    }
}
