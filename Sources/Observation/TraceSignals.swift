// From a Design to the signals of a trace: every lane of a tapped net is a signal at its path in the emitted RTL.

import Design
import Waveforms

/// Which nets a trace shows.
public enum TapSelection: Sendable, Equatable {
    /// Every named net.
    case named
    /// Every net that the emitted RTL has, intermediate results included: for co-simulation.
    case everything
    /// Named nets whose path below `top` matches one of the globs (`SignalGlob`).
    case globs([String])
}

/// The tapped signals in handle order, with the hierarchy for a trace writer.
public struct TraceSignals: Sendable {
    /// A signal of the trace.
    public struct Signal: Sendable {
        /// The net that it shows.
        public var net: NetID
        /// Its lane; nil: all lanes packed, lane 0 lowest: a port of the emitted `top`.
        public var lane: Int?
        /// Bits of the signal.
        public var width: Int
    }
    /// Scopes and declarations.
    public let hierarchy: SignalHierarchy
    /// Signal of each handle; handle 0 is `clk`.
    public let signals: [Signal]
    /// The handle of `clk`.
    public static let clockHandle = 0

    /// Throws `WaveformError` for a bad glob and for one that matches nothing.
    public init(_ design: Design, taps: TapSelection) throws {
        let design = taps == .everything ? design.named : design
        let selected = try TraceSignals.select(design, taps)
        let tree = ScopeNode()
        for signal in selected {
            let net = design[signal.net]
            var place = tree
            guard let lane = signal.lane else {
                place.signals.append(("\(net.name)_bus", signal, false))
                continue
            }
            for name in design.path(ofScope: net.scope).dropFirst() { place = place.child(name) }
            if let array = net.array { place = place.child("\(array)[\(lane)]") }
            var parts = net.name.split(separator: ".").map(String.init)
            let name = parts.removeLast()
            for part in parts { place = place.child(part) }
            place.signals.append((name, signal, net.isRegister))
        }
        var order: [Signal] = []
        let top = tree.scope(named: "top", clock: true, &order)
        hierarchy = try SignalHierarchy(root: [top], timescaleExponent: -12)
        signals = order
    }

    private static func select(_ design: Design, _ taps: TapSelection) throws -> [Signal] {
        var matcher: SignalFilter.Matcher?
        if case .globs(let patterns) = taps { matcher = try SignalFilter(patterns)?.matcher() }
        var result: [Signal] = []
        for (index, net) in design.nets.enumerated() {
            let id = NetID(index)
            if net.role == .hiddenRegister { continue }
            if net.role == .temporary && taps != .everything { continue }
            for lane in 0..<net.lanes {
                if case .globs = taps {
                    let path = String(design.path(of: id, lane: lane).dropFirst("top.".count))
                    guard matcher?.matches(path, "top." + path) ?? false else { continue }
                }
                result.append(Signal(net: id, lane: lane, width: net.width))
            }
        }
        if case .globs = taps {
        } else {
            for id in design.inputs where design[id].array != nil {
                result.append(Signal(net: id, lane: nil, width: design[id].lanes * design[id].width))
            }
        }
        if let idle = matcher?.idle, !idle.isEmpty {
            let paths = design.nets.indices.filter { design.nets[$0].role != .temporary }.map {
                String(design.path(of: NetID($0), lane: 0).dropFirst("top.".count))
            }
            throw WaveformError.invalid(
                "no signal matches the taps \(SignalFilter.quoted(idle, among: paths)); scopes are "
                    + design.scopes.dropFirst().map { $0.name }.joined(separator: ", "))
        }
        return result
    }
}

/// A scope while the hierarchy is gathered.
private final class ScopeNode {
    var children: [(name: String, node: ScopeNode)] = []
    private var index: [String: Int] = [:]
    var signals: [(name: String, signal: TraceSignals.Signal, isRegister: Bool)] = []

    func child(_ name: String) -> ScopeNode {
        if let position = index[name] { return children[position].node }
        let node = ScopeNode()
        index[name] = children.count
        children.append((name, node))
        return node
    }

    /// The scope as the writer wants it; appends signals in handle order: own signals, then child scopes.
    func scope(named name: String, clock: Bool, _ order: inout [TraceSignals.Signal]) -> SignalScope {
        var declarations: [SignalDeclaration] = []
        if clock { declarations.append(SignalDeclaration(name: "clk", width: 1)) }
        for entry in signals {
            declarations.append(
                SignalDeclaration(
                    name: entry.name, width: entry.signal.width, kind: entry.isRegister ? .register : .wire))
            order.append(entry.signal)
        }
        var scopes: [SignalScope] = []
        for (name, node) in children { scopes.append(node.scope(named: name, clock: false, &order)) }
        return SignalScope(name: name, scopes: scopes, signals: declarations)
    }
}
