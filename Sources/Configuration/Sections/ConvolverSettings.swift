// Keys of section `array` that family `convolver` has.

import Accelerator
import Networks

/// The grid of a convolver and its line buffers.
package struct ConvolverSettings: Sendable, Hashable {
    package var kernel: Int
    /// Taps besides the kernel.
    package var taps: [Int]
    package var rowLength: Int
    package var columnAdders: ConvolverParameters.ColumnAdders

    static let keys = ["kernel", "taps", "row_length", "column_adders"]

    init(_ section: ConfigSection, pixels: Int) throws {
        guard pixels == 1 else {
            throw section.error("pixels", "is \(pixels); a convolver has one window per cycle; accepted: 1")
        }
        let kernels = ConvolverParameters.kernels
        let kernel = try section.integer("kernel", oneOf: kernels) ?? 3
        self.kernel = kernel
        let accepted = kernels.map(String.init).joined(separator: ", ")
        let list = try section.list("taps", accepted: accepted) { node -> Int? in
            guard case .scalar(let text, true) = node.content, let value = Int(text) else { return nil }
            return kernels.contains(value) ? value : nil
        }
        taps = Set(list ?? []).sorted()
        if let large = taps.last, large > kernel {
            let within = kernels.filter { $0 <= kernel }.map(String.init).joined(separator: ", ")
            throw section.error("taps", "\(large) lies outside array.kernel \(kernel); accepted: \(within)")
        }
        rowLength = try section.integer("row_length", in: 1...4096) ?? 512
        columnAdders =
            try section.word("column_adders", oneOf: ConvolverParameters.ColumnAdders.allCases.map(\.rawValue))
            .flatMap(ConvolverParameters.ColumnAdders.init) ?? .dsp
    }
}
