import Support

/// layers.csv: the layers of report.json, one a line, columns named as the keys there.
package struct LayerTable {
    private let layers: [LayerSection]

    /// The table of some layers.
    package init(_ layers: [LayerSection]) { self.layers = layers }

    /// The file's text.
    package var text: String {
        let header = LayerSection.fields.map(\.path)
        let rows = layers.map { layer in LayerSection.fields.map { CSVField.text($0.plainText(layer)) } }
        return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
    }
}
