// The use of the buffers by a layer for people: a table, and what is there over time.

import Schedule
import Support

/// The lines about a layer's buffers.
struct BufferText {
    private let buffers: [BufferDescription]
    private let window: Range<Int>
    private let isAlone: Bool

    /// Marks of a line over time, and tiles of a buffer that are listed.
    private static let marks = 60
    private static let mostListed = 6

    init(_ buffers: [BufferDescription], during window: Range<Int>, isAlone: Bool) {
        self.buffers = buffers
        self.window = window
        self.isAlone = isAlone
    }

    var lines: [String] {
        [""] + sizes + [""] + transfers + [""] + timeline + (isAlone ? [""] + list : [])
    }

    private func indented(_ table: TextTable) -> [String] { table.lines.map { $0.isEmpty ? "" : "  " + $0 } }

    private var sizes: [String] {
        var table = TextTable(["buffer", "words", "a tile", "next fits", "tiles", "peak", "mean", "two there"])
        for buffer in buffers {
            func share(_ words: Double) -> String { TextTable.percent(words / Double(buffer.words)) }
            table.add([
                buffer.name.rawValue, TextTable.grouped(buffer.words), TextTable.grouped(buffer.largest),
                buffer.nextFits ? "yes" : "no", TextTable.grouped(buffer.tiles), share(Double(buffer.peak)),
                share(buffer.mean), TextTable.percent(Double(buffer.sharedCycles) / Double(max(1, window.count))),
            ])
        }
        return indented(table)
    }

    private var transfers: [String] {
        var table = TextTable(["buffer", "bytes loaded", "read by array", "written by array", "stored"])
        for buffer in buffers {
            let bytes = [buffer.loadedBytes, buffer.arrayReadBytes, buffer.arrayWriteBytes, buffer.storedBytes]
            table.add([buffer.name.rawValue] + bytes.map { $0 == 0 ? "" : TextTable.grouped($0) })
        }
        return indented(table)
    }

    /// Tiles in each buffer, in equal stretches of the layer's cycles.
    private var timeline: [String] {
        let marks = min(BufferText.marks, max(1, window.count))
        let heading =
            "tiles in the buffers from cycle \(TextTable.grouped(window.lowerBound)) to "
            + "\(TextTable.grouped(window.upperBound)), in the middle of \(marks) stretches"
        let rows = buffers.map { buffer in
            let line = (0..<marks).map { mark -> Character in
                let cycle = window.lowerBound + (2 * mark + 1) * window.count / (2 * marks)
                let tiles = buffer.occupancy.count { $0.begin <= cycle && cycle < $0.end }
                return tiles == 0 ? "." : tiles > 9 ? "+" : Character("\(tiles)")
            }
            let name = buffer.name.rawValue
            return "  " + name + String(repeating: " ", count: 11 - name.count) + String(line)
        }
        return TextTable.wrapped("  " + heading, indent: 2) + rows
    }

    private var list: [String] {
        var table = TextTable(["buffer", "first tiles of", "words", "from cycle", "to cycle"], left: [0, 1])
        for buffer in buffers {
            for tile in buffer.occupancy.prefix(BufferText.mostListed) {
                table.add([
                    buffer.name.rawValue, tile.layer,
                    "\(TextTable.grouped(tile.firstWord)) to \(TextTable.grouped(tile.firstWord + tile.words - 1))",
                    TextTable.grouped(tile.begin), TextTable.grouped(tile.end),
                ])
            }
        }
        return indented(table)
    }
}
