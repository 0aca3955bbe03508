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
            "load_to_compute", give: and(feedback.loadFinish, load.pushCompute, term: "load_to_compute_given"),
            take: and(feedback.computeBegin, compute.popLoad, term: "load_to_compute_taken"))
        let computeToLoad = makeCounter(
            "compute_to_load", give: and(feedback.computeFinish, compute.pushLoad, term: "compute_to_load_given"),
            take: and(feedback.loadBegin, load.popCompute, term: "compute_to_load_taken"))
        let computeToStore = makeCounter(
            "compute_to_store", give: and(feedback.computeFinish, compute.pushStore, term: "compute_to_store_given"),
            take: and(feedback.storeBegin, store.popCompute, term: "compute_to_store_taken"))
        let storeToCompute = makeCounter(
            "store_to_compute", give: and(feedback.storeFinish, store.pushCompute, term: "store_to_compute_given"),
            take: and(feedback.computeBegin, compute.popStore, term: "store_to_compute_taken"))
        let storeToLoad = makeCounter(
            "store_to_load", give: and(feedback.storeFinish, store.pushLoad, term: "store_to_load_given"),
            take: and(feedback.loadBegin, load.popStore, term: "store_to_load_taken"))

        let loadWaits = or(
            and(load.popCompute, not(computeToLoad.isThere), term: "load_lacks_compute"),
            and(load.popStore, not(storeToLoad.isThere), term: "load_lacks_store"), term: "load_lacks_token")
        let computeWaitsForLoad = and(compute.popLoad, not(loadToCompute.isThere), term: "compute_lacks_load")
        let computeWaitsForStore = and(
            compute.popStore, not(storeToCompute.isThere), term: "compute_lacks_store")
        let storeWaits = and(store.popCompute, not(computeToStore.isThere), term: "store_lacks_compute")
        return Tokens(
            loadReady: and(load.valid, not(loadWaits), name: "load_ready"),
            computeReady: and(
                compute.valid, not(or(computeWaitsForLoad, computeWaitsForStore, term: "compute_lacks_token")),
                name: "compute_ready"),
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
