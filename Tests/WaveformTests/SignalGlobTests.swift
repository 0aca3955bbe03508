// Which paths does a pattern match?
import Testing

@testable import Waveforms

@Suite struct SignalGlobTests {
    static let cases: [(pattern: String, path: String, matches: Bool)] = [
        ("top.clk", "top.clk", true),
        ("top.clk", "top.clk2", false),
        ("top.clk", "xtop.clk", false),
        ("top.*", "top.clk", true),
        ("top.*", "top.array.pe[3].product", true),
        ("top.*", "top", false),
        ("top.*", "topper.clk", false),
        ("*", "top", true),
        ("*", "top.array.clk", true),
        ("*.clk", "top.clk", true),
        ("*.clk", "top.array.clk", false),
        ("**.clk", "top.array.clk", true),
        ("**.clk", "clk", true),
        ("**.clk", "top.array.xclk", false),
        ("top.**.valid", "top.valid", true),
        ("top.**.valid", "top.a.b.valid", true),
        ("top.**.valid", "top.avalid", false),
        ("top.pe[3].q", "top.pe[3].q", true),
        ("top.pe[3].q", "top.pe3.q", false),
        ("top.pe[*].q", "top.pe[12].q", true),
        ("top.pe[*].q", "top.pe[1].x[2].q", false),
        ("top.pe[?].q", "top.pe[7].q", true),
        ("top.pe[?].q", "top.pe[12].q", false),
        ("top?clk", "top.clk", false),
        ("a**z", "a.b.c.z", true),
        ("a*z", "a.z", false),
        ("a*z", "az", true),
        ("*a*b*.c?", "xaxbx.cd", true),
        ("top.p*", "top.psum", true),
        ("top.p*", "top.pe.q", false),
        ("Top.clk", "top.clk", false),
        ("**", "a.b.c", true),
        ("a.**.**.z", "a.z", true),
        ("a.**.b.**.z", "a.x.b.y.y.z", true),
        ("a.**.b.**.z", "a.x.c.y.y.z", false),
        ("größe.?", "größe.ü", true),
    ]

    @Test(arguments: cases.indices)
    func matchesAsDocumented(index: Int) throws {
        let (pattern, path, matches) = Self.cases[index]
        #expect(try SignalGlob(pattern).matches(path) == matches, "\(pattern) on \(path)")
    }

    @Test(arguments: ["", ".", "a..b", "a.", ".a"])
    func emptyComponentsAreErrors(pattern: String) {
        #expect(throws: WaveformError.invalid("the signal pattern '\(pattern)' has an empty component")) {
            try SignalGlob(pattern)
        }
    }

    /// A backtracking matcher would take longer than the age of the universe here.
    @Test(.timeLimit(.minutes(1)))
    func manyStarsStayFast() throws {
        let glob = try SignalGlob(String(repeating: "a*", count: 30) + "b")
        #expect(!glob.matches(String(repeating: "a", count: 300)))
    }
}
