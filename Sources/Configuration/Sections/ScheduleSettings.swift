// Section `schedule`: how layers become tiles.

import Schedule

/// The schedule as the configuration describes it.
package struct ScheduleSettings: Sendable, Hashable {
    /// How tiles are chosen.
    package var search = ScheduleOptions.Search.optimal

    static let keys = [
        ConfigKey.word(
            "schedule.search", \.schedule.search,
            "tiles of a layer: `optimal` the order, sizes and use of the buffers with which it ends first, and layers "
                + "overlap by the rows that they need; `first-fit` the largest tiles that fit half of each buffer, one "
                + "layer after the other (docs/internals/Schedule.md)")
    ]
}
