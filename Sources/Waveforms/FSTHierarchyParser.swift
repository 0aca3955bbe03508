// Reads the record stream of an FST hierarchy block: scopes, variables, attributes (skipped).

/// Turns hierarchy records into scopes and signals.
struct FSTHierarchyParser {
    private let geometry: [FSTContainer.Shape]?
    private(set) var collector = HierarchyCollector()
    private(set) var shapes: [FSTContainer.Shape] = []
    private(set) var firstSignal: [Int?] = []

    /// `geometry` is nil in a file whose writer was stopped before it wrote one.
    init(geometry: [FSTContainer.Shape]?) {
        self.geometry = geometry
        shapes = geometry ?? []
        firstSignal = Array(repeating: nil, count: shapes.count)
    }

    mutating func parse(_ reader: inout ByteReader) throws(Malformed) {
        var handles = 0
        while !reader.isAtEnd {
            let tag = try reader.byte()
            switch tag {
            case FSTLayout.HierarchyTag.scope:
                _ = try reader.byte()
                collector.enter(try reader.zeroTerminatedText())
                _ = try reader.zeroTerminatedText()
            case FSTLayout.HierarchyTag.upscope:
                try collector.leave()
            case FSTLayout.HierarchyTag.attribute:
                _ = try reader.take(2)
                _ = try reader.zeroTerminatedText()
                _ = try reader.varint()
            case FSTLayout.HierarchyTag.attributeEnd:
                break
            case 0...FSTLayout.HierarchyTag.lastVariableType:
                try parseVariable(tag, &handles, &reader)
            default:
                throw Malformed(reason: "its hierarchy has a record of the unknown type \(tag)")
            }
        }
    }

    private mutating func parseVariable(
        _ type: UInt8, _ handles: inout Int, _ reader: inout ByteReader
    ) throws(Malformed) {
        _ = try reader.byte()
        let name = try reader.zeroTerminatedText()
        let length = try reader.varint(upTo: 1 << 24, "the width of signal '\(name)'")
        let alias = try reader.varint(upTo: handles, "the alias of signal '\(name)'")
        let kind = Self.kind(type)
        var handle = alias - 1
        if alias == 0 {
            handle = handles
            handles += 1
            if geometry == nil {
                shapes.append(kind == .real ? .real : kind == .string ? .string : .bits(max(1, length)))
                firstSignal.append(nil)
            }
        }
        guard handle < shapes.count else { throw Malformed(reason: "its geometry lacks signal '\(name)'") }
        let source = firstSignal[handle]
        if source == nil { firstSignal[handle] = collector.signals.count }
        switch shapes[handle] {
        case .bits(let width): try collector.add(name, width: width, kind: kind.forBits, source: source)
        case .real: try collector.add(name, width: 64, kind: .real, source: source)
        case .string: try collector.add(name, width: 0, kind: .string, source: source)
        }
    }

    private static func kind(_ type: UInt8) -> TraceSignal.Kind {
        switch type {
        case 0: .event
        case 1: .integer
        case 2: .parameter
        case 3, 4, 20, 29: .real
        case FSTLayout.registerVariable: .register
        case FSTLayout.wireVariable: .wire
        case 21: .string
        default: .other
        }
    }
}

extension TraceSignal.Kind {
    /// The kind of a bit vector, whatever its variable type claims.
    fileprivate var forBits: TraceSignal.Kind { self == .real || self == .string ? .other : self }
}
