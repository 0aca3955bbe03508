// The DDR controller of the PS: two stores (CAMs), one of reads and one of writes, and a scheduler that puts at most one
// command on the DRAM's bus per clock. First ready, first come: of what may be commanded in a clock, accesses to open
// rows go first, then activates, then precharges, the older first. Reads are preferred; the bus changes direction when
// the store that it serves is empty, or when the other has waited `starveClocks` without service (critical); a store
// that was critical is served `runLength` accesses before the other may interrupt (UG585 figure 10-9 and table 10-4 for
// this controller's predecessor; registers SCHED, PERFLPR1, PERFWR1 in UG1087). Rows stay open. A refresh is due every
// tREFI and is not postponed; those of an idle stretch are sent when it ends, and counted as they are due.
//
// Work is done per command: the next command and its clock follow from the state alone, and are found again after each
// command and each arrival. A write to the 64 bytes of one that waits joins it (register DBG0: dis_wc = 0). Not modelled:
// ECC, quality of service, forwarding of written data to reads and the flush of equal addresses, preparation of rows for
// the other direction.

/// The scheduler of the DRAM's commands. Directions: 0 reads, 1 writes.
struct DDRController {
    /// An access in a store.
    struct Entry {
        /// When it came, and the order of arrival over both stores.
        var cycle = 0
        var order = 0
        /// The next of its bank and direction; -1: none.
        var next = -1
        var address = 0
        /// Whose it is: the port and the place in its ring of accesses.
        var port: Int32 = 0
        var index: Int32 = 0
        var row: Int32 = 0
        var bank: Int16 = 0
        /// 0: its row was open; 1: it had to be opened; 2: another had to be closed before.
        var work: Int16 = 0
    }

    /// A command that has been sent for an access: whose it is, and when its data end.
    struct Served {
        var port: Int
        var index: Int
        var direction: Int
        var end: Int
    }

    /// What is to be commanded next, and when.
    struct Choice {
        var cycle = Int.max
        /// 0 access, 1 activate, 2 precharge, 3 refresh.
        var kind = 0
        var bank = 0
        var direction = 0
    }

    private(set) var banks: DRAMBanks
    var statistics = DRAMStatistics()
    /// Commands so far, where they are wanted.
    var log: [DRAMCommand]?
    private let map: AddressMap
    private let banksPerGroup: Int
    private let path: PSPath
    private let starve: Int
    private let entries: UnsafeMutablePointer<Entry>
    private let spare: UnsafeMutablePointer<Int>
    private var spareCount: Int
    /// Per direction and bank: first and last entry, first entry to the open row and the one before it; -1: none.
    private let heads: UnsafeMutablePointer<Int>
    private let tails: UnsafeMutablePointer<Int>
    private let hits: UnsafeMutablePointer<Int>
    private let beforeHits: UnsafeMutablePointer<Int>
    /// Per direction: banks that have entries, a bit each; entries; clock since which the store waits for service;
    /// accesses that are still to be served before the other may interrupt.
    private var occupied = (0, 0)
    private let pending: UnsafeMutablePointer<Int>
    private let waitingSince: UnsafeMutablePointer<Int>
    private let owed: UnsafeMutablePointer<Int>
    private var direction = 0
    /// The clock in which the store of reads became empty.
    private var readsEmptySince = 0
    private var arrivals = 0
    /// The clock of the last command or arrival, and the first in which the command bus is free.
    private var clock = 0
    private var commandFree = 0
    private var refreshDue: Int
    private var meter = DataBusMeter()
    /// The next command; found when asked for.
    private var choice = Choice()
    private var isChosen = true

    init(_ settings: PSMemorySettings) {
        map = AddressMap(settings.geometry)
        banksPerGroup = settings.geometry.banksPerGroup
        path = settings.path
        starve = 2 * settings.path.starveClocks
        banks = DRAMBanks(
            settings.timing, groups: settings.geometry.bankGroups, banksPerGroup: banksPerGroup)
        refreshDue = settings.timing.tREFI
        let capacity = path.readEntries + path.writeEntries
        entries = .allocate(capacity: capacity)
        entries.initialize(repeating: Entry(), count: capacity)
        spare = .allocate(capacity: capacity)
        for index in 0..<capacity { spare[index] = index }
        spareCount = capacity
        let lists = 2 * banks.banks
        heads = .allocate(capacity: 4 * lists + 6)
        heads.initialize(repeating: -1, count: 4 * lists)
        tails = heads + lists
        hits = heads + 2 * lists
        beforeHits = heads + 3 * lists
        pending = heads + 4 * lists
        pending.initialize(repeating: 0, count: 6)
        waitingSince = pending + 2
        owed = pending + 4
    }

    func deallocate() {
        banks.deallocate()
        entries.deallocate()
        spare.deallocate()
        heads.deallocate()
    }

    /// Whether a store takes another access.
    @inline(__always) func hasRoom(_ direction: Int) -> Bool {
        pending[direction] < (direction == 0 ? path.readEntries : path.writeEntries)
    }

    /// The clock of the next command; Int.max: none is to come.
    var next: Int {
        mutating get {
            if !isChosen {
                choice = choose()
                isChosen = true
            }
            return choice.cycle
        }
    }

    /// The counts up to a clock, in which all commands up to it have been sent: with the refreshes due in an idle stretch.
    func statistics(at cycle: Int) -> DRAMStatistics {
        var result = statistics
        if pending[0] + pending[1] == 0 && refreshDue <= cycle {
            result.refreshes += (cycle - refreshDue) / banks.timing.tREFI + 1
        }
        return result
    }

    // MARK: arrivals

    /// Takes an access into a store that has room. A write to the 64 bytes of one that waits joins it.
    mutating func insert(_ access: Entry, _ direction: Int, at cycle: Int) {
        if direction == 1 && isCombined(access) {
            statistics.combinedWrites += 1
            return
        }
        if pending[0] + pending[1] == 0 { refreshIdle(until: cycle) }
        clock = max(clock, cycle)
        let isFirst = pending[direction] == 0
        if isFirst { waitingSince[direction] = cycle }
        pending[direction] += 1
        spareCount -= 1
        let entry = spare[spareCount]
        let bank = Int(access.bank)
        entries[entry] = access
        entries[entry].cycle = cycle
        entries[entry].order = arrivals
        arrivals += 1
        let list = direction * banks.banks + bank
        let last = tails[list]
        let isHit = hits[list] < 0 && banks.openRow[bank] == Int(access.row)
        if isHit {
            hits[list] = entry
            beforeHits[list] = last
        }
        if last >= 0 { entries[last].next = entry } else { heads[list] = entry }
        tails[list] = entry
        if direction == 0 { occupied.0 |= 1 << bank } else { occupied.1 |= 1 << bank }
        guard isChosen else { return }
        // What is next stays next where the arrival changes neither its bank's wish nor whose turn it is.
        let isQuiet =
            choice.kind < 3 && choice.cycle < Int.max && choice.direction == self.direction
            && (direction == choice.direction
                ? last >= 0 && !isHit : !isFirst || choice.cycle < cycle + starve)
        if !isQuiet { isChosen = false }
    }

    private func isCombined(_ access: Entry) -> Bool {
        var entry = heads[banks.banks + Int(access.bank)]
        while entry >= 0 && entries[entry].address != access.address { entry = entries[entry].next }
        return entry >= 0
    }

    // MARK: choice

    /// What is to be commanded next, were nothing more to arrive.
    private func choose() -> Choice {
        let start = max(clock, commandFree)
        var choice: Choice
        let other = 1 - direction
        if pending[direction] == 0 {
            guard pending[other] > 0 else { return Choice() }
            let from = direction == 0 ? max(start, readsEmptySince + 2 * path.idleClocks) : start
            choice = best(other, from: from)
        } else {
            choice = best(direction, from: start)
            let critical = waitingSince[other] + starve
            // The other interrupts when it has become critical, unless what is served is critical itself.
            if pending[other] > 0 && owed[direction] == 0 && choice.cycle >= critical
                && choice.cycle < waitingSince[direction] + starve
            {
                choice = best(other, from: max(start, critical))
            }
        }
        if choice.cycle >= refreshDue {
            choice = Choice(cycle: max(start, refreshDue), kind: 3, direction: direction)
        }
        return choice
    }

    /// The first command that a store wants, from a clock on.
    @inline(__always) private func best(_ direction: Int, from start: Int) -> Choice {
        var best = Choice()
        best.direction = direction
        var bestEntry = -1
        let heads = heads + direction * banks.banks
        let hits = hits + direction * banks.banks
        let groupAccess = banks.groupAccess + direction * banks.groups
        let accessReady = banks.accessReady
        let groupOf = banks.groupOf
        let aged = start &- path.ageLimit
        var rest = direction == 0 ? occupied.0 : occupied.1
        while rest != 0 {
            let bank = rest.trailingZeroBitCount
            rest &= rest &- 1
            var entry = hits[bank]
            var kind = 0
            var cycle: Int
            if entry >= 0 && (entry == heads[bank] || entries[heads[bank]].cycle >= aged) {
                cycle = max(start, max(accessReady[bank], groupAccess[groupOf[bank]]))
            } else {
                entry = heads[bank]
                kind = banks.openRow[bank] < 0 ? 1 : 2
                cycle = max(start, kind == 1 ? banks.earliestActivate(bank) : banks.prechargeReady[bank])
            }
            if cycle > best.cycle { continue }
            if cycle == best.cycle {
                if kind > best.kind { continue }
                if kind == best.kind && entries[entry].order > entries[bestEntry].order { continue }
            }
            (best.cycle, best.kind, best.bank) = (cycle, kind, bank)
            bestEntry = entry
        }
        return best
    }

    // MARK: commands

    /// Sends the next command. Gives the access that it serves, if any.
    mutating func command() -> Served? {
        let now = choice
        isChosen = false
        if now.kind == 3 {
            refresh()
            return nil
        }
        clock = now.cycle
        commandFree = now.cycle + 1
        let list = now.direction * banks.banks + now.bank
        if now.direction != direction {
            direction = now.direction
            if now.cycle >= waitingSince[direction] + starve { owed[direction] = path.runLength }
            owed[1 - direction] = 0
        } else if owed[direction] == 0 && now.cycle >= waitingSince[direction] + starve {
            owed[direction] = path.runLength
        }
        switch now.kind {
        case 0: return access(now, list)
        case 1:
            let head = heads[list]
            if entries[head].work == 0 { entries[head].work = 1 }
            banks.activate(now.bank, row: Int(entries[head].row), at: now.cycle)
            statistics.activates += 1
            findHits(now.bank)
            note(.activate, now.bank, row: Int(entries[head].row))
        default:
            entries[heads[list]].work = 2
            banks.precharge(now.bank, at: now.cycle)
            statistics.precharges += 1
            hits[now.bank] = -1
            hits[banks.banks + now.bank] = -1
            note(.precharge, now.bank)
        }
        return nil
    }

    /// Serves the first access to a bank's open row.
    @inline(__always) private mutating func access(_ now: Choice, _ list: Int) -> Served {
        let index = hits[list]
        let entry = entries[index]
        let before = beforeHits[list]
        if before >= 0 { entries[before].next = entry.next } else { heads[list] = entry.next }
        if entry.next < 0 { tails[list] = before }
        if heads[list] < 0 {
            if now.direction == 0 { occupied.0 &= ~(1 << now.bank) } else { occupied.1 &= ~(1 << now.bank) }
        }
        findHit(list, from: entry.next, after: before, row: Int(entry.row))
        spare[spareCount] = index
        spareCount += 1
        pending[now.direction] -= 1
        waitingSince[now.direction] = now.cycle
        if pending[now.direction] == 0 {
            owed[now.direction] = 0
        } else if owed[now.direction] > 0 {
            owed[now.direction] -= 1
        }
        let latency: Int
        if now.direction == 0 {
            if pending[0] == 0 { readsEmptySince = now.cycle }
            banks.read(now.bank, at: now.cycle)
            statistics.reads += 1
            latency = banks.timing.cl
        } else {
            banks.write(now.bank, at: now.cycle)
            statistics.writes += 1
            latency = banks.timing.cwl
        }
        switch entry.work {
        case 0: statistics.rowHits += 1
        case 1: statistics.rowMisses += 1
        default: statistics.rowConflicts += 1
        }
        if log != nil {
            note(
                now.direction == 0 ? .read : .write, now.bank, row: Int(entry.row),
                column: map.column(entry.address))
        }
        let data = now.cycle + latency
        meter.count(
            DataBusMeter.Use(
                start: data, length: banks.timing.burst, earliest: entry.cycle + latency, direction: now.direction,
                group: banks.groupOf[now.bank], neededRow: entry.work > 0), &statistics)
        return Served(
            port: Int(entry.port), index: Int(entry.index), direction: now.direction, end: data + banks.timing.burst)
    }

    /// Finds the accesses to the row that a bank has opened.
    private mutating func findHits(_ bank: Int) {
        for direction in 0..<2 {
            let list = direction * banks.banks + bank
            findHit(list, from: heads[list], after: -1, row: banks.openRow[bank])
        }
    }

    @inline(__always) private func findHit(_ list: Int, from first: Int, after: Int, row: Int) {
        var (entry, before) = (first, after)
        while entry >= 0 && Int(entries[entry].row) != row { (before, entry) = (entry, entries[entry].next) }
        hits[list] = entry
        beforeHits[list] = before
    }

    // MARK: refresh

    private mutating func refresh() {
        let start = max(refreshDue, commandFree)
        if let closed = banks.prechargeAll(from: start) {
            log?.append(DRAMCommand(cycle: closed, kind: .prechargeAll))
            for list in 0..<2 * banks.banks { hits[list] = -1 }
            commandFree = closed + 1
        }
        let cycle = banks.refresh(from: max(start, commandFree))
        log?.append(DRAMCommand(cycle: cycle, kind: .refresh))
        statistics.refreshes += 1
        commandFree = cycle + 1
        clock = max(clock, cycle)
        refreshDue += banks.timing.tREFI
        meter.hasRefreshed = true
    }

    /// Sends the refreshes that became due while nothing was to be done.
    private mutating func refreshIdle(until cycle: Int) {
        guard refreshDue <= cycle else { return }
        refresh()
        // All banks are closed now: each further refresh is one command, when it is due.
        if log == nil {
            let skipped = max(0, (cycle - refreshDue) / banks.timing.tREFI)
            statistics.refreshes += skipped
            refreshDue += skipped * banks.timing.tREFI
        }
        while refreshDue <= cycle { refresh() }
    }

    private mutating func note(_ kind: DRAMCommand.Kind, _ bank: Int, row: Int = 0, column: Int = 0) {
        log?.append(
            DRAMCommand(
                cycle: clock, kind: kind, group: banks.groupOf[bank], bank: bank % banksPerGroup, row: row,
                column: column))
    }
}

/// Where the data bus' clocks went: between data, while an access waited, it is asked what it waited for last.
private struct DataBusMeter {
    struct Use {
        var start: Int
        var length: Int
        /// When its data could have started had the access been commanded as it came.
        var earliest: Int
        var direction: Int
        var group: Int
        var neededRow: Bool
    }
    var hasRefreshed = false
    private var end = 0
    private var direction = -1
    private var group = -1

    @inline(__always) mutating func count(_ use: Use, _ statistics: inout DRAMStatistics) {
        let lost = use.start &- max(end, use.earliest)
        let turned = direction >= 0 && use.direction != direction
        if turned { statistics.turnarounds += 1 }
        if lost > 0 {
            if hasRefreshed {
                statistics.refreshClocks += lost
            } else if turned {
                statistics.turnaroundClocks += lost
            } else if use.neededRow {
                statistics.rowClocks += lost
            } else if use.group == group {
                statistics.groupClocks += lost
            }
        }
        hasRefreshed = false
        statistics.busyClocks += use.length
        (end, direction, group) = (use.start &+ use.length, use.direction, use.group)
    }
}
