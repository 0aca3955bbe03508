// What the design needs of the device, in the four resources that run out.

import Foundation

/// Resources used and available.
public struct ResourceReport: Sendable, Codable, Equatable {
    /// One kind of resource.
    public struct Entry: Sendable, Codable, Equatable {
        /// Block RAMs count in halves of a RAMB36.
        public var used: Double
        public var available: Int
        /// used / available.
        public var fraction: Double

        init(used: Double, available: Int) {
            self.used = used
            self.available = available
            fraction = used / Double(max(1, available))
        }
    }

    /// Use of one module instance and everything below it.
    public struct Row: Sendable, Codable, Equatable {
        /// Path such as `top.array`.
        public var scope: String
        public var lut: Double
        public var ff: Double
        public var dsp: Double
        public var bram36: Double
    }

    public var lut: Entry
    public var ff: Entry
    public var dsp: Entry
    public var bram36: Entry
    public var fits: Bool
    /// The resource with the largest fraction.
    public var limiting: String
    /// By module instance; not part of report.json.
    public var rows: [Row]

    enum CodingKeys: String, CodingKey { case lut, ff, dsp, bram36, fits, limiting }

    init(lut: Entry, ff: Entry, dsp: Entry, bram36: Entry, rows: [Row]) {
        self.lut = lut
        self.ff = ff
        self.dsp = dsp
        self.bram36 = bram36
        self.rows = rows
        let all = [("lut", lut), ("ff", ff), ("dsp", dsp), ("bram36", bram36)]
        fits = all.allSatisfy { $0.1.used <= Double($0.1.available) }
        limiting = all.max { $0.1.fraction < $1.1.fraction }?.0 ?? "lut"
    }

    /// Reads the part that is in report.json.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            lut: try values.decode(Entry.self, forKey: .lut), ff: try values.decode(Entry.self, forKey: .ff),
            dsp: try values.decode(Entry.self, forKey: .dsp), bram36: try values.decode(Entry.self, forKey: .bram36),
            rows: [])
    }

    private var named: [(name: String, entry: Entry)] {
        [("LUT", lut), ("FF", ff), ("DSP48E2", dsp), ("RAMB36", bram36)]
    }

    /// "the design does not fit ..."
    func overflowMessage(part: String) -> String {
        let over = named.filter { $0.entry.used > Double($0.entry.available) }.map { name, entry in
            "\(ResourceReport.text(entry.used)) \(name) of \(TextTable.grouped(entry.available))"
        }
        return "the design does not fit \(part): it needs \(over.joined(separator: " and ")); "
            + "make the array or the buffers smaller, or set device.allow_overflow: true"
    }

    /// Lines of report.txt.
    func table(part: String) -> [String] {
        var table = TextTable(["resources of \(part)", "used", "available", "fraction"])
        for (name, entry) in named {
            table.add([
                name, ResourceReport.text(entry.used), TextTable.grouped(entry.available),
                TextTable.percent(entry.fraction),
            ])
        }
        return table.lines + [fits ? "the design fits" : "the design DOES NOT FIT"]
    }

    /// Lines by module instance.
    func scopeTable() -> [String] {
        var table = TextTable(["module", "LUT", "FF", "DSP48E2", "RAMB36"])
        for row in rows { table.add([row.scope] + [row.lut, row.ff, row.dsp, row.bram36].map(ResourceReport.text)) }
        return table.lines
    }

    private static func text(_ value: Double) -> String { TextTable.fixed(value, value == value.rounded() ? 0 : 1) }
}
