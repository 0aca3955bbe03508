// State of the DRAM: per bank its open row and the earliest clock of the next activate, access and precharge; per bank
// group the earliest read, write and activate; the last four activates. A command moves these earliest clocks and
// nothing else; whoever schedules asks for them. The rules are JEDEC's JESD79-4 for one rank, refresh of all banks.

#if MUTANTS
    import Mutants
#endif

/// Earliest clocks of all commands of a one-rank DDR4 memory.
struct DRAMBanks {
    let timing: DDR4Timing
    let groups: Int
    let banks: Int
    /// Group of a bank; banks are numbered group by group.
    let groupOf: UnsafeMutablePointer<Int>
    /// Open row of a bank; -1: none.
    let openRow: UnsafeMutablePointer<Int>
    let activateReady: UnsafeMutablePointer<Int>
    let accessReady: UnsafeMutablePointer<Int>
    let prechargeReady: UnsafeMutablePointer<Int>
    /// Earliest read of each group, then earliest write of each group.
    let groupAccess: UnsafeMutablePointer<Int>
    let groupActivate: UnsafeMutablePointer<Int>
    /// The last four activates, a ring.
    private let activates: UnsafeMutablePointer<Int>
    private var activateCount = 0
    private let storage: UnsafeMutablePointer<Int>

    init(_ timing: DDR4Timing, groups: Int, banksPerGroup: Int) {
        self.timing = timing
        self.groups = groups
        banks = groups * banksPerGroup
        let count = 5 * banks + 3 * groups + 4
        storage = .allocate(capacity: count)
        storage.initialize(repeating: 0, count: count)
        groupOf = storage
        openRow = storage + banks
        activateReady = storage + 2 * banks
        accessReady = storage + 3 * banks
        prechargeReady = storage + 4 * banks
        groupAccess = storage + 5 * banks
        groupActivate = groupAccess + 2 * groups
        activates = groupActivate + groups
        for bank in 0..<banks {
            groupOf[bank] = bank / banksPerGroup
            openRow[bank] = -1
        }
        for index in 0..<4 { activates[index] = -timing.tFAW }
    }

    func deallocate() { storage.deallocate() }

    /// Earliest activate of a bank.
    @inline(__always) func earliestActivate(_ bank: Int) -> Int {
        max(activateReady[bank], groupActivate[groupOf[bank]], activates[activateCount & 3] &+ timing.tFAW)
    }

    mutating func activate(_ bank: Int, row: Int, at cycle: Int) {
        openRow[bank] = row
        activateReady[bank] = cycle + timing.tRC
        accessReady[bank] = cycle + timing.tRCD
        prechargeReady[bank] = cycle + timing.tRAS
        for group in 0..<groups {
            let distance = group == groupOf[bank] ? timing.tRRDL : timing.tRRDS
            groupActivate[group] = max(groupActivate[group], cycle + distance)
        }
        activates[activateCount & 3] = cycle
        activateCount += 1
    }

    mutating func precharge(_ bank: Int, at cycle: Int) {
        openRow[bank] = -1
        activateReady[bank] = max(activateReady[bank], cycle + timing.tRP)
    }

    @inline(__always) mutating func read(_ bank: Int, at cycle: Int) {
        prechargeReady[bank] = max(prechargeReady[bank], cycle &+ timing.tRTP)
        let own = groupOf[bank]
        for group in 0..<groups {
            #if MUTANTS
                let distance = group == own && !isPlanted("dram-group") ? timing.tCCDL : timing.tCCDS
            #else
                let distance = group == own ? timing.tCCDL : timing.tCCDS
            #endif
            groupAccess[group] = max(groupAccess[group], cycle &+ distance)
            groupAccess[groups &+ group] = max(groupAccess[groups &+ group], cycle &+ timing.tRTW)
        }
    }

    @inline(__always) mutating func write(_ bank: Int, at cycle: Int) {
        let end = cycle &+ timing.cwl &+ timing.burst
        prechargeReady[bank] = max(prechargeReady[bank], end &+ timing.tWR)
        let own = groupOf[bank]
        for group in 0..<groups {
            let isOwn = group == own
            groupAccess[group] = max(groupAccess[group], end &+ (isOwn ? timing.tWTRL : timing.tWTRS))
            let distance = isOwn ? timing.tCCDL : timing.tCCDS
            groupAccess[groups &+ group] = max(groupAccess[groups &+ group], cycle &+ distance)
        }
    }

    /// Closes all banks, as early as from `cycle` on, and gives the clock of the command, or nil where none is open.
    mutating func prechargeAll(from cycle: Int) -> Int? {
        var at = cycle
        var isOpen = false
        for bank in 0..<banks where openRow[bank] >= 0 {
            at = max(at, prechargeReady[bank])
            isOpen = true
        }
        guard isOpen else { return nil }
        for bank in 0..<banks where openRow[bank] >= 0 { precharge(bank, at: at) }
        return at
    }

    /// Refreshes all banks, closed before, as early as from `cycle` on, and gives the clock of the command.
    mutating func refresh(from cycle: Int) -> Int {
        var at = cycle
        for bank in 0..<banks { at = max(at, activateReady[bank]) }
        for bank in 0..<banks { activateReady[bank] = at + timing.tRFC }
        return at
    }
}
