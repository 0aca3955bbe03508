// Do the built-in networks have the layers and totals of their sources?

import Foundation
import Networks
import Testing

@Suite(.serialized) struct BuiltInNetworkTests {
    struct Total: CustomTestStringConvertible {
        var name: String
        var macs: Int
        var parameters: Int
        var csv: String?
        var testDescription: String { name }
    }

    /// Totals of layers.csv (torchvision's num_params where it has them), which has neither resnet110 nor fmnist:
    /// those are derived below. The n-BQ-NN has 3,487,104 weights and 1.585 G operations (paper, table I).
    static let totals = [
        Total(name: "alexnet", macs: 714_188_480, parameters: 61_100_840, csv: "alexnet_torchvision"),
        Total(name: "alexnet-grouped", macs: 724_406_816, parameters: 60_965_224, csv: "alexnet_original_groups_227"),
        Total(name: "vgg-small", macs: 607_600_640, parameters: 4_660_106, csv: "vgg_small"),
        Total(name: "resnet18", macs: 1_814_073_344, parameters: 11_689_512, csv: "resnet18"),
        Total(name: "resnet34", macs: 3_663_761_408, parameters: 21_797_672, csv: "resnet34"),
        Total(name: "resnet50", macs: 4_089_184_256, parameters: 25_557_032, csv: "resnet50_v1.5_torchvision"),
        Total(name: "resnet20-cifar10", macs: 40_551_040, parameters: 269_722, csv: "resnet20_cifar10_optA"),
        Total(name: "resnet56-cifar10", macs: 125_485_696, parameters: 853_018, csv: "resnet56_cifar10_optA"),
        Total(name: "resnet110-cifar10", macs: resnet110.macs, parameters: resnet110.parameters),
        Total(name: "resnet20-fmnist", macs: fashionMACs, parameters: 269_722 - 2 * 16 * 9),
        Total(name: "tiny", macs: tinyMACs, parameters: 8 * 27 + 16 + 16 * 72 + 32 + 16 * 144 + 32 + 170),
        Total(name: "n-bq-nn-cifar10", macs: 792_723_456, parameters: 3_487_104 + 2 * 2698),
    ]

    /// resnet56 plus nine blocks of two 3x3 convolutions with normalization in each stage.
    private static let resnet110 = (
        macs: 125_485_696 + 54 * 2_359_296,
        parameters: 853_018 + 18 * (16 * 16 * 9 + 32) + 18 * (32 * 32 * 9 + 64) + 18 * (64 * 64 * 9 + 128)
    )

    /// resnet20 at 28, 14 and 7 pixels a side: 49/64 of the multiply-accumulates, with one input channel for three.
    private static let fashionMACs = (40_550_400 - 442_368) * 49 / 64 + 28 * 28 * 16 * 9 + 640

    /// Three 3x3 convolutions (8 x 8, then 4 x 4 outputs) and a classifier of 16 inputs.
    private static let tinyMACs = 64 * 8 * 27 + 16 * 16 * 72 + 16 * 16 * 144 + 160

    @Test(arguments: totals)
    func totalsAndRowsAreTheSources(total: Total) throws {
        let network = try BuiltInNetworks.make(name: total.name, weights: .synthetic(seed: 1))
        #expect(network.macs == total.macs)
        #expect(network.parameters == total.parameters)
        guard let csv = total.csv, let rows = LayerTable.rows(of: csv) else { return }
        let layers = network.layers.filter { $0.macs > 0 }
        #expect(layers.map(\.name) == rows.map { $0[1] })
        for (layer, row) in zip(layers, rows) {
            #expect(layer.macs == Int(row[16]), "\(layer.name)")
            #expect("\(layer.output)" == "\(row[6])x\(row[7])x\(row[8])", "\(layer.name)")
        }
    }

    @Test func namesAreTheOnesThatCanBeMade() throws {
        #expect(Set(Self.totals.map(\.name)).union(["vgg16"]) == Set(BuiltInNetworks.names))
        #expect {
            try BuiltInNetworks.make(name: "lenet", weights: .synthetic(seed: 1))
        } throws: { error in
            "\(error)".contains("lenet") && BuiltInNetworks.names.allSatisfy("\(error)".contains)
        }
    }

    @Test func equalSeedsGiveEqualNetworks() throws {
        let networks = try [1, 1, 2].map {
            try BuiltInNetworks.make(name: "resnet20-fmnist", weights: .synthetic(seed: $0))
        }
        #expect(networks[0] == networks[1])
        #expect(networks[0] != networks[2])
    }

    @Test func normalNumbersAreNormal() {
        var generator = SeededGenerator(seed: 1)
        let values = (0..<100_000).map { _ in Double(generator.normal()) }
        let mean = values.reduce(0, +) / 100_000
        let variance = values.reduce(0) { $0 + $1 * $1 } / 100_000
        #expect(abs(mean) < 0.02)
        #expect(abs(variance - 1) < 0.02)
    }
}

/// Rows of the fact base's layers.csv; nil where the file is not there.
enum LayerTable {
    static func rows(of network: String) -> [[String]]? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.deletingLastPathComponent().appendingPathComponent("shared/facts/layers.csv")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        let rows = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").map(String.init) }
        return rows.filter { $0[0] == network }
    }
}
