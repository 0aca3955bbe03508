/// Configurations that tests change.
enum Texts {
    /// A complete configuration of the tiny network; one key a line, so that places are easy to state.
    static let tiny = """
        version: 1
        network:
          model: tiny
          weights: synthetic
          input: {images: synthetic, count: 1, first: 0, seed: 1}
        quantization:
          scheme: n-bq
          weight_bits: 3
          activation_bits: 16
        device: {part: xczu9eg, allow_overflow: false}
        clock_mhz: 200
        array:
          family: vector
          pe: svpe
          outputs: 8
          inputs: 8
          pixels: 1
        buffers: {ifmap_kib: 16, weight_kib: 16, ofmap_kib: 16}
        memory: {model: fixed, ports: 2, port_mhz: 200}
        host: {fully_connected: false}
        run: {mode: functional, check: true, threads: 1}

        """

    static let sweep = """
        version: 1
        base: tiny.yaml
        vary:
          array.pe: [svpe, vpe]
          array.outputs: {from: 4, to: 8, factor: 2}
        constraints: [fits, "latency_s < 0.02"]
        mode: functional
        objectives: {latency_s: min, resources.lut.used: min}

        """

    /// A text with one line replaced; nothing when the line is not there.
    static func tiny(_ line: String, _ replacement: String) -> String? { replace(line, replacement, in: tiny) }

    static func sweep(_ line: String, _ replacement: String) -> String? { replace(line, replacement, in: sweep) }

    private static func replace(_ line: String, _ replacement: String, in text: String) -> String? {
        guard text.contains(line) else { return nil }
        return text.replacingOccurrences(of: line, with: replacement)
    }
}
