import ExternalMemory

/// A master at an HP port: it asks for bursts as fast as they are accepted and takes answers as they come.
struct TrafficMaster {
    /// Beats of 16 bytes per burst.
    var beats: Int
    /// Address of the n-th read, of the n-th write; nil: it does not read, or write.
    var readAddress: ((Int) -> Int)?
    var writeAddress: ((Int) -> Int)?
    /// Requests in all, per direction.
    var limit = Int.max
    /// What has been done: requests, beats of data taken, responses taken.
    var readsAsked = 0
    var writesAsked = 0
    var beatsTaken = 0
    var responsesTaken = 0
    fileprivate var edge = 0
    fileprivate var writeFrom = 0

    init(beats: Int, read: ((Int) -> Int)? = nil, write: ((Int) -> Int)? = nil) {
        self.beats = beats
        readAddress = read
        writeAddress = write
    }

    /// Bytes that have arrived at either end.
    var bytes: Int { 16 * (beatsTaken + beats * responsesTaken) }
    var isDone: Bool {
        (readAddress == nil || beatsTaken / beats >= limit) && (writeAddress == nil || responsesTaken >= limit)
    }
}

extension TrafficMaster {
    /// Addresses one after the other, in a window of a power of two.
    static func stream(at base: Int, beats: Int, window: Int = 1 << 22) -> (Int) -> Int {
        // Bursts that do not divide 4 KiB leave its end out.
        let perPage = 4096 / (16 * beats)
        return { base + ($0 / perPage * 4096 + $0 % perPage * 16 * beats) % window }
    }
}

/// A memory and the masters at its ports.
struct Traffic {
    let memory: PSMemory
    var masters: [TrafficMaster]

    init(_ settings: PSMemorySettings, _ masters: [TrafficMaster]) {
        memory = PSMemory(settings)
        self.masters = masters
    }

    /// Runs up to a time in microseconds, or until all is done.
    mutating func run(microseconds: Int) {
        let kHz = memory.settings.ports
        while true {
            var port = 0
            for other in masters.indices.dropFirst()
            where masters[other].edge * kHz[port] < masters[port].edge * kHz[other] { port = other }
            guard masters[port].edge * 1000 < microseconds * kHz[port], !masters.allSatisfy(\.isDone) else { return }
            memory.advance(port: port, to: masters[port].edge)
            act(port)
            masters[port].edge += 1
        }
    }

    /// What a master does at its edge.
    private mutating func act(_ port: Int) {
        if memory.readValid(port) {
            memory.takeRead(port)
            masters[port].beatsTaken += 1
        }
        if memory.responseValid(port) {
            memory.takeResponse(port)
            masters[port].responsesTaken += 1
        }
        let master = masters[port]
        if let address = master.readAddress, master.readsAsked < master.limit, memory.readReady(port) {
            memory.read(port, address: address(master.readsAsked), beats: master.beats)
            masters[port].readsAsked += 1
        }
        if let address = master.writeAddress, master.writesAsked < master.limit, master.edge >= master.writeFrom,
            memory.writeReady(port, beats: master.beats)
        {
            memory.write(port, address: address(master.writesAsked), beats: master.beats)
            masters[port].writesAsked += 1
            masters[port].writeFrom = master.edge + master.beats
        }
    }

    /// Megabytes per second of all masters over so many microseconds.
    func rate(microseconds: Int) -> Double { Double(masters.reduce(0) { $0 + $1.bytes }) / Double(microseconds) }
}
