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
                try collector.enter(reader.zeroTerminatedText())
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
        let length = try reader.varint(upTo: TraceLimits.width, "the width of signal '\(name.prefix(200))'")
        let alias = try reader.varint(upTo: handles, "the alias of signal '\(name.prefix(200))'")
        let kind = Self.kind(type)
        var handle = alias - 1
        if alias == 0 {
            handle = handles
            handles += 1
            if geometry == nil {
                shapes.append(Self.shape(kind, length))
                firstSignal.append(nil)
            }
        }
        guard handle < shapes.count else {
            throw Malformed(reason: "its geometry lacks signal '\(name.prefix(200))'")
        }
        let first = firstSignal[handle]
        if first == nil { firstSignal[handle] = collector.signals.count }
        switch shapes[handle] {
        case .bits(let width):
            // An alias may show its value in another width.
            let own = first == nil || length == 0 ? width : length
            try collector.add(name, width: own, kind: kind.forBits, first: first)
        case .real: try collector.add(name, width: 64, kind: .real, first: first)
        case .string:
            let isText = kind == .string || length > 0
            try collector.add(name, width: 0, kind: isText ? .string : kind.forBits, first: first)
        }
    }

    /// The shape of a variable in a file without a geometry.
    private static func shape(_ kind: TraceSignal.Kind, _ length: Int) -> FSTContainer.Shape {
        switch kind.form {
        case .real: .real
        case .string: .string
        case .bits: length == 0 ? .string : .bits(length)
        }
    }

    private static func kind(_ type: UInt8) -> TraceSignal.Kind {
        switch type {
        case FSTLayout.eventVariable: .event
        case FSTLayout.integerVariable: .integer
        case FSTLayout.parameterVariable: .parameter
        case FSTLayout.realVariable, 4, 20, 29: .real
        case FSTLayout.registerVariable: .register
        case FSTLayout.wireVariable: .wire
        case FSTLayout.stringVariable: .string
        default: .other
        }
    }
}

extension TraceSignal.Kind {
    /// The kind of a bit vector, whatever its variable type claims.
    fileprivate var forBits: TraceSignal.Kind { self == .real || self == .string ? .other : self }
}
