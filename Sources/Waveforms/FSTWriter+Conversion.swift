// The records of a converted trace that those of a run do not have: unknown bits as characters, reals as eight bytes in
// the machine's order, strings as a length and bytes.

extension FSTWriter {
    /// Changes a signal of a converted trace; see `TraceWriter`.
    public func change(_ handle: Int, _ change: TraceChange) {
        let slot = values.slot(of: handle)
        guard let conversion = values.conversion, conversion.update(slot, change, values), isRunning else {
            return
        }
        recordConverted(slot, conversion)
    }

    /// Appends the present value of a slot to its chain.
    func recordConverted(_ slot: Int, _ conversion: ConvertedValues) {
        let before = chains[slot].bytes.count
        switch conversion.kind(of: slot) {
        case .string:
            chains[slot].bytes.append(varint: startRecord(slot) << 1)
            let text = conversion.texts[slot]
            chains[slot].bytes.append(varint: UInt64(text.count))
            text.withUnsafeBufferPointer { chains[slot].bytes.append($0) }
        case .real:
            chains[slot].bytes.append(varint: startRecord(slot) << 1 | 1)
            withUnsafeBytes(of: values.value(of: slot).pointee) { raw in
                for byte in raw { chains[slot].bytes.append(byte) }
            }
        case .wire, .register, .integer, .parameter, .event:
            guard conversion.hasUnknown(slot, values) else { return record(slot) }
            recordUnknown(slot, conversion.digits(slot, values))
        }
        pendingBytes &+= chains[slot].bytes.count &- before
    }

    private func recordUnknown(_ slot: Int, _ digits: [UInt8]) {
        let distance = startRecord(slot)
        if digits.count == 1 {
            // Code 0 is x, 1 is z.
            let code: UInt64 = digits[0] == UInt8(ascii: "z") ? 1 : 0
            chains[slot].bytes.append(varint: distance << 4 | code << 1 | 1)
        } else {
            chains[slot].bytes.append(varint: distance << 1 | 1)
            digits.withUnsafeBufferPointer { chains[slot].bytes.append($0) }
        }
    }

    /// The state of a converted trace as a frame: x for a signal without a value, NaN for a real; strings have none.
    func appendConvertedFrame(_ conversion: ConvertedValues, to frame: inout ByteBuffer) {
        for slot in values.slots.indices {
            switch conversion.kind(of: slot) {
            case .string: break
            case .real:
                let value = conversion.isDefined[slot] ? values.value(of: slot).pointee : Double.nan.bitPattern
                withUnsafeBytes(of: value) { raw in
                    for byte in raw { frame.append(byte) }
                }
            case .wire, .register, .integer, .parameter, .event:
                conversion.digits(slot, values).withUnsafeBufferPointer { frame.append($0) }
            }
        }
    }

    /// A slot's entry in the geometry: 0 for a real, 2^32 - 1 for what has no fixed width.
    func geometry(of slot: Int) -> UInt64 {
        let width = values.slots[slot].width
        switch values.conversion?.kind(of: slot) {
        case .real: return 0
        case .string: return FSTLayout.variableWidth
        case .wire, .register, .integer, .parameter, .event, nil:
            return width == 0 ? FSTLayout.variableWidth : UInt64(width)
        }
    }
}
