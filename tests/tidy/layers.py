"""The layers: docs/architecture.md says which folder may include which, and which one may include a library."""

import re

from tree import PRODUCT_ROOTS, matches, strip_comments

TABLE = "docs/architecture.md"

# How the third column of the table names a library, and how its headers are named.
LIBRARY_HEADERS = {
    "CLI11": r"CLI/",
    "beast": r"boost/beast",
    "curl": r"curl/",
    "date": r"date/",
    "prometheus": r"prometheus/",
    "protobuf": r"google/protobuf/|.*\.pb\.h",
    "rocksdb": r"rocksdb/",
    "spdlog": r"spdlog/",
    "systemd": r"systemd/",
    "yaml-cpp": r"yaml-cpp/",
    "zmq": r"zmq",
}

# What a pure folder must not know: threads, files, clocks, randomness, processes.
IMPURE_HEADERS = (
    r"thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|"
    r"fstream|iostream|filesystem|random|cstdio|ctime|"
    r"unistd\.h|fcntl\.h|time\.h|poll\.h|signal\.h|pthread\.h|sys/.*|boost/asio.*|spdlog/.*"
)
IMPURE_CALLS = r"\w*_clock::now|\bstd::rand\b|\bgetenv\b|\bstd::time\("

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
CMAKE_CALL = re.compile(r"\bsheaf_(?:library|program)\s*\(([^()]*)\)")
CMAKE_KEYWORDS = {"NAME", "SRCS", "HDRS", "DEPS", "LIBS", "PRIVATE_LIBS"}


class Layers:
    """The table, as data."""

    def __init__(self, text):
        self.line = {}
        self.arrows = {}
        self.pure = set()
        self.homes = {library: set() for library in LIBRARY_HEADERS}
        block = re.search(r"```layers\n(.*?)```", text, re.DOTALL)
        if not block:
            raise ValueError(f"{TABLE} has no ```layers block")
        for line in filter(None, block.group(1).splitlines()):
            self._read_line(line)
        self.described = set()
        table = re.search(r"^\| folder \| holds \| only here \|\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
        for folder, only in re.findall(r"^\| `([\w/]+)` \|[^|]*\|([^|]*)\|$", table.group(1), re.MULTILINE):
            self.described.add(folder)
            for library in filter(None, re.split(r"[,\s]+", only)):
                self.homes[library].add(folder)

    def _read_line(self, line):
        if line.startswith("pure:"):
            self.pure = set(line.removeprefix("pure:").split())
        elif "->" in line:
            source, targets = line.split("->")
            self.arrows[source.strip()] = set(targets.split())
        else:
            number, *folders = line.split()
            self.line.update({folder: int(number) for folder in folders})

    def folder_of(self, path):
        """The innermost folder of the table that holds `path`."""
        parts = path.split("/")[:-1]
        for length in range(len(parts), 0, -1):
            folder = "/".join(parts[:length])
            if folder in self.line:
                return folder
        return None

    def allows(self, source, target):
        if source == target:
            return True
        if target in self.arrows.get(source, ()):
            return True
        sides = {folder.split("/")[0] for folder in (source, target)}
        if len(sides) == 2 and "common" not in sides and sides != {"cli", "bundles"}:
            return False
        return self.line[target] < self.line[source]


def read_layers(tree):
    return Layers(tree.text(TABLE))


def includes_of(tree, path):
    """(line, header, is_quoted) of every include."""
    text = strip_comments(tree.text(path))
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1) or match.group(2), match.group(1) is not None


def find_undescribed_folders(tree):
    """The block of lines and the table below it name the same folders."""
    layers = read_layers(tree)
    for folder in sorted(layers.described ^ layers.line.keys()):
        yield f"{TABLE}:1: {folder} stands in only one of the block and the table"


def find_layer_breaks(tree):
    """Includes of our own headers against the lines and arrows."""
    layers = read_layers(tree)
    for path in tree.product_sources():
        source = layers.folder_of(path)
        if source is None:
            yield f"{path}:1: this folder has no line in {TABLE}"
            continue
        for line, header, is_quoted in includes_of(tree, path):
            if not is_quoted:
                continue
            target = layers.folder_of(header)
            if target is None:
                beside = f"{path.rsplit('/', 1)[0]}/{header}"
                known = "write the path from the root" if tree.exists(beside) else f"not a folder of {TABLE}"
                yield f"{path}:{line}: includes {header}: {known}"
            elif not layers.allows(source, target):
                yield f"{path}:{line}: {source} must not include {target}"


def cmake_calls(tree, path):
    """Keyword → words of each sheaf_library and sheaf_program call."""
    text = re.sub(r"#[^\n]*", "", tree.text(path))
    for match in CMAKE_CALL.finditer(text):
        call, keyword = {}, None
        for word in match.group(1).split():
            if word in CMAKE_KEYWORDS:
                keyword = word
            call.setdefault(keyword, [])
            if word != keyword:
                call[keyword].append(word)
        yield call


def read_dependencies(tree, layers):
    """Folder → folders that its DEPS name; a name that no folder defines stands as it is."""
    files = {layers.folder_of(path): path for path in tree.paths("/CMakeLists.txt", under=PRODUCT_ROOTS)}
    calls = {folder: list(cmake_calls(tree, path)) for folder, path in files.items() if folder}
    defined = {folder.replace("/", "_"): folder for folder in layers.line}
    for folder, its_calls in calls.items():
        defined.update({name: folder for call in its_calls for name in call.get("NAME", [])})
    return {
        folder: {defined.get(name, name) for call in its_calls for name in call.get("DEPS", [])}
        for folder, its_calls in calls.items()
        if its_calls
    }


def closure_of(folder, dependencies):
    seen, waiting = {folder}, [folder]
    while waiting:
        for target in dependencies.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def find_dependency_breaks(tree):
    """DEPS against the lines, and includes against DEPS (with what those depend on)."""
    layers = read_layers(tree)
    dependencies = read_dependencies(tree, layers)
    for folder, targets in dependencies.items():
        for target in sorted(targets):
            if target not in layers.line:
                yield f"{folder}/CMakeLists.txt:1: DEPS names {target}, which no folder defines"
            elif not layers.allows(folder, target):
                yield f"{folder}/CMakeLists.txt:1: DEPS of {folder} must not name {target}"
    for path in tree.product_sources():
        source = layers.folder_of(path)
        if source not in dependencies:
            continue
        reachable = closure_of(source, dependencies)
        for line, header, is_quoted in includes_of(tree, path):
            target = layers.folder_of(header) if is_quoted else None
            if target and target not in reachable:
                yield f"{path}:{line}: includes {header}, but DEPS of {source} does not reach {target}"


def find_homeless_libraries(tree):
    """Headers of a library outside the one place that may include them."""
    layers = read_layers(tree)
    for path in tree.product_sources():
        source = layers.folder_of(path)
        for line, header, _ in includes_of(tree, path):
            for library, pattern in LIBRARY_HEADERS.items():
                if re.match(pattern, header) and source not in layers.homes[library]:
                    homes = ", ".join(sorted(layers.homes[library]))
                    yield f"{path}:{line}: {header}: {library} belongs to {homes}"


def find_impurity(tree):
    """Clocks, threads, files and randomness in the folders that must not know them."""
    layers = read_layers(tree)
    for path in tree.product_sources():
        if layers.folder_of(path) not in layers.pure:
            continue
        for line, header, _ in includes_of(tree, path):
            if re.fullmatch(IMPURE_HEADERS, header):
                yield f"{path}:{line}: a pure folder must not include {header}"
        yield from matches(path, tree.code(path), IMPURE_CALLS, "a pure folder must not call {}")
