"""What documents must hold to: links that lead somewhere, no place outside the project, fixed shapes."""

import posixpath
import re

from tree import matches

# The project names no machine's folders and no place outside itself. Put together so that this file does not match.
OUTSIDE = r"(?<![\w.$}])/(?:wo" + r"rk|ro" + r"ot)/|\.\./sha" + "red"
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
CHANGELOG_HEADINGS = ["Breaking", "Added", "Fixed", "Internal"]
DECISION_HEADINGS = ["Context", "Choice", "Alternatives", "Consequences", "Status"]
HOST = r"https?://|--(?:extra-)?index-url"


def find_outside_places(tree):
    for path in tree.paths():
        yield from matches(path, tree.text(path), OUTSIDE, "{}: a place outside the project")


def _heading_anchors(text):
    for heading in re.findall(r"^#+ +(.*)$", FENCED.sub("", text), re.MULTILINE):
        kept = re.sub(r"[^\w\- ]", "", heading.lower())
        yield kept.replace(" ", "-")


def find_broken_links(tree):
    """Links to files that do not exist, and to headings that their file does not have."""
    for path in tree.paths(".md"):
        text = FENCED.sub(lambda match: "\n" * match.group(0).count("\n"), tree.text(path))
        for match in LINK.finditer(text):
            target = match.group(1)
            if re.match(r"https?:|mailto:", target):
                continue
            line = text.count("\n", 0, match.start()) + 1
            name, _, anchor = target.partition("#")
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) if name else path
            if not tree.exists(file):
                yield f"{path}:{line}: {target} leads nowhere"
            elif anchor and file.endswith(".md") and anchor not in _heading_anchors(tree.text(file)):
                yield f"{path}:{line}: {file} has no heading #{anchor}"


def find_changelog_breaks(tree):
    """Every version has the four headings, in their order."""
    text = tree.text("CHANGELOG.md") if tree.exists("CHANGELOG.md") else ""
    versions = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    if not versions:
        yield "CHANGELOG.md:1: no version"
    for version in versions:
        headings = re.findall(r"^### (.*)$", version, re.MULTILINE)
        if headings != CHANGELOG_HEADINGS:
            yield f"CHANGELOG.md:1: {version.splitlines()[0]} has {headings}, wants {CHANGELOG_HEADINGS}"


def find_decision_breaks(tree):
    """docs/decisions/NNNN-title.md: numbers used once, the headings of the template."""
    seen = {}
    for path in tree.paths(".md", under=("docs/decisions",)):
        number = re.match(r"docs/decisions/(\d{4})-[a-z0-9-]+\.md$", path)
        if not number:
            yield f"{path}:1: name it NNNN-title.md"
            continue
        if number.group(1) in seen:
            yield f"{path}:1: number {number.group(1)} is {seen[number.group(1)]}"
        seen[number.group(1)] = path
        text = tree.text(path)
        for heading in DECISION_HEADINGS:
            if not re.search(rf"^## {heading}\b", text, re.MULTILINE):
                yield f"{path}:1: no heading '## {heading}'"


def find_hosts_in_locks(tree):
    """Lock files hold hashes and no host names, so that they work behind any mirror."""
    for path in tree.paths(".lock"):
        yield from matches(path, tree.text(path), HOST, "{}: a lock file names no host")


def find_missing_commands(tree):
    """The README tells the two commands that set up everything."""
    text = tree.text("README.md") if tree.exists("README.md") else ""
    for command in ("./tools/demo", "./tools/test"):
        if command not in text:
            yield f"README.md:1: does not mention {command}"
