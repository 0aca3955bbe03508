// The time that a file's own times count from: `$timezero` of a VCD, a field in the header of an FST.

/// What is added to every time of a file, in its own unit; most files add nothing.
struct TimeZero: Sendable {
    var offset: Int64 = 0

    var isSet: Bool { offset != 0 }

    /// A time of the file as it is meant.
    func shift(_ time: UInt64) throws(Malformed) -> UInt64 {
        if offset == 0 { return time }
        let (sum, overflow) =
            offset > 0
            ? time.addingReportingOverflow(offset.magnitude) : time.subtractingReportingOverflow(offset.magnitude)
        guard !overflow else {
            throw Malformed(
                reason: "its time zero is \(offset): time \(time) comes to lie outside 0 to 2^64 - 1",
                isUnsupported: true)
        }
        return sum
    }
}
