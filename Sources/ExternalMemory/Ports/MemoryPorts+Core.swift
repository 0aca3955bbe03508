// An edge of the core's clock: requests are split and sent to the ports, lines come out of the read FIFOs, written beats
// are collected.

import Design
import Kernel

extension MemoryPorts {
    /// All registers of the core's clock, from what they and the accelerator held before the edge; whether one changed.
    func stepCore(_ isCommon: Bool, _ state: StateView) -> Bool {
        var moved = splitRequests()
        if takeFetched() { moved = true }
        if takeData() { moved = true }
        if acceptRequests() { moved = true }
        if collectWrites(state) { moved = true }
        for port in 0..<settings.ports where ports[port].lookFromCore(isCommon) { moved = true }
        return moved
    }

    private func following(_ port: Int) -> Int { port + 1 == settings.ports ? 0 : port + 1 }

    // MARK: bursts

    /// A burst of each transfer at most goes to its port: instructions to the first, before data.
    private func splitRequests() -> Bool {
        let sendsFetch = fetch.isActive && send(&fetch, .instructions, to: 0, credit: &fetchCredit)
        guard read.isActive, readPort > 0 || !sendsFetch else { return sendsFetch }
        let sendsRead = send(&read, .data, to: readPort, credit: &ports[readPort].dataCredit)
        if sendsRead { readPort = following(readPort) }
        return sendsFetch || sendsRead
    }

    /// The next burst of a transfer, where the port has room for the command and the FIFO for its beats.
    @inline(__always)
    private func send(_ split: inout Split, _ stream: ReadStream, to index: Int, credit: inout Int) -> Bool {
        let port = ports + index
        guard port.pointee.commandsPushed.value - port.pointee.commandsPopped.seen < PortSettings.commandDepth else {
            return false
        }
        let bytes = min(split.left, chunk - split.address & (chunk - 1))
        let inside = split.rounding - 1
        let first = split.address & ~inside
        let beats = (((split.address + bytes - 1) | inside) + 1 - first) / PortSettings.beatBytes
        guard beats <= credit else { return false }
        credit -= beats
        port.pointee.commands.push(
            ReadCommand(address: first, beats: beats, stream: stream))
        port.pointee.commandsPushed.value += 1
        split.address += bytes
        split.left -= bytes
        split.isActive = split.left > 0
        return true
    }

    private func acceptRequests() -> Bool {
        var moved = false
        if drives.fetchReady, places.fetchRequest.pointee != 0 {
            fetchAddress = Int(places.fetchAddress.pointee)
            fetch = Split(
                isActive: true, address: fetchAddress, left: interface.fetch.beats * MemoryInterface.FetchPort.beatBytes
            )
            moved = true
        }
        if drives.readReady, places.readRequest.pointee != 0 {
            let request = Request(
                address: Int(places.readAddress.pointee), beats: Int(places.readLength.pointee) + 1,
                bytes: places.requestedBeatBytes)
            read = Split(
                isActive: true, address: request.address, left: request.beats * request.bytes, rounding: rounding)
            requests.push(request)
            moved = true
        }
        return moved
    }

    // MARK: what comes back

    /// The latch behind the FIFO of instructions: what it holds is always taken.
    private func takeFetched() -> Bool {
        if drives.fetchValid {
            contents.countRead(MemoryInterface.FetchPort.beatBytes)
            fetchAddress += MemoryInterface.FetchPort.beatBytes
        }
        let hadFetched = hasFetched
        hasFetched = ports[0].fetchArrived.seen > fetchLoaded
        if hasFetched {
            fetchLoaded += 1
            fetchCredit += 1
        }
        return hadFetched || hasFetched
    }

    /// The latches behind the FIFOs of data, and the request that they answer.
    private func takeData() -> Bool {
        var moved = false
        var popped = -1
        var isLast = false
        if drives.readValid, places.take.pointee != 0 {
            contents.countRead(current.bytes)
            current.address += current.bytes
            current.beats -= 1
            isLast = current.beats == 0
            if isLast || current.address & (line - 1) == 0 { popped = currentPort }
            if isLast || current.address & (chunk - 1) == 0 { currentPort = following(currentPort) }
            moved = true
        }
        for index in 0..<settings.ports {
            let port = ports + index
            if port.pointee.dataArrived.seen - port.pointee.dataLoaded >= beatsOfLine,
                !port.pointee.hasLine || popped == index
            {
                port.pointee.hasLine = true
                port.pointee.dataLoaded += beatsOfLine
                port.pointee.dataCredit += beatsOfLine
                moved = true
            } else if popped == index {
                port.pointee.hasLine = false
            }
        }
        if requests.count > 0, !hasRequest || isLast {
            current = requests.head
            requests.pop()
            hasRequest = true
            moved = true
        } else if isLast {
            hasRequest = false
        }
        return moved
    }

    // MARK: writes

    /// A beat that follows the one before joins its burst, up to a multiple of the burst's length; a cycle without a beat
    /// ends it. The line being filled is pushed when a beat goes elsewhere.
    private func collectWrites(_ state: StateView) -> Bool {
        var moved = noteResponses()
        let isAsked = places.writeRequest.pointee != 0
        if drives.writeReady, isAsked {
            let address = Int(places.writeAddress.pointee)
            contents.write(address, from: interface.write, interface.beat, state)
            join(address)
            moved = true
        } else if run.isOpen, !isAsked {
            ports[writePort].linesPushed.value += 1
            endRun()
            run.isOpen = false
            moved = true
        }
        return moved
    }

    private func join(_ address: Int) {
        let follows = run.isOpen && address == run.next && address & (chunk - 1) != 0
        let isSameLine = follows && address & (writeLine - 1) != 0
        if run.isOpen, !isSameLine { ports[writePort].linesPushed.value += 1 }
        if run.isOpen, !follows { endRun() }
        if !follows {
            run = WriteRun(isOpen: true, start: address & ~(PortSettings.beatBytes - 1), lines: 1, next: 0)
        } else if !isSameLine {
            run.lines += 1
        }
        run.next = address + beat
    }

    private func endRun() {
        let port = ports + writePort
        port.pointee.writeCommands.push(WriteCommand(address: run.start, beats: run.lines * beatsOfWriteLine))
        port.pointee.writesPushed.value += 1
        openWrites += 1
        writePort = following(writePort)
    }

    private func noteResponses() -> Bool {
        var moved = false
        for index in 0..<settings.ports where ports[index].responses.seen != ports[index].responsesNoted {
            ports[index].responsesNoted += 1
            openWrites -= 1
            moved = true
        }
        return moved
    }
}
