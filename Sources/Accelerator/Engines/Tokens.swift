// Dependency tokens: a counter for every pair of engines of which one waits for the other. An instruction gives its
// tokens in the cycle in which its engine finishes, and takes them in the one in which its engine begins.

import Design

extension Elaboration {
    /// Who may begin, and for whom the compute engine's instruction waits.
    struct Tokens {
        /// An instruction is there and all tokens that it takes.
        var loadReady, computeReady, storeReady: Signal
        /// A token of that giver is missing.
        var computeWaitsForLoad, computeWaitsForStore: Signal
        /// Tokens that the loads have given to the compute engine, 4 bits.
        var loadToCompute: Signal
    }

    mutating func makeTokens(_ feedback: Feedback, _ streams: Streams) -> Tokens {
        let (load, compute, store) = (streams.load, streams.compute, streams.store)
        // Names: giver_to_taker.
        let loadToCompute = makeCounter(
            "load_to_compute", give: and(feedback.loadFinish, load.pushCompute),
            take: and(feedback.computeBegin, compute.popLoad))
        let computeToLoad = makeCounter(
            "compute_to_load", give: and(feedback.computeFinish, compute.pushLoad),
            take: and(feedback.loadBegin, load.popCompute))
        let computeToStore = makeCounter(
            "compute_to_store", give: and(feedback.computeFinish, compute.pushStore),
            take: and(feedback.storeBegin, store.popCompute))
        let storeToCompute = makeCounter(
            "store_to_compute", give: and(feedback.storeFinish, store.pushCompute),
            take: and(feedback.computeBegin, compute.popStore))
        let storeToLoad = makeCounter(
            "store_to_load", give: and(feedback.storeFinish, store.pushLoad),
            take: and(feedback.loadBegin, load.popStore))

        let loadWaits = or(
            and(load.popCompute, not(computeToLoad.isThere)), and(load.popStore, not(storeToLoad.isThere)))
        let computeWaitsForLoad = and(compute.popLoad, not(loadToCompute.isThere))
        let computeWaitsForStore = and(compute.popStore, not(storeToCompute.isThere))
        let storeWaits = and(store.popCompute, not(computeToStore.isThere))
        return Tokens(
            loadReady: and(load.valid, not(loadWaits), name: "load_ready"),
            computeReady: and(
                compute.valid, not(or(computeWaitsForLoad, computeWaitsForStore)), name: "compute_ready"),
            storeReady: and(store.valid, not(storeWaits), name: "store_ready"),
            computeWaitsForLoad: computeWaitsForLoad, computeWaitsForStore: computeWaitsForStore,
            loadToCompute: loadToCompute.count)
    }

    /// A counter of tokens, and whether it is above zero.
    private struct Counter { var count, isThere: Signal }

    /// A counter of up to 15 tokens.
    private mutating func makeCounter(_ name: String, give: Signal, take: Signal) -> Counter {
        let count = builder.register("\(name)_tokens", width: 4)
        let more = builder.logic(.add, [count, 1], width: 4)
        let fewer = builder.logic(.subtract, [count, 1], width: 4)
        let changes = builder.logic(.xor, [give, take], width: 1)
        builder.connect(count, next: select(give, more, fewer, width: 4), enable: changes)
        return Counter(count: count, isThere: not(equal(count, 0)))
    }
}
