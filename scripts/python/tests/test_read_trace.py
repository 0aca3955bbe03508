"""Is the text of a trace the same for every order in which a reader gives its changes?"""

from shiftsim_tools import read_trace


def test_last_change_of_a_time_counts_and_repeats_do_not():
    changes = [(5, "b", "1"), (0, "a", "0"), (5, "a", "1"), (5, "a", "0"), (0, "b", "0"), (7, "b", "1")]
    assert list(read_trace.canonical(changes)) == [(0, "a", "0"), (0, "b", "0"), (5, "b", "1")]


def test_ranges_are_no_part_of_a_name():
    assert read_trace.without_range("top.psum [31:0]") == "top.psum"
    assert read_trace.without_range("top.mem[3]") == "top.mem[3]"
