// The neutral signal tree every trace writer takes, and the handles it hands out.
//
// Handles count from 0 in depth-first order: all signals of a scope in declaration order, then its child
// scopes in declaration order, each treated the same way. An alias takes a handle of its own.

/// A checked tree of scopes and signals with a handle for each signal.
public struct SignalHierarchy: Sendable {
    /// The greatest width of a signal, in bits.
    public static let maximumWidth = 1 << 20

    /// The top scopes.
    public let root: [SignalScope]
    /// The time unit as a power of ten of a second: -9 is 1 ns, -10 is 100 ps.
    public let timescaleExponent: Int8
    /// Every declaration; the index is the handle.
    public let signals: [SignalDeclaration]
    /// The full path of each signal, its scopes and name joined by dots: `top.array.pe[3].product`.
    public let paths: [String]
    /// Whether it is that of a trace that was read: signals are undefined until their first value, may be unknown,
    /// reals or strings, and may have one path. A run's signals are two-state bit vectors that start at zero.
    let isConverted: Bool
    /// For each handle the handle that holds its value: itself, or the end of its alias chain.
    let owners: [Int]

    /// Checks the tree and numbers its signals.
    /// - Throws: `WaveformError.invalid` for an empty or unprintable name, a width outside 1...`maximumWidth`,
    ///   an alias that is not an earlier handle of the same width, a path used twice, or a timescale outside
    ///   -15...2.
    public init(root: [SignalScope], timescaleExponent: Int8 = -9) throws(WaveformError) {
        try self.init(root: root, timescaleExponent: timescaleExponent, isConverted: false)
    }

    /// The same for a converted trace, where names may repeat and signals may have no bits.
    init(root: [SignalScope], timescaleExponent: Int8, isConverted: Bool) throws(WaveformError) {
        guard (-15...2).contains(timescaleExponent) else {
            throw .invalid("the timescale exponent \(timescaleExponent) is outside -15 (1 fs) to 2 (100 s)")
        }
        var builder = Builder(isConverted: isConverted)
        for scope in root { try builder.add(scope, prefix: "") }
        self.root = root
        self.timescaleExponent = timescaleExponent
        self.signals = builder.signals
        self.paths = builder.paths
        self.owners = builder.owners
        self.isConverted = isConverted
    }

    /// The number of handles, aliases included.
    public var signalCount: Int { signals.count }

    /// The width of a signal in bits. The handle must be below `signalCount`.
    public func width(of handle: Int) -> Int { signals[handle].width }

    /// The full path of a signal. The handle must be below `signalCount`.
    public func path(of handle: Int) -> String { paths[handle] }

    /// The number of named scopes.
    var scopeCount: Int { Self.countScopes(root) }

    private static func countScopes(_ scopes: [SignalScope]) -> Int {
        scopes.reduce(0) { $0 + ($1.name.isEmpty ? 0 : 1) + countScopes($1.scopes) }
    }
}

extension SignalHierarchy {
    /// Collects the signals of the tree in handle order and checks them on the way.
    private struct Builder {
        let isConverted: Bool
        var signals: [SignalDeclaration] = []
        var paths: [String] = []
        var owners: [Int] = []
        var seen: Set<String> = []

        init(isConverted: Bool) { self.isConverted = isConverted }

        mutating func add(_ scope: SignalScope, prefix: String) throws(WaveformError) {
            var inner = prefix
            if !scope.name.isEmpty {
                try check(name: scope.name, of: "scope", in: prefix)
                inner += scope.name + "."
            }
            for signal in scope.signals { try add(signal, prefix: inner) }
            for child in scope.scopes { try add(child, prefix: inner) }
        }

        private mutating func add(_ signal: SignalDeclaration, prefix: String) throws(WaveformError) {
            try check(name: signal.name, of: "signal", in: prefix)
            let path = prefix + signal.name
            let widths = isConverted ? 0...TraceLimits.width : 1...SignalHierarchy.maximumWidth
            guard widths.contains(signal.width) else {
                throw .invalid("signal '\(path)' is \(signal.width) bits wide, outside 1 to \(maximumWidth)")
            }
            guard isConverted || signal.kind.isHardware else {
                throw .invalid("signal '\(path)' of a run is of the kind \(signal.kind.rawValue)")
            }
            if !isConverted {
                guard seen.insert(path).inserted else { throw .invalid("two signals are called '\(path)'") }
            }
            owners.append(try owner(of: signal, path: path))
            signals.append(signal)
            paths.append(path)
        }

        private func owner(of signal: SignalDeclaration, path: String) throws(WaveformError) -> Int {
            guard let alias = signal.alias else { return signals.count }
            guard signals.indices.contains(alias), signals[alias].width == signal.width else {
                throw .invalid("the alias \(alias) of signal '\(path)' is not an earlier signal of its width")
            }
            return owners[alias]
        }

        private func check(name: String, of what: String, in prefix: String) throws(WaveformError) {
            let printable = name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
            guard !name.isEmpty, name.utf8.count <= 500, printable, name != "$end" else {
                throw .invalid(
                    "the \(what) name '\(name)' in '\(prefix)' is empty, longer than 500 bytes or has white space")
            }
        }
    }
}
