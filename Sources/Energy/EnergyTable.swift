// Coefficients as data: CSV with a row for every element, the built-in table and a user's own alike.

import Diagnostics
import Foundation
import Support

/// A row for every element.
public struct EnergyTable: Sendable, Hashable {
    /// In the order of `EnergyElement.allCases`.
    public let rows: [EnergyRow]
    /// `built-in`, or the name of the file.
    public let name: String

    /// Columns of the file, in order.
    public static let columns = [
        "element", "unit", "value", "low", "high", "group", "part", "component", "rail", "source",
    ]

    /// What `energy.table` is called where no file is given.
    public static let builtInName = "built-in"

    /// The rows of docs/sources.md, measured on boards of the xczu9eg where there are such.
    public static let builtIn: EnergyTable = {
        do {
            let text = String(decoding: PackageResources.zcu102_csv, as: UTF8.self)
            return try EnergyTable(csv: text, name: builtInName, place: builtInName)
        } catch {
            preconditionFailure("the built-in table of energies is wrong: \(error)")
        }
    }()

    /// The row of an element.
    public subscript(element: EnergyElement) -> EnergyRow { rows[places[element]!] }
    private let places: [EnergyElement: Int]

    /// The table in a file's text; `place` names it in messages. Throws `InputError` with the line for what is missing,
    /// twice there, unknown, or no number, and for bounds that do not hold the value.
    public init(csv text: String, name: String, place: String) throws {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().filter {
            !$0.element.allSatisfy(\.isWhitespace)
        }
        guard let head = lines.first, try CSVLine.fields(head.element, at: "\(place):1") == Self.columns else {
            throw InputError(at: "\(place):1", "the first line must be \(Self.columns.joined(separator: ","))")
        }
        var found: [EnergyElement: EnergyRow] = [:]
        for (index, line) in lines.dropFirst() {
            let here = "\(place):\(index + 1)"
            let row = try EnergyRow(CSVLine.fields(line, at: here), at: here)
            guard found.updateValue(row, forKey: row.element) == nil else {
                throw InputError(at: here, "\(row.element.rawValue) stands there twice")
            }
        }
        let missing = EnergyElement.allCases.filter { found[$0] == nil }.map(\.rawValue)
        guard missing.isEmpty else {
            throw InputError(
                at: place,
                "no row for \(missing.joined(separator: ", ")); `shiftsim energy-table --csv` prints a whole table")
        }
        rows = EnergyElement.allCases.compactMap { found[$0] }
        places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1.element, $0) })
        self.name = name
    }

    /// The table as a file that `energy.table` reads.
    public var csv: String {
        ([Self.columns] + rows.map(\.fields)).map { $0.map(CSVField.text).joined(separator: ",") + "\n" }.joined()
    }

    /// The same table with one row's coefficient changed by a factor; for tests of what a row moves.
    package func scaling(_ element: EnergyElement, by factor: Double) -> EnergyTable {
        EnergyTable(
            rows: rows.map { row in
                var row = row
                if row.element == element { row.range = row.range * factor }
                return row
            }, name: name, places: places)
    }

    private init(rows: [EnergyRow], name: String, places: [EnergyElement: Int]) {
        (self.rows, self.name, self.places) = (rows, name, places)
    }
}

extension EnergyRow {
    fileprivate init(_ fields: [String], at place: String) throws {
        guard fields.count == EnergyTable.columns.count else {
            throw InputError(at: place, "\(fields.count) fields; accepted: \(EnergyTable.columns.count)")
        }
        element = try Self.word(fields[0], "element", at: place)
        unit = try Self.word(fields[1], "unit", at: place)
        let numbers = try fields[2...4].map { try Self.number($0, at: place) }
        range = EnergyRange(numbers[0], low: numbers[1], high: numbers[2])
        guard range.low <= range.value, range.value <= range.high else {
            throw InputError(
                at: place, "\(fields[0]): low \(fields[3]), value \(fields[2]) and high \(fields[4]) must ascend")
        }
        part = try Self.word(fields[6], "part", at: place)
        (group, component, rail, source) = (fields[5], fields[7], fields[8], fields[9])
        let builtIn = EnergyUnit.of(element)
        guard unit == builtIn else {
            throw InputError(at: place, "\(fields[0]): unit \(fields[1]); accepted: \(builtIn.rawValue)")
        }
        guard part == EnergyPart.of(element) else {
            throw InputError(
                at: place, "\(fields[0]): part \(fields[6]); accepted: \(EnergyPart.of(element).rawValue)")
        }
        guard unit != .volts || range.low > 0 else {
            throw InputError(at: place, "\(fields[0]) must be above 0")
        }
        guard !source.isEmpty else { throw InputError(at: place, "\(fields[0]) has no source") }
        guard !part.isCharged || !(component.isEmpty || rail.isEmpty || group.isEmpty) else {
            throw InputError(at: place, "\(fields[0]) needs a group, a component and a rail")
        }
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ text: String, _ what: String, at place: String
    ) throws -> Word where Word.RawValue == String {
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let meant = Suggestion.text(for: text, among: words)
        throw InputError(
            at: place, "'\(text.echoed)' is no \(what)\(meant); accepted: \(words.joined(separator: ", "))")
    }

    private static func number(_ text: String, at place: String) throws -> Double {
        guard let number = Double(text), number.isFinite, number >= 0 else {
            throw InputError(at: place, "'\(text.echoed)' is no number from 0 on")
        }
        return number
    }

    fileprivate var fields: [String] {
        [element.rawValue, unit.rawValue] + [range.value, range.low, range.high].map { "\($0)" }
            + [group, part.rawValue, component, rail, source]
    }
}

extension EnergyUnit {
    /// What an element is counted in.
    static func of(_ element: EnergyElement) -> EnergyUnit {
        switch element {
        case .flipFlopToggle, .lutToggle, .netToggle, .carryToggle: .perToggle
        case .shiftRegisterClock, .dspToggle, .flipFlopClock, .dspClock, .memoryClock: .perClock
        case .memoryAccess: .perAccess
        case .memoryBit: .perBit
        case .staticCore, .staticAuxiliary, .staticMemory, .staticOther, .idleProcessor, .idleInterface, .idleOther,
            .busyCore, .background:
            .watts
        case .interfaceByte, .controllerByte, .coreRead, .coreWrite: .perByte
        case .activate: .perRow
        case .assumedRate: .rate
        case .logicRatio, .wideMemory, .glitches: .ratio
        case .voltage, .measuredVoltage: .volts
        }
    }
}

/// One line of CSV: fields between commas, in quotes where they hold commas; a quote within is doubled.
enum CSVLine {
    static func fields(_ line: Substring, at place: String) throws -> [String] {
        var fields = [""]
        var isQuoted = false
        var before: Character?
        for character in line {
            if character == "\"" {
                if !isQuoted && before == "\"" { fields[fields.count - 1].append("\"") }
                isQuoted.toggle()
            } else if character == "," && !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].append(character)
            }
            before = character
        }
        guard !isQuoted else { throw InputError(at: place, "a quote is not closed") }
        return fields
    }
}
