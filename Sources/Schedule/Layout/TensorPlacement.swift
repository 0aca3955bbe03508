// Feature maps in external memory: planes of `granule` channels, each plane rows x columns of beats, one beat a
// pixel. Slots of a plane that no channel has stay zero.

import Accelerator
import Networks

/// Where a feature map stands.
struct TensorPlacement: Sendable, Equatable {
    var address: Int
    var shape: Shape
    var granule: Int
    var beatBytes: Int
    /// Where each channel stands, ascending: plane * granule + place in the plane. A tensor joined of others has slots
    /// without a channel where a part does not fill its last plane.
    var slots: [Int]

    init(address: Int = 0, shape: Shape, granule: Int, beatBytes: Int, slots: [Int]? = nil) {
        self.address = address
        self.shape = shape
        self.granule = granule
        self.beatBytes = beatBytes
        self.slots = slots ?? Array(0..<shape.channels)
    }

    /// Channel c stands in slot c.
    var isDense: Bool { (slots.last ?? -1) == slots.count - 1 }
    var planes: Int { (slots.last ?? -1) / granule + 1 }
    var bytes: Int { planes * planeStride }
    var rowStride: Int { shape.width * beatBytes }
    var planeStride: Int { shape.height * rowStride }

    /// The channel of every slot of its planes; nil: a slot that no channel has.
    var channels: [Int?] {
        var result = [Int?](repeating: nil, count: planes * granule)
        for (channel, slot) in slots.enumerated() { result[slot] = channel }
        return result
    }

    func address(plane: Int, row: Int, column: Int) -> Int {
        address + plane * planeStride + row * rowStride + column * beatBytes
    }

    /// Writes a feature map into a memory image.
    func write(_ tensor: IntegerTensor, into image: UnsafeMutableRawBufferPointer, fieldBytes: Int) {
        precondition(tensor.shape == shape && (1...2).contains(fieldBytes) && address + bytes <= image.count)
        let pixels = shape.height * shape.width
        tensor.values.withUnsafeBufferPointer { values in
            for channel in 0..<shape.channels {
                var place = self.place(channel, fieldBytes: fieldBytes)
                for index in channel * pixels..<(channel + 1) * pixels {
                    let value = values[index]
                    image[place] = UInt8(truncatingIfNeeded: value)
                    if fieldBytes == 2 { image[place + 1] = UInt8(truncatingIfNeeded: value >> 8) }
                    place += beatBytes
                }
            }
        }
    }

    /// Reads a feature map from a memory image.
    func read(from image: UnsafeRawBufferPointer, fieldBytes: Int) -> IntegerTensor {
        precondition((1...2).contains(fieldBytes) && address + bytes <= image.count)
        let pixels = shape.height * shape.width
        let values = [Int32](unsafeUninitializedCapacity: shape.count) { values, initialized in
            for channel in 0..<shape.channels {
                var place = self.place(channel, fieldBytes: fieldBytes)
                for index in channel * pixels..<(channel + 1) * pixels {
                    values[index] =
                        fieldBytes == 1
                        ? Int32(Int8(bitPattern: image[place]))
                        : Int32(Int16(truncatingIfNeeded: Int(image[place]) | Int(image[place + 1]) << 8))
                    place += beatBytes
                }
            }
            initialized = shape.count
        }
        return IntegerTensor(shape: shape, values: values)
    }

    /// Where the first pixel of a channel stands.
    private func place(_ channel: Int, fieldBytes: Int) -> Int {
        let (plane, lane) = slots[channel].quotientAndRemainder(dividingBy: granule)
        return address + plane * planeStride + lane * fieldBytes
    }
}
