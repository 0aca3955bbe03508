import Design
import Fabric

// Block memories: read-first, one word per cycle and port; stored in the narrowest integer that holds a lane.

/// Storage type of one lane of a memory.
enum MemoryElement: Sendable {
    case int8, int16, int32, int64

    init(_ net: Net) {
        let bits = net.signed ? net.width : net.width + 1
        self = bits <= 8 ? .int8 : bits <= 16 ? .int16 : bits <= 32 ? .int32 : .int64
    }

    var bytes: Int {
        switch self {
        case .int8: 1
        case .int16: 2
        case .int32: 4
        case .int64: 8
        }
    }
}

/// Lanes of one write enable.
struct MemoryBank {
    var enable: UnsafeRawPointer
    var enableElement: Element
    var firstLane: Int
    var lanes: Int
    /// Addresses of the data of each lane.
    var data: UnsafeBufferPointer<UnsafeRawPointer>
    var dataElement: Element

    @inline(__always) var isEnabled: Bool {
        enableElement == .int32 ? enable.load(as: Int32.self) != 0 : enable.load(as: Int64.self) != 0
    }
}

/// One memory.
struct MemoryStep {
    var cells: UnsafeMutableRawPointer
    var stored: MemoryElement
    var depthMask: Int
    var lanes: Int
    var width: Int
    var signed: Bool
    var element: Element
    var latch: UnsafeMutableRawPointer
    var output: UnsafeMutableRawPointer?
    var outputEnable: UnsafePointer<Int64>
    var readEnable: UnsafePointer<Int64>
    var readAddress: UnsafePointer<Int64>
    var writeAddress: UnsafePointer<Int64>
    var banks: UnsafeBufferPointer<MemoryBank>
    var latchActivity: Int
    var outputActivity: Int

    /// Returns whether anything may have changed.
    @inline(__always) func commit(counting: Bool, activity: UnsafeMutablePointer<UInt64>) -> Bool {
        var changed = false
        if let output, outputEnable.pointee != 0 {
            let count =
                element == .int32
                ? move(Int32.self, from: latch, to: output, counting)
                : move(Int64.self, from: latch, to: output, counting)
            activity[outputActivity] &+= UInt64(count)
            changed = true
        }
        if readEnable.pointee != 0 {
            let word = cells + (Int(readAddress.pointee) & depthMask) &* lanes &* stored.bytes
            activity[latchActivity] &+= UInt64(element == .int32 ? read32(word, counting) : read64(word, counting))
            changed = true
        }
        for bank in banks where bank.isEnabled {
            write(bank)
            changed = true
        }
        return changed
    }

    @inline(__always)
    private func move<T: CountedLane, S: FixedWidthInteger & SignedInteger>(
        _: T.Type, _: S.Type, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ counting: Bool
    ) -> Int {
        let s = source.assumingMemoryBound(to: S.self)
        let d = target.assumingMemoryBound(to: T.self)
        if !counting {
            for i in 0..<lanes { d[i] = T(truncatingIfNeeded: s[i]) }
            return 0
        }
        let mask = width >= T.bitWidth ? ~T(0) : (T(1) << T(width)) &- 1
        return copyCounting(d, s, count: lanes, mask: mask, extra: 0)
    }

    @inline(__always)
    private func move<T: CountedLane>(
        _ type: T.Type, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ counting: Bool
    ) -> Int {
        move(type, type, from: source, to: target, counting)
    }

    private func read32(_ word: UnsafeRawPointer, _ counting: Bool) -> Int {
        switch stored {
        case .int8: move(Int32.self, Int8.self, from: word, to: latch, counting)
        case .int16: move(Int32.self, Int16.self, from: word, to: latch, counting)
        case .int32: move(Int32.self, Int32.self, from: word, to: latch, counting)
        case .int64: move(Int32.self, Int64.self, from: word, to: latch, counting)
        }
    }

    private func read64(_ word: UnsafeRawPointer, _ counting: Bool) -> Int {
        switch stored {
        case .int8: move(Int64.self, Int8.self, from: word, to: latch, counting)
        case .int16: move(Int64.self, Int16.self, from: word, to: latch, counting)
        case .int32: move(Int64.self, Int32.self, from: word, to: latch, counting)
        case .int64: move(Int64.self, Int64.self, from: word, to: latch, counting)
        }
    }

    private func write(_ bank: MemoryBank) {
        let start = (Int(writeAddress.pointee) & depthMask) &* lanes &+ bank.firstLane
        for i in 0..<bank.lanes {
            let pointer = bank.data[i]
            let raw =
                bank.dataElement == .int32 ? Int64(pointer.load(as: Int32.self)) : pointer.load(as: Int64.self)
            let value = LogicMeaning.canonical(raw, width: width, signed: signed)
            switch stored {
            case .int8:
                cells.storeBytes(of: Int8(truncatingIfNeeded: value), toByteOffset: start &+ i, as: Int8.self)
            case .int16:
                cells.storeBytes(
                    of: Int16(truncatingIfNeeded: value), toByteOffset: 2 &* (start &+ i), as: Int16.self)
            case .int32:
                cells.storeBytes(
                    of: Int32(truncatingIfNeeded: value), toByteOffset: 4 &* (start &+ i), as: Int32.self)
            case .int64: cells.storeBytes(of: value, toByteOffset: 8 &* (start &+ i), as: Int64.self)
            }
        }
    }
}
