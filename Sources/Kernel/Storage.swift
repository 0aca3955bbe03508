import Design
import Fabric

// Where values live. Scalars are 64-bit slots; lane vectors are contiguous Int32 or Int64 arrays (32 bits when every
// value fits). Memories use the narrowest integer that holds a lane.

/// Element type of a lane vector.
enum Element: Sendable {
    case int32, int64
    var bytes: Int { self == .int32 ? 4 : 8 }

    init(_ net: Net) {
        let fits = net.signed ? net.significantBits <= 32 : net.significantBits <= 31
        self = net.lanes > 1 && fits ? .int32 : .int64
    }
}

extension Net {
    /// Whether each lane is stored in 64 bits, as scalars are.
    package var hasWideLanes: Bool { Element(self) == .int64 }
}

/// A typed place in the arena.
struct Place {
    var pointer: UnsafeMutableRawPointer
    var element: Element
    var lanes: Int
}

/// Owner of all state: one zero-initialised arena, 64-byte aligned places.
final class Storage {
    private let base: UnsafeMutableRawPointer
    let places: [Place]
    /// Sixteen zero bytes: the source of operands that are wired to nothing.
    let zero: UnsafeMutableRawPointer
    private var owned: [UnsafeMutableRawPointer] = []
    /// Parts of the plan that must look again.
    let dirty: UnsafeMutablePointer<DirtyBits>
    /// The parts that read a net, by net.
    let masks: UnsafeMutablePointer<DirtyBits>

    /// Places for nets; those of `first`, which are stored wide, lie side by side in that order.
    init(_ nets: [Net], first: [NetID] = []) {
        var offsets: [Int] = []
        var size = 64
        var chosen: [Int: Int] = [:]
        for id in first {
            precondition(nets[id.index].hasWideLanes, "only wide lanes lie side by side")
            chosen[id.index] = size
            size += 8 * nets[id.index].lanes
        }
        // Whoever reads them does so by whole vectors.
        size = (size + 127) & ~63
        for (index, net) in nets.enumerated() {
            if let place = chosen[index] {
                offsets.append(place)
                continue
            }
            offsets.append(size)
            let bytes = Element(net).bytes * net.lanes
            // Scalars lie densely; vectors start on cache lines and leave room for whole-vector reads.
            size += net.lanes == 1 ? 8 : (bytes + 127) & ~63
            if net.lanes > 1, offsets[offsets.count - 1] & 63 != 0 {
                let aligned = (offsets[offsets.count - 1] + 63) & ~63
                size += aligned - offsets[offsets.count - 1]
                offsets[offsets.count - 1] = aligned
            }
        }
        base = .allocate(byteCount: size + 64, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size + 64)
        zero = base
        dirty = .allocate(capacity: 1)
        dirty.initialize(to: .zero)
        masks = .allocate(capacity: max(1, nets.count))
        masks.initialize(repeating: .zero, count: max(1, nets.count))
        places = zip(nets, offsets).map { [base] net, offset in
            Place(pointer: base + offset, element: Element(net), lanes: net.lanes)
        }
    }

    /// A zeroed block that lives as long as the storage.
    func allocate(bytes: Int) -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: 64)
        block.initializeMemory(as: UInt8.self, repeating: 0, count: bytes + 64)
        owned.append(block)
        return block
    }

    /// A copy of `values` that lives as long as the storage. Only for plain data.
    func keep<T>(_ values: [T]) -> UnsafeBufferPointer<T> {
        precondition(_isPOD(T.self))
        let block = allocate(bytes: max(1, values.count) * MemoryLayout<T>.stride).bindMemory(
            to: T.self, capacity: max(1, values.count))
        for (index, value) in values.enumerated() { block[index] = value }
        return UnsafeBufferPointer(start: block, count: values.count)
    }

    deinit {
        base.deallocate()
        dirty.deallocate()
        masks.deallocate()
        for block in owned { block.deallocate() }
    }

    func load(_ id: NetID, lane: Int) -> Int64 {
        let place = places[id.index]
        precondition(lane < place.lanes)
        return place.element == .int32
            ? Int64(place.pointer.load(fromByteOffset: 4 * lane, as: Int32.self))
            : place.pointer.load(fromByteOffset: 8 * lane, as: Int64.self)
    }

    /// Stores an input's or an initial value and notes who must look again.
    func store(_ value: Int64, _ id: NetID, lane: Int) {
        let place = places[id.index]
        precondition(lane < place.lanes)
        dirty.pointee |= masks[id.index]
        if place.element == .int32 {
            place.pointer.storeBytes(of: Int32(truncatingIfNeeded: value), toByteOffset: 4 * lane, as: Int32.self)
        } else {
            place.pointer.storeBytes(of: value, toByteOffset: 8 * lane, as: Int64.self)
        }
    }
}
