// Quantized networks, each as long as a point needs it: by far the largest values of a sweep. Points are handed out
// network by network, in the order in which the grid first needs them, and the last point of a network lets go of it:
// at any time there are at most as many networks as there are jobs.

import Configuration
import Preparation
import Support
import Synchronization

/// Quantized networks by what they depend on. A network is prepared once; who needs the same one waits, others do not.
final class NetworkCache: Sendable {
    private struct Key: Hashable {
        var network: NetworkSettings
        var quantization: QuantizationSettings

        init(_ configuration: Configuration) {
            network = configuration.network
            quantization = configuration.quantization
        }
    }

    /// Points that have not let go yet, by network; networks that are held, and the most that ever were.
    private struct Uses {
        var left: [Key: Int]
        var held: Set<Key> = []
        var most = 0
    }

    /// Indices of the points, network by network.
    let order: [Int]
    private let prepared = OncePerKey<Key, PointNetwork>()
    /// Those of earlier runs.
    private let store: NetworkStore?
    private let uses: Mutex<Uses>

    /// The networks of a sweep's points; none is made yet.
    init(_ points: [Configuration], store: NetworkStore? = nil) {
        self.store = store
        var members: [Key: [Int]] = [:]
        var keys: [Key] = []
        for (index, point) in points.enumerated() {
            let key = Key(point)
            if members[key] == nil { keys.append(key) }
            members[key, default: []].append(index)
        }
        order = keys.flatMap { members[$0] ?? [] }
        uses = Mutex(Uses(left: members.mapValues(\.count)))
    }

    /// Networks that were held at a time, at most.
    var mostHeld: Int { uses.withLock { $0.most } }

    /// The network of a point. Throws as `PointNetwork.prepare` does, the same error each time.
    func network(_ configuration: Configuration) throws -> PointNetwork {
        let key = Key(configuration)
        uses.withLock { uses in
            uses.held.insert(key)
            uses.most = max(uses.most, uses.held.count)
        }
        return try prepared.value(key) { try PointNetwork.prepare(configuration, store: store) }
    }

    /// A point has come to its end, whatever it was.
    func release(_ configuration: Configuration) {
        let key = Key(configuration)
        let isLast = uses.withLock { uses in
            uses.left[key, default: 0] -= 1
            guard uses.left[key] == 0 else { return false }
            uses.held.remove(key)
            return true
        }
        if isLast { prepared.forget(key) }
    }
}
