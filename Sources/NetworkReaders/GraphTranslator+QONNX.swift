// QONNX: Quant (also called IntQuant), BipolarQuant and Trunc, as their domain's documents define them (version 1).

import Foundation
import Networks

extension GraphTranslator {
    /// What a Quant node does to a value: (clamp(round(x / scale + zero)) - zero) * scale.
    private struct QuantRule {
        var scales: [Float]
        var scaleDimensions: [Int]
        var zero: Float
        var range: ClosedRange<Float>
        var rounding: String
    }

    mutating func quantConstant(_ node: Node) throws {
        let (tensor, values) = try realConstant(node, 0)
        try spend(node, elements: 2 * values.count, tensor.elements)
        let quantized: [Float]
        let rule: QuantRule
        switch node.operation {
        case "BipolarQuant":
            try node.acceptAttributes()
            let (scaleTensor, scales) = try realConstant(node, 1)
            rule = QuantRule(
                scales: scales, scaleDimensions: scaleTensor.dimensions, zero: 0, range: -1...1, rounding: "")
            quantized = values.map { $0 >= 0 ? 1 : -1 }
        case "Trunc":
            throw node.unsupported("a constant input", supported: "Trunc of activations")
        default:
            rule = try quantRule(node)
            let factors = try expanded(node, rule, to: tensor)
            quantized = try zip(values, factors).map { value, scale in
                let rounded = try GraphTranslator.round(value / scale + rule.zero, rule.rounding, node)
                return min(max(rounded, rule.range.lowerBound), rule.range.upperBound) - rule.zero
            }
        }
        let factors = try expanded(node, rule, to: tensor)
        var result = ConstantTensor(zip(quantized, factors).map { $0 * $1 }, dimensions: tensor.dimensions)
        if let scale = rule.scales.first, rule.scales.allSatisfy({ $0 == scale }), scale.isNormal,
            scale.significand == 1, quantized.allSatisfy({ abs($0) <= 0x1p24 })
        {
            result.codes = quantized.map { Int32($0) }
            result.codeScale = scale
        }
        define(node, result)
        log.note(.dequantizeWeights, node, result.codes == nil ? "values only" : "codes kept")
    }

    mutating func quantActivation(_ node: Node) throws {
        switch node.operation {
        case "BipolarQuant":
            throw node.unsupported("a binary activation", supported: "BipolarQuant of weights")
        case "Trunc": return try truncation(node)
        default: break
        }
        let rule = try quantRule(node)
        guard rule.scales.count == 1 else {
            throw node.unsupported("\(rule.scales.count) scales of an activation", supported: "one scale a tensor")
        }
        let input = try activation(node, 0)
        var output = input
        output.pending = nil
        if rule.range.lowerBound - rule.zero == 0, !isNonNegative(input) {
            log.note(.keepSaturation, node)
            output = try appendLayer(
                node, named: node.name, .relu, inputs: [input], shape: input.shape, rank: input.rank)
        }
        saturate(
            output,
            at: (rule.range.lowerBound - rule.zero) * rule.scales[0]...(rule.range.upperBound - rule.zero)
                * rule.scales[0])
        define(node, output)
        let codes = "codes \(rule.range.lowerBound) to \(rule.range.upperBound)"
        log.note(.removeQuantization, node, "scale \(rule.scales[0]), zero point \(rule.zero), \(codes)")
    }

    /// Dropping low bits divides by 2^(bits in - bits out); with a scale of the output the value stays.
    private mutating func truncation(_ node: Node) throws {
        try node.acceptAttributes("narrow", "rounding_mode", "signed")
        let input = try activation(node, 0)
        guard try scalar(node, 2) == 0 else { throw node.unsupported("a zero point", supported: "zero point 0") }
        log.note(.removeQuantization, node, "scale \(try scalar(node, 1))")
        let bitsIn = try scalar(node, 3)
        let keepsValue = node.input(5) != nil
        let bitsOut = try scalar(node, keepsValue ? 5 : 4)
        guard (1...64).contains(bitsIn), (1...64).contains(bitsOut), bitsIn >= bitsOut else {
            throw node.invalid("\(bitsIn) bits to \(bitsOut) bits; accepted are 1 to 64, fewer after than before")
        }
        if keepsValue || bitsIn == bitsOut {
            var output = input
            output.pending = nil
            return define(node, output)
        }
        let factor = Float(exp2(Double(bitsOut - bitsIn)))
        let channels = input.shape.channels
        let kind = LayerKind.affine(
            scale: [Float](repeating: factor, count: channels), shift: [Float](repeating: 0, count: channels))
        try append(node, kind, inputs: [input], shape: input.shape, rank: input.rank)
    }

    private func quantRule(_ node: Node) throws -> QuantRule {
        try node.acceptAttributes("narrow", "rounding_mode", "signed")
        let (tensor, scales) = try realConstant(node, 1)
        guard !scales.isEmpty, scales.allSatisfy({ $0 > 0 }) else {
            throw node.invalid("scale \(scales.min() ?? 0); accepted are positive ones")
        }
        let zero = try scalar(node, 2)
        let bits = try scalar(node, 3)
        guard bits >= 1, bits <= 32, bits == bits.rounded(), abs(zero) <= 0x1p24 else {
            throw node.unsupported("\(bits) bits, zero point \(zero)", supported: "1 to 32 bits")
        }
        let isSigned = try node.integer("signed", default: 1) != 0
        let isNarrow = try node.integer("narrow", default: 0) != 0
        let reach = exp2(Double(isSigned ? bits - 1 : bits))
        let low = isSigned ? -reach + (isNarrow ? 1 : 0) : 0
        let high = max(low, reach - (!isSigned && isNarrow ? 2 : 1))
        return QuantRule(
            scales: scales, scaleDimensions: tensor.dimensions, zero: zero, range: Float(low)...Float(high),
            rounding: try node.string("rounding_mode", default: "ROUND").uppercased())
    }

    /// One finite constant number.
    private func scalar(_ node: Node, _ index: Int) throws -> Float {
        let values = try realConstant(node, index).values
        guard values.count == 1 else { throw node.unsupported("\(values.count) values", supported: "one") }
        return values[0]
    }

    /// The scale of every element: one for all of them, or broadcast as NumPy does.
    private func expanded(_ node: Node, _ rule: QuantRule, to tensor: ConstantTensor) throws -> [Float] {
        if rule.scales.count == 1 { return [Float](repeating: rule.scales[0], count: tensor.count) }
        let missing = tensor.dimensions.count - rule.scaleDimensions.count
        let sizes = [Int](repeating: 1, count: max(0, missing)) + rule.scaleDimensions
        guard missing >= 0, zip(sizes, tensor.dimensions).allSatisfy({ $0 == 1 || $0 == $1 }) else {
            throw node.invalid("the scale \(rule.scaleDimensions) does not fit \(tensor.shapeText)")
        }
        let strides = TensorIndex.strides(of: sizes)
        let moving = sizes.indices.map { sizes[$0] == 1 ? 0 : strides[$0] }
        return TensorIndex(sizes: tensor.dimensions, strides: moving).map { rule.scales[$0] }
    }

    private static func round(_ value: Float, _ mode: String, _ node: Node) throws -> Float {
        switch mode {
        case "ROUND", "HALF_EVEN": value.rounded(.toNearestOrEven)
        case "FLOOR": value.rounded(.down)
        case "CEIL": value.rounded(.up)
        case "ROUND_TO_ZERO", "DOWN": value.rounded(.towardZero)
        case "UP": value.rounded(.awayFromZero)
        case "HALF_UP": value.rounded(.toNearestOrAwayFromZero)
        default:
            throw node.unsupported(
                "rounding_mode '\(mode)'",
                supported: "ROUND, HALF_EVEN, FLOOR, CEIL, ROUND_TO_ZERO, DOWN, UP, HALF_UP")
        }
    }
}
