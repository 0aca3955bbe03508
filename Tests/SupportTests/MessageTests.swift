// Do messages repeat what users wrote in bounded words, and do they know what was meant?

import Diagnostics
import Testing

@Suite struct MessageTests {
    @Test(arguments: [
        ("short", "short"), ("two\nlines", "two\\nlines"), ("a\u{1b}[31m", "a\\u{1b}[31m"), ("", ""),
        ("\u{202e}right to left", "\\u{202e}right to left"), ("tab\t", "tab\\t"),
    ])
    func oneLineWithoutControlCharacters(text: String, echoed: String) { #expect(text.echoed == echoed) }

    @Test func twoHundredCharacters() {
        let text = String(repeating: "ä", count: 200)
        #expect(text.echoed == text)
        #expect((text + "b").echoed == String(repeating: "ä", count: 197) + "...")
        #expect(String(repeating: "\u{0}", count: 1 << 20).echoed.count == 200)
        // One character of a million marks.
        #expect(("e" + String(repeating: "\u{301}", count: 1 << 20)).echoed.unicodeScalars.count == 200)
    }

    @Test(arguments: [
        ("svep", ["svpe"]), ("spe", ["svpe", "vpe"]), ("VPE", ["vpe"]), ("systolic", []), ("", []),
        ("ful", ["full"]), ("fulll", ["full"]), ("ufll", ["full"]), ("functonal", ["functional"]), ("f", []),
    ])
    func theNearestWords(word: String, meant: [String]) {
        #expect(Suggestion.nearest(to: word, among: ["svpe", "vpe", "full", "functional"]) == meant)
    }

    @Test func aSuggestionIsAQuestion() {
        #expect(Suggestion.text(for: "spe", among: ["svpe", "vpe"]) == " (did you mean 'svpe' or 'vpe'?)")
        #expect(Suggestion.text(for: "other", among: ["svpe", "vpe"]) == "")
        #expect(Suggestion.text(for: String(repeating: "x", count: 1 << 20), among: ["x"]) == "")
    }
}
