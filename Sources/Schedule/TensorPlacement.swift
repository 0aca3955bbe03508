import Accelerator
import Networks

// Feature maps in external memory: planes of `granule` channels, each plane rows x columns of beats, one beat a
// pixel. Channels past the last stay zero.

/// Where a feature map stands.
struct TensorPlacement: Sendable, Equatable {
    var address: Int
    var shape: Shape
    var granule: Int
    var beatBytes: Int

    var planes: Int { (shape.channels + granule - 1) / granule }
    var bytes: Int { planes * planeStride }
    var rowStride: Int { shape.width * beatBytes }
    var planeStride: Int { shape.height * rowStride }

    func address(plane: Int, row: Int, column: Int) -> Int {
        address + plane * planeStride + row * rowStride + column * beatBytes
    }

    /// Writes a feature map into a memory image.
    func write(_ tensor: IntegerTensor, into image: inout [UInt8], fieldBytes: Int) {
        precondition(tensor.shape == shape)
        for (index, value) in tensor.values.enumerated() {
            let place = self.place(index, fieldBytes: fieldBytes)
            for byte in 0..<fieldBytes { image[place + byte] = UInt8(truncatingIfNeeded: value >> Int32(8 * byte)) }
        }
    }

    /// Reads a feature map from a memory image.
    func read(from image: [UInt8], fieldBytes: Int) -> IntegerTensor {
        var values = [Int32](repeating: 0, count: shape.count)
        for index in values.indices {
            let place = self.place(index, fieldBytes: fieldBytes)
            values[index] =
                fieldBytes == 1
                ? Int32(Int8(bitPattern: image[place]))
                : Int32(Int16(truncatingIfNeeded: Int(image[place]) | Int(image[place + 1]) << 8))
        }
        return IntegerTensor(shape: shape, values: values)
    }

    private func place(_ index: Int, fieldBytes: Int) -> Int {
        let pixels = shape.height * shape.width
        let (channel, pixel) = index.quotientAndRemainder(dividingBy: pixels)
        return address + (channel / granule) * planeStride + pixel * beatBytes + (channel % granule) * fieldBytes
    }
}
