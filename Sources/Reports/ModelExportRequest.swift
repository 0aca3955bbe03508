import Configuration

/// What to quantize, and where to put the model.
package struct ModelExportRequest: Sendable {
    /// A built-in name, or a path ending in .onnx.
    package var model: String
    /// A path ending in .onnx.
    package var output: String
    /// Values of keys of the sections `quantization` and `network`.
    package var assignments: [ConfigAssignment]
    /// QONNX `Quant` nodes in place of `DequantizeLinear`.
    package var isQONNX: Bool

    /// A request.
    package init(model: String, output: String, assignments: [ConfigAssignment] = [], isQONNX: Bool = false) {
        self.model = model
        self.output = output
        self.assignments = assignments
        self.isQONNX = isQONNX
    }
}
