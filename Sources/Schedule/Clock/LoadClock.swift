// The rows of a load: when the requester may ask for each (BurstRequester), from when memory offers its beats, and from
// when the writer takes them (LoadEngine).

import Accelerator

/// What a load walks, in positions: beats of rows, and the padding around them.
struct LoadWalk {
    /// Rows that are read, and those of a plane.
    let rows, rowsOfPlane: Int
    /// Beats of a row.
    let beats: Int
    /// Positions of padding before the first beat, between two rows of a plane and between two planes.
    let before, betweenRows, betweenPlanes: Int
    /// Cycles from the last beat until the engine finishes: the padding behind it, and the write.
    let drain: Int
    /// All positions.
    let positions: Int
    /// Bytes of a beat in 1/65,536.
    let beatBytes65536: Int

    init(_ i: Instruction, _ p: AcceleratorParameters) {
        let planes = i[LoadField.lastPlane] + 1
        let (height, width) = (i[LoadField.lastRow] + 1, i[LoadField.lastColumn] + 1)
        rowsOfPlane = i[LoadField.lastValidRow] + 1
        beats = i[LoadField.lastValidColumn] + 1
        rows = planes * rowsOfPlane
        positions = planes * height * width
        betweenRows = width - beats
        betweenPlanes = betweenRows + (height - rowsOfPlane) * width
        before = i[LoadField.firstValidRow] * width + i[LoadField.firstValidColumn]
        drain = betweenPlanes - before + p.loadWriteCycles
        beatBytes65536 = p.loadBeatBytes(i) << 16
    }
}

/// The load that is under way.
struct LoadClock {
    /// Rows that memory holds requests of (SimpleMemory).
    private static let queue = 16

    private let latency: Int
    private(set) var walk: LoadWalk?
    /// Beats of the row at hand that are still to be taken; 0: no load is under way.
    var beatsLeft = 0
    /// From when memory offers the next of them, if its bytes allow.
    private(set) var offeredFrom = 0
    /// From when the writer takes it: it is at a position in the map.
    private(set) var takenFrom = 0
    /// The cycle in which the row was accepted.
    private var accepted = 0
    /// The row, and the same in its plane.
    private var row = 0
    private var rowOfPlane = 0
    /// The cycles of the last beats of the rows before: row r at r mod `queue`.
    private var ends = [Int](repeating: 0, count: LoadClock.queue)

    init(latency: Int) { self.latency = latency }

    /// The engine begins: from the next cycle on it asks and walks.
    mutating func begin(_ walk: LoadWalk, at cycle: Int) {
        self.walk = walk
        (row, rowOfPlane) = (0, 0)
        accepted = cycle + AcceleratorParameters.requestCycles
        offeredFrom = accepted + latency
        takenFrom = cycle + 1 + walk.before
        beatsLeft = walk.beats
    }

    /// The last beat of the row was taken in this cycle. Returns whether there is another row.
    mutating func endRow(at cycle: Int) -> Bool {
        guard let walk, row + 1 < walk.rows else { return false }
        ends[row % LoadClock.queue] = cycle
        row += 1
        rowOfPlane += 1
        accepted += 1
        if row >= LoadClock.queue { accepted = max(accepted, ends[row % LoadClock.queue] + 1) }
        takenFrom = cycle + 1 + (rowOfPlane < walk.rowsOfPlane ? walk.betweenRows : walk.betweenPlanes)
        if rowOfPlane == walk.rowsOfPlane { rowOfPlane = 0 }
        offeredFrom = max(accepted + latency, cycle + 1)
        beatsLeft = walk.beats
        return true
    }

    /// Ends the load, all of whose beats come as soon as they are offered. Returns the cycle in which its engine
    /// finishes.
    mutating func runUnhindered(_ walk: LoadWalk) -> Int {
        defer { beatsLeft = 0 }
        var last = max(offeredFrom, takenFrom) + walk.beats - 1
        // A request comes in time for its row, if the rows before that are in the queue last longer than the latency.
        let fifteenRows = (LoadClock.queue - 1) * (walk.beats + walk.betweenRows) + walk.betweenRows
        if walk.rows <= LoadClock.queue || latency <= fifteenRows {
            let behind = walk.betweenPlanes - walk.before
            return last + (walk.positions - walk.before - behind - walk.beats) + walk.drain
        }
        while endRow(at: last) { last = max(offeredFrom, takenFrom) + walk.beats - 1 }
        return last + walk.drain
    }
}
