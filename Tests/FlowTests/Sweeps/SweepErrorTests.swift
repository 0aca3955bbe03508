// Is a sweep file as strict as a configuration?

import Diagnostics
import Networks
import Sweep
import TestSupport
import Testing

@Suite struct SweepErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var line: String
        var replacement: String
        var place: String
        var part: String
        var kind = InputError.Kind.invalid
        var testDescription: String { replacement.isEmpty ? "no \(line)" : replacement }
    }

    static let cases = [
        Case(line: "mode: functional", replacement: "modes: full", place: "7:1", part: "modes: unknown key"),
        Case(
            line: "mode: functional", replacement: "mode: slow", place: "7:7",
            part: "accepted: full, functional, timing, estimate"),
        Case(line: "base: tiny.yaml\n", replacement: "", place: "1:1", part: "base: missing"),
        Case(line: "base: tiny.yaml", replacement: "base: none.yaml", place: "2:7", part: "'none.yaml' is no file"),
        Case(line: "  array.pe: [svpe, vpe]", replacement: "  array.pe: []", place: "4:13", part: "is empty"),
        Case(line: "  array.pe: [svpe, vpe]", replacement: "  array.pe: svpe", place: "4:13", part: "a list of values"),
        Case(line: "  array.pe: [svpe, vpe]", replacement: "  array.pe: [[svpe]]", place: "4:14", part: "is a list"),
        Case(
            line: "  array.pe: [svpe, vpe]", replacement: "  array.pf: [svpe]",
            place: "4:14", part: "array.pf: unknown"),
        Case(
            line: "  array.pe: [svpe, vpe]", replacement: "  array.pe: [mpe]",
            place: "4:14", part: "is 'mpe' (did you mean 'vpe'?); accepted"),
        Case(
            line: "  array.pe: [svpe, vpe]", replacement: "  array..pe: [svpe]",
            place: "4:3", part: "no configuration key"),
        Case(
            line: "  array.pe: [svpe, vpe]", replacement: "  run.mode: [full]",
            place: "4:3", part: "the sweep decides"),
        Case(line: "from: 4, to: 8", replacement: "from: 0, to: 8", place: "5:18", part: "above 0 with factor"),
        Case(line: "from: 4, to: 8", replacement: "from: 9, to: 8", place: "5:18", part: "must not be above to"),
        Case(line: ", factor: 2", replacement: "", place: "5:18", part: "either factor or step"),
        Case(line: "factor: 2", replacement: "factor: 1", place: "5:43", part: "factor: is '1'"),
        Case(line: "factor: 2", replacement: "step: 0", place: "5:41", part: "step: is '0'"),
        Case(line: "fits,", replacement: "fit,", place: "6:15", part: "'fit' is no constraint"),
        Case(line: "latency_s < 0.02", replacement: "latency_s << 0.02", place: "6:21", part: "is no constraint"),
        Case(line: "latency_s < 0.02", replacement: "latency < 0.02", place: "6:21", part: "'latency' is no number"),
        Case(
            line: "latency_s < 0.02", replacement: "joules < 1", place: "6:21",
            part: "'joules' is no number of the report; accepted: network.layers, "),
        Case(
            line: "latency_s < 0.02", replacement: "simulator.wall_s < 1", place: "6:21",
            part: "'simulator.wall_s' is no number"),
        Case(
            line: "latency_s < 0.02", replacement: "activity.toggles_total < 1",
            place: "6:21", part: "needs mode: full",
            kind: .unsupported),
        Case(
            line: "latency_s < 0.02\"]\nmode: functional", replacement: "cycles.total < 1\"]\nmode: estimate",
            place: "6:21", part: "cycles.total needs mode: full or functional or timing; accepted: cycles.predicted, ",
            kind: .unsupported),
        Case(
            line: "latency_s < 0.02\"]\nmode: functional", replacement: "functional.mismatches < 1\"]\nmode: timing",
            place: "6:21", part: "functional.mismatches needs mode: full or functional; accepted: network.layers, ",
            kind: .unsupported),
        Case(line: "{latency_s: min", replacement: "{latency_s: less", place: "8:25", part: "accepted: min, max"),
        Case(line: "{latency_s: min", replacement: "{speed: min", place: "8:14", part: "'speed' is no number"),
        Case(
            line: "mode: functional", replacement: "cases: [{array.inputs: 4}, {array.outputs: 4}]", place: "5:3",
            part: "vary.array.outputs: cases set it too, at "),
        Case(
            line: "mode: functional", replacement: "cases: [{array.inputs: 4, array.inputs: 8}]", place: "7:27",
            part: "array.inputs"),
        Case(
            line: "mode: functional", replacement: "cases: [{array.inputz: 4}]", place: "7:24",
            part: "array.inputz: unknown key"),
        Case(
            line: "mode: functional", replacement: "cases: [{array.inputs: [4]}]", place: "7:24",
            part: "cases.array.inputs: is a list; accepted: a word or a number"),
        Case(
            line: "mode: functional", replacement: "cases: [{run.mode: full}]", place: "7:10", part: "the sweep decides"
        ),
        Case(line: "mode: functional", replacement: "cases: {array.inputs: 4}", place: "7:8", part: "is a mapping"),
        Case(
            line: "mode: functional", replacement: "cases: []", place: "7:8", part: "cases: is empty; accepted: a list"),
        Case(line: "mode: functional", replacement: "cases: [4]", place: "7:9", part: "an element is '4'"),
        Case(line: "mode: functional", replacement: "set: {array.x: 1}", place: "7:16", part: "array.x: unknown key"),
    ]

    @Test(arguments: cases)
    func errorNamesPlaceAndWhatIsAccepted(_ item: Case) throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let file = try workplace.write("sweep.yaml", try #require(Texts.sweep(item.line, item.replacement)))
        let error = #expect(throws: InputError.self) { try SweepPlan(path: file) }
        #expect(error?.description.hasPrefix("\(file):\(item.place):") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(item.part) == true, "\(error?.description ?? "")")
        #expect(error?.kind == item.kind)
    }

    @Test func emptyVaryIsAnError() throws {
        let workplace = try Scratch()
        try workplace.write("tiny.yaml", Texts.tiny)
        let file = try workplace.write("sweep.yaml", "version: 1\nbase: tiny.yaml\nvary: {}\n")
        let error = #expect(throws: InputError.self) { try SweepPlan(path: file) }
        let message = "vary: is empty; accepted: at least one configuration key with its values"
        #expect(error?.description == "\(file):3:7: \(message)")
    }

    @Test func errorsOfTheBaseAreOfTheBase() throws {
        let workplace = try Scratch()
        let base = try workplace.write("tiny.yaml", try #require(Texts.tiny("clock_mhz: 200", "clock_mhz: x")))
        let file = try workplace.write("sweep.yaml", Texts.sweep)
        let error = #expect(throws: InputError.self) { try SweepPlan(path: file) }
        #expect(error?.place == "\(base):11:12")
    }
}
