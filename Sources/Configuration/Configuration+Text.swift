// The configuration as YAML again: complete, with every default written out, and re-runnable from any folder.

import Foundation
import NetworkReaders
import Networks
import Support

extension Configuration {
    /// A complete configuration file. `weightBits` is the array's resolved weight width.
    package func resolvedText(weightBits: Int) -> String {
        "# Resolved by ShiftSim \(ToolVersion.text): every key, defaults included.\n"
            + text(weightBits: weightBits, isPortable: false)
    }

    /// The text that the configuration's hash covers: without what cannot change a result (threads, trace), and with
    /// files by name only, since their contents are hashed beside it.
    package func portableText(weightBits: Int) -> String { text(weightBits: weightBits, isPortable: true) }

    private func text(weightBits: Int, isPortable: Bool) -> String {
        var lines = ["version: 1"]
        func section(_ name: String, _ pairs: [(String, String?)]) {
            lines.append("\(name):")
            for case (let key, let value?) in pairs { lines.append("  \(key): \(value)") }
        }
        section("network", networkPairs(isPortable))
        section("quantization", quantizationPairs(isPortable))
        section("device", [("part", device.part), ("allow_overflow", "\(device.allowOverflow)")])
        lines.append("clock_mhz: \(ConfigSection.text(clockMHz))")
        section("array", arrayPairs(weightBits))
        section("buffers", bufferPairs)
        section("memory", memoryPairs)
        section("host", [("fully_connected", "\(host.fullyConnected)")])
        let threads = isPortable ? nil : "\(run.threads)"
        section(
            "run",
            [
                ("mode", run.mode.rawValue), ("check", "\(run.check)"), ("threads", threads),
                ("array_images", arrayImagesText),
            ])
        if let trace, !isPortable { section("trace", tracePairs(trace)) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The number of images, or that it is all of them.
    private var arrayImagesText: String {
        let images = run.arrayImages.indices(of: network.count).count
        return images == network.count ? "all" : "\(images)"
    }

    private func networkPairs(_ isPortable: Bool) -> [(String, String?)] {
        let pairs: [(String, String?)]
        switch network.model {
        case .synthetic(let name, let seed):
            pairs = [("model", name), ("weights", "synthetic"), ("seed", "\(seed)")]
        case .trained(let name): pairs = [("model", name), ("weights", "trained")]
        case .file(let path): pairs = [("model", Configuration.path(path, isPortable))]
        }
        return pairs + [("input", inputText(isPortable))]
    }

    private func inputText(_ isPortable: Bool) -> String {
        var pairs = [
            ("images", Configuration.path(network.images, isPortable)), ("count", "\(network.count)"),
            ("first", "\(network.first)"), ("seed", "\(network.imageSeed)"),
        ]
        if let mean = network.mean { pairs.append(("mean", "\(mean)")) }
        if let std = network.std { pairs.append(("std", "\(std)")) }
        return "{" + pairs.map { "\($0.0): \($0.1)" }.joined(separator: ", ") + "}"
    }

    private static func path(_ path: String, _ isPortable: Bool) -> String {
        ConfigNode.quoted(isPortable ? (path as NSString).lastPathComponent : path)
    }

    private func quantizationPairs(_ isPortable: Bool) -> [(String, String?)] {
        let isFlight = quantization.scheme == .flightNN
        let mean = isFlight && quantization.residualThreshold == nil ? quantization.meanTerms ?? 1.5 : nil
        return [
            ("scheme", quantization.scheme.rawValue), ("weight_bits", quantization.weightBits.map { "\($0)" }),
            ("activation_bits", "\(quantization.activationBits)"),
            ("thresholds", quantization.thresholds?.rawValue),
            ("wide_first_and_last", "\(quantization.wideFirstAndLast)"),
            ("mean_terms", mean.map(ConfigSection.text)),
            ("residual_threshold", quantization.residualThreshold.map(ConfigSection.text)),
            ("prune_threshold", quantization.pruneThreshold.map(ConfigSection.text)),
            ("calibration", quantization.calibration.map { Configuration.path($0, isPortable) }),
            ("calibration_images", "\(quantization.calibrationImages)"),
            ("calibration_method", quantization.calibrationMethod?.rawValue),
            ("percentile", quantization.percentile.map(ConfigSection.text)),
        ]
    }

    private func arrayPairs(_ weightBits: Int) -> [(String, String?)] {
        [
            ("family", array.family.name), ("pe", array.element.rawValue),
            ("outputs", "\(array.outputs)"), ("inputs", "\(array.inputs)"), ("pixels", "\(array.pixels)"),
            ("kernel", array.convolver.map { "\($0.kernel)" }), ("taps", array.convolver.map { "\($0.taps)" }),
            ("row_length", array.convolver.map { "\($0.rowLength)" }),
            ("column_adders", array.convolver?.columnAdders.rawValue), ("terms", "\(array.terms)"),
            ("weight_bits", "\(weightBits)"), ("accumulator_bits", array.accumulatorBits.map { "\($0)" }),
            ("pre_activation", array.preActivation.map { "\($0)" } ?? "auto"),
            ("dilation", array.dilation.map { "\($0)" } ?? "auto"),
        ]
    }

    private var bufferPairs: [(String, String?)] {
        [
            ("ifmap_kib", "\(buffers.ifmapKiB)"), ("weight_kib", "\(buffers.weightKiB)"),
            ("ofmap_kib", "\(buffers.ofmapKiB)"),
            (
                "psum_kib",
                array.convolver.map { _ in "\(buffers.psumKiB ?? BufferSettings.defaultPsumKiB)" }
            ),
        ]
    }

    private var memoryPairs: [(String, String?)] {
        let isFixed = memory.model == .fixed
        return [
            ("model", memory.model.rawValue), ("ports", "\(memory.ports)"),
            ("port_mhz", ConfigSection.text(memory.portMHz)),
            ("latency_ns", isFixed ? ConfigSection.text(memory.latencyNs) : nil),
            ("bandwidth_gb_s", isFixed ? ConfigSection.text(memory.bandwidthGBs) : nil),
            ("stall_seed", memory.stallSeed.map { "\($0)" }),
        ]
    }

    private func tracePairs(_ trace: TraceSettings) -> [(String, String?)] {
        [
            ("file", ConfigNode.quoted(trace.file)),
            ("taps", Configuration.list(trace.taps)),
            ("window", trace.window.map { "[\($0.lowerBound), \($0.upperBound)]" }),
            ("layers", Configuration.list(trace.layers)),
        ]
    }

    private static func list(_ words: [String]) -> String? {
        words.isEmpty ? nil : "[" + words.map { ConfigNode.quoted($0) }.joined(separator: ", ") + "]"
    }
}
