// The files of a simulation's results folder, but for the waveform.

import Foundation
import NetworkReaders
import Networks
import Output
import Quantizer
import Reports
import Support

extension ResultFolder {
    /// Writes all files of a simulation.
    func write(_ outcome: SimulationOutcome, _ run: FinishedRun) throws {
        try write("report.json", outcome.report.json())
        // The same bytes whatever terminal there is.
        try write("report.txt", text: TextTable.$width.withValue(80) { outcome.text })
        try write("layers.csv", text: LayerTable(outcome.report.layers).text)
        try write("energy.csv", text: run.energy.csv)
        try write("config.resolved.yaml", text: run.resolvedConfiguration.resolvedText)
        if let data = run.data { try write(data) }
    }

    /// What the run computed.
    private func write(_ data: RunData) throws {
        try write("outputs.npy", try ResultFolder.array(data.outputs.values))
        try write("inputs.npy", try ResultFolder.array(Array(data.network.inputs.prefix(data.outputs.values.count))))
        try write("quantization.json", JSON.encode(data.network.quantization))
        try fill { folder in
            try QuantizedNetworkArchive.write(
                data.network.quantized, to: folder.appendingPathComponent("quantized", isDirectory: true))
        }
    }

    /// int32 [N, C, H, W].
    private static func array(_ tensors: [IntegerTensor]) throws -> Data {
        let shape = tensors.first?.shape ?? Shape(channels: 0, height: 0, width: 0)
        let sizes = [tensors.count, shape.channels, shape.height, shape.width]
        return try NpyWriter.data(NpyArray(shape: sizes, elements: .int32(tensors.flatMap(\.values))))
    }
}
