import TestSupport
import Testing

/// Does the house stay as small and as well described as it is? Every number here is a debt: it may go down, never up,
/// and who lowers it lowers the number too, so that it stays lowered.
@Suite struct LimitTests {
    /// Expects exactly `debt` places.
    private func expect(_ places: [String], debt: Int, _ what: String) {
        let shown = places.prefix(400).joined(separator: "\n")
        #expect(places.count <= debt, "\(places.count) \(what), at most \(debt) may be:\n\(shown)")
        #expect(places.count >= debt, "only \(places.count) \(what) now: lower the number from \(debt)")
    }

    @Test func visibleDeclarationsAreDocumented() {
        let scans = SourceScan.all.map { $0.declarations() }
        #expect(scans.reduce(0) { $0 + $1.all } > 1000, "the scanner sees declarations")
        expect(scans.flatMap(\.bare), debt: 0, "visible declarations without documentation")
    }

    @Test func parameterListsAreShort() {
        let functions = SourceScan.all.flatMap { $0.functions() }
        #expect(functions.count > 1000, "the scanner sees functions")
        expect(
            functions.filter { $0.parameters > 5 }.map { "\($0.place): \($0.parameters)" }, debt: 30,
            "parameter lists longer than 5")
    }

    @Test func functionsAreShort() {
        let functions = SourceScan.all.flatMap { $0.functions() }
        expect(
            functions.filter { $0.lines > 60 }.map { "\($0.place): \($0.lines)" }, debt: 1, "functions over 60 lines")
    }

    @Test func filesAreShort() {
        expect(
            SourceScan.all.filter { $0.lineCount > 500 }.map { "\($0.path): \($0.lineCount)" }, debt: 0,
            "files over 500 lines")
    }

    /// Is what the counts rest on seen as it is?
    @Test func theScannerCounts() {
        let text = """
            /// Documented.
            public func one(_ a: Int, b: (Int, Int), c: [String: Int] = [1: 2]) -> Int {
                let text = "{ ( not code"  // } nor this
                return a
            }
            package init(a: Int) { self.a = a }
            @inlinable public static func none() {}
            private func hidden() {}
            public let bare = Thing(init: 1)
            """
        let scan = SourceScan(path: "x", text: text)
        #expect(scan.declarations().all == 4)
        #expect(scan.declarations().bare == ["x:6", "x:7", "x:9"])
        #expect(scan.functions().map(\.parameters) == [3, 1, 0, 0])
        #expect(scan.functions().map(\.lines) == [4, 1, 1, 1])
    }
}
