// Constant and ConstantOfShape: constants that nodes make from their attributes.

import Networks

extension GraphTranslator {
    mutating func constant(_ node: Node) throws {
        guard let attribute = node.proto.attribute.first, node.proto.attribute.count == 1 else {
            throw node.invalid("needed is exactly one value attribute")
        }
        let tensor: ConstantTensor
        switch attribute.name {
        case "value":
            guard attribute.hasT else { throw node.invalid("attribute 'value' is not a tensor") }
            tensor = try decoder.decode(attribute.t, name: node.name)
        case "value_float": tensor = ConstantTensor([attribute.f], dimensions: [])
        case "value_floats": tensor = ConstantTensor(attribute.floats, dimensions: [attribute.floats.count])
        case "value_int":
            tensor = ConstantTensor(dimensions: [], type: .int64, elements: .integer([attribute.i]))
        case "value_ints": tensor = ConstantTensor(integers: attribute.ints)
        default:
            throw node.unsupported(
                "attribute '\(attribute.name)'",
                supported: "value, value_float, value_floats, value_int, value_ints")
        }
        define(node, tensor)
    }

    mutating func constantOfShape(_ node: Node) throws {
        try node.acceptAttributes("value")
        let sizes = try integerConstant(node, 0)
        guard sizes.allSatisfy({ $0 >= 0 && $0 <= Int64(Limits.elements) }),
            let count = Limits.product(sizes.map { Int($0) }, upTo: Limits.elements)
        else {
            throw node.unsupported("the shape \(sizes)", supported: "up to \(Limits.elements) elements")
        }
        var value = ConstantTensor([0], dimensions: [1])
        if let attribute = node.attribute("value") {
            value = try decoder.decode(attribute.t, name: node.name)
        }
        guard value.count == 1 else { throw node.invalid("attribute 'value' is \(value.shapeText); needed is [1]") }
        try spend(node, elements: count, value.elements)
        switch value.elements {
        case .real(let values): value.elements = .real([Float](repeating: values[0], count: count))
        case .integer(let values): value.elements = .integer([Int64](repeating: values[0], count: count))
        }
        value.dimensions = sizes.map { Int($0) }
        define(node, value)
        log.note(.foldConstants, node)
    }
}
