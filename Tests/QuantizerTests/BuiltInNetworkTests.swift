// Do the built-in networks have the layers and totals of their sources?
import Diagnostics
import Foundation
import Networks
import Support
import Testing

@Suite(.serialized) struct BuiltInNetworkTests {
    struct Total: CustomTestStringConvertible {
        var name: String
        var macs: Int
        var parameters: Int
        var csv: String?
        var testDescription: String { name }
    }

    /// docs/sources.md says where the totals are from; those of resnet110, fmnist and tiny are derived below. The n-BQ-NN has 3,487,104 weights and 1.585 G operations (paper, table I).
    static let totals = [
        Total(name: "alexnet", macs: 714_188_480, parameters: 61_100_840, csv: "alexnet_torchvision"),
        Total(name: "alexnet-grouped", macs: 724_406_816, parameters: 60_965_224, csv: "alexnet_original_groups_227"),
        Total(name: "vgg16", macs: 15_470_264_320, parameters: 138_357_544, csv: "vgg16"),
        Total(name: "densenet121", macs: 2_834_161_664, parameters: 7_978_856, csv: "densenet121"),
        Total(
            name: "densenet100-cifar10", macs: 287_929_692, parameters: 769_162, csv: "densenet_bc_100_k12_cifar10"),
        Total(name: "mobilenet-v2", macs: 300_774_272, parameters: 3_504_872, csv: "mobilenet_v2"),
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
        #expect(network.metadata["weights"]?.hasPrefix("synthetic, seed 1") == true)
    }

    static let withRows = totals.filter { $0.csv != nil }

    /// net,layer,type,Cin,Hin,Win,Cout,Hout,Wout,K,stride,pad,groups,weights,bias,bn_affine,MACs
    @Test(arguments: withRows)
    func everyRowIsTheTables(total: Total) throws {
        let network = try BuiltInNetworks.make(name: total.name, weights: .synthetic(seed: 1))
        let rows = try LayerTable.rows(of: #require(total.csv)).map { Array($0.dropFirst()) }
        let layers = network.layers.filter { $0.macs > 0 }
        try #require(layers.count == rows.count)
        for (layer, row) in zip(layers, rows) {
            #expect(try LayerTable.row(layer, of: network) == row)
        }
    }

    @Test func namesAreTheOnesThatCanBeMade() throws {
        #expect(Set(Self.totals.map(\.name)) == Set(BuiltInNetworks.names))
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

/// Tests/Fixtures/network-layers.csv, and the same columns of a network.
enum LayerTable {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/network-layers.csv")

    static func rows(of network: String) throws -> [[String]] {
        let text = try String(contentsOf: file, encoding: .utf8)
        let rows = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").map(String.init) }
        return rows.filter { $0[0] == network }
    }

    /// A convolution or fully connected layer as a row, without the network's name. Its normalization is the one that
    /// alone reads it.
    static func row(_ layer: Layer, of network: Network) throws -> [String] {
        let input = try #require(network.shape(of: layer.inputs[0]))
        let readers = network.layers.filter { $0.inputs.contains(layer.name) }
        var normalization = 0
        if readers.count == 1, case .affine(let scale, let shift) = readers[0].kind {
            normalization = scale.count + shift.count
        }
        var sizes = [input.channels, input.height, input.width]
        let geometry: [Int]
        let weights: (values: Int, bias: Int)
        switch layer.kind {
        case .convolution(let window, _, let groups, let values, let bias):
            geometry = [window.kernelHeight, window.strideHeight, window.padTop, groups]
            weights = (values.values.count, bias.count)
            let turned = Window(
                kernelHeight: window.kernelWidth, kernelWidth: window.kernelHeight, strideHeight: window.strideWidth,
                strideWidth: window.strideHeight, padTop: window.padBottom, padLeft: window.padRight,
                padBottom: window.padTop, padRight: window.padLeft)
            #expect(turned == window, "\(layer.name) is square and symmetric")
        case .fullyConnected(_, let values, let bias):
            sizes = [input.count, 1, 1]
            geometry = [1, 1, 0, 1]
            weights = (values.values.count, bias.count)
        default: throw InputError(at: layer.name, "is no row")
        }
        let kind = layer.kind.name == "convolution" ? "conv" : "fc"
        let output = [layer.output.channels, layer.output.height, layer.output.width]
        let numbers = sizes + output + geometry + [weights.values, weights.bias, normalization, layer.macs]
        return [layer.name, kind] + numbers.map(String.init)
    }
}
