// What is known of a network without its weights: enough to read its images.

import Networks
import Support

/// A network's name, borders and properties.
package struct NetworkHeader: Sendable, Equatable {
    /// Name for reports.
    var name: String
    /// Shape of one image.
    var input: Shape
    /// Values of the output.
    var outputs: Int
    /// Properties of the model file.
    var metadata: [String: String]
    /// Whether weights are codes already.
    var hasCodes: Bool

    /// The header of a network.
    package init(_ network: Network) {
        name = network.name
        input = network.input
        outputs = network.layers.last?.output.count ?? 0
        metadata = network.metadata
        hasCodes = network.hasCodes
    }

    private init() {
        self.init(Network(name: "", input: Shape(channels: 0, height: 0, width: 0), layers: []))
    }

    /// The header as bytes.
    var bytes: [UInt8] {
        get throws {
            var (copy, writer) = (self, FieldWriter())
            try copy.walk(&writer)
            return writer.bytes
        }
    }

    /// Throws where the bytes are not those of a header.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        self.init()
        var reader = FieldReader(bytes)
        try walk(&reader)
        guard reader.isAtEnd else { throw FieldReader.Shortage() }
    }

    private mutating func walk(_ coder: inout some FieldCoder) throws {
        try coder.text(&name)
        try coder.integer(&input.channels)
        try coder.integer(&input.height)
        try coder.integer(&input.width)
        try coder.integer(&outputs)
        try coder.flag(&hasCodes)
        var pairs = metadata.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
        try coder.list(&pairs, blank: []) { coder, pair in try coder.list(&pair, blank: "") { try $0.text(&$1) } }
        metadata = Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
    }
}
