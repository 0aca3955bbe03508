// Opens a trace of any supported format and walks its changes.

/// A trace file with its hierarchy read.
///
/// The value holds no open file; each pass opens the file again, so passes may run at the same time.
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
    let body: Body

    /// Where a cursor starts.
    enum Body: Sendable {
        case fst(FSTContainer)
        case vcd(VCDBody)
    }

    /// Opens a trace and reads its hierarchy, not its changes.
    /// - Throws: `WaveformError.file` when it cannot be read, `.malformed` when it is cut or damaged,
    ///   `.unsupported` for a legal file this reader does not model.
    public static func open(_ path: String) throws -> TraceFile {
        try namingPath(path) {
            let input = try InputFile(path: path)
            guard input.count > 0 else { throw Malformed(reason: "it is empty") }
            let head = try input.read(at: 0, count: min(input.count, 2)).withReader { Array(try $0.take($0.remaining)) }
            switch head[0] {
            case FSTLayout.Block.header.rawValue:
                return try FSTContainer.open(input)
            case FSTLayout.Block.wrapper.rawValue:
                throw Malformed(reason: "it is a gzip-wrapped FST; rewrite it without the wrapper", isUnsupported: true)
            default:
                let isCompressed = head == [0x1F, 0x8B]
                return try VCDHeaderParser.open(input, format: isCompressed ? .compressedVCD : .vcd)
            }
        }
    }

    /// Delivers every value change in time order, initial values included.
    ///
    /// Changes of one time come by signal index from an FST and in file order from a VCD. Aliases are delivered
    /// once, under the index of their `source`; strings are not delivered.
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
            words: UnsafeBufferPointer(start: value.words, count: count), unknown: unknown)
    }

    /// A cursor before the first change.
    func makeCursor(of selection: Set<Int>? = nil) throws -> any TraceCursor {
        var wanted = [Bool](repeating: selection == nil, count: signals.count)
        for index in selection ?? [] where signals.indices.contains(index) { wanted[signals[index].source] = true }
        return try Self.namingPath(path) {
            switch body {
            case .fst(let container): try FSTCursor(self, container, wanted: wanted)
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
