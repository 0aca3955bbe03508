// Values as bytes for files that only this program reads. Each kind of value says once which fields it has, in which
// order; a writer and a reader walk them the same way, so that they cannot differ.

/// What walks the fields of a value: a writer, which takes them, or a reader, which replaces them.
package protocol FieldCoder {
    /// Eight bytes.
    mutating func word(_ value: inout UInt64) throws
    /// As many integers as there are, after their number.
    mutating func array<Value: FixedWidthInteger>(_ values: inout [Value]) throws
    /// As `array` of bytes, for signed integers that all fit one.
    mutating func bytes(_ values: inout [Int32]) throws
}

extension FieldCoder {
    /// A signed integer.
    package mutating func integer(_ value: inout Int) throws {
        var word = UInt64(bitPattern: Int64(value))
        try self.word(&word)
        value = Int(Int64(bitPattern: word))
    }

    /// A truth value.
    package mutating func flag(_ value: inout Bool) throws {
        var word: UInt64 = value ? 1 : 0
        try self.word(&word)
        value = word != 0
    }

    /// All bits of a number.
    package mutating func real(_ value: inout Double) throws {
        var word = value.bitPattern
        try self.word(&word)
        value = Double(bitPattern: word)
    }

    /// All bits of a number.
    package mutating func real(_ value: inout Float) throws {
        var word = UInt64(value.bitPattern)
        try self.word(&word)
        value = Float(bitPattern: UInt32(truncatingIfNeeded: word))
    }

    /// A text in UTF-8.
    package mutating func text(_ value: inout String) throws {
        var bytes = Array(value.utf8)
        try array(&bytes)
        value = String(decoding: bytes, as: UTF8.self)
    }

    /// A value that may be absent; `blank` is what a reader fills in.
    package mutating func optional<Value>(
        _ value: inout Value?, blank: Value, _ code: (inout Self, inout Value) throws -> Void
    ) throws {
        var isThere = value != nil
        try flag(&isThere)
        guard isThere else {
            value = nil
            return
        }
        var present = value ?? blank
        try code(&self, &present)
        value = present
    }

    /// Values one after another, after their number.
    package mutating func list<Value>(
        _ values: inout [Value], blank: Value, _ code: (inout Self, inout Value) throws -> Void
    ) throws {
        var count = values.count
        try integer(&count)
        guard count != values.count else {
            for index in values.indices { try code(&self, &values[index]) }
            return
        }
        // A count that is wrong runs out of bytes, so that nothing is made room for.
        values = []
        for _ in 0..<max(0, count) {
            var value = blank
            try code(&self, &value)
            values.append(value)
        }
    }
}

/// Writes fields.
package struct FieldWriter: FieldCoder {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    /// Nothing is written yet; there is room for so many bytes.
    package init(room: Int = 0) { bytes.reserveCapacity(room) }

    /// Appends eight bytes.
    package mutating func word(_ value: inout UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends integers after their number.
    package mutating func array<Value: FixedWidthInteger>(_ values: inout [Value]) {
        var count = UInt64(values.count)
        word(&count)
        LittleEndian.withBytes(of: values) { bytes.append(contentsOf: $0) }
    }

    /// Appends a byte for each integer after their number; some at a time, for a copy of all may be as large as a network.
    package mutating func bytes(_ values: inout [Int32]) {
        var count = UInt64(values.count)
        word(&count)
        let most = 1 << 12
        for start in stride(from: 0, to: values.count, by: most) {
            let some = start..<min(start + most, values.count)
            values.withUnsafeBufferPointer { values in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { narrow in
                    for index in some { narrow[index - start] = UInt8(truncatingIfNeeded: values[index]) }
                    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: narrow[..<some.count]))
                }
            }
        }
    }
}

/// Reads fields; whatever the bytes are, it reads no others and makes no room for more values than there are bytes.
package struct FieldReader: FieldCoder {
    /// The bytes end in the middle of a field.
    package struct Shortage: Error {
        /// What else is not as it was written.
        package init() {}
    }

    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    /// Reads from the first byte on; the bytes outlive the reader.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether all was read.
    package var isAtEnd: Bool { place == bytes.count }

    /// Takes eight bytes. Throws `Shortage`.
    package mutating func word(_ value: inout UInt64) throws {
        guard bytes.count - place >= 8 else { throw Shortage() }
        value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        place += 8
    }

    /// Takes integers after their number. Throws `Shortage`.
    package mutating func array<Value: FixedWidthInteger>(_ values: inout [Value]) throws {
        var count: UInt64 = 0
        try word(&count)
        let size = MemoryLayout<Value>.size
        guard count <= UInt64((bytes.count - place) / size) else { throw Shortage() }
        let end = place + Int(count) * size
        values = LittleEndian.values(of: UnsafeRawBufferPointer(rebasing: bytes[place..<end]))
        place = end
    }

    /// Takes signed bytes after their number. Throws `Shortage`.
    package mutating func bytes(_ values: inout [Int32]) throws {
        var count: UInt64 = 0
        try word(&count)
        guard count <= UInt64(bytes.count - place) else { throw Shortage() }
        let narrow = UnsafeRawBufferPointer(rebasing: bytes[place..<place + Int(count)])
        values = [Int32](unsafeUninitializedCapacity: narrow.count) { values, initialized in
            for index in narrow.indices { values[index] = Int32(Int8(bitPattern: narrow[index])) }
            initialized = narrow.count
        }
        place += narrow.count
    }
}
