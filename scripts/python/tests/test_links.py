"""Does every path that the documentation names exist?"""

import re
import subprocess

import pytest

from shiftsim_tools.paths import ROOT

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# A path from the repository's root; a sentence's full stop is no part of it, a star stands for any text.
PATH = re.compile(r"(?<![\w/.])(?:docs|configs|scripts|Sources|Tests|traces)/[\w+*/-]+(?:\.\w+)*")
# configs/CONFIG.yaml stands for any.
PLACEHOLDER = re.compile(r"/[A-Z]+(\.|$)")


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.split()


def is_text(path):
    """Whether the file is a page, a configuration or a shell script."""
    return path.endswith((".md", ".yaml")) or (path.startswith("scripts/") and path.count("/") == 1)


PAGES = tracked("*.md")
TEXTS = [path for path in tracked() if is_text(path)]


@pytest.mark.parametrize("page", PAGES)
def test_links(page):
    path = ROOT / page
    targets = [target for target in LINK.findall(path.read_text()) if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("text", TEXTS)
def test_paths_from_the_root(text):
    named = {path.rstrip("/") for path in PATH.findall((ROOT / text).read_text()) if not PLACEHOLDER.search(path)}
    assert [path for path in sorted(named) if not any(ROOT.glob(path))] == []


def test_pages_are_found():
    assert {"README.md", "docs/guide/Config.md", "scripts/test", "configs/tiny-svpe.yaml"} <= set(TEXTS)
