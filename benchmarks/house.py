"""Measure the structure of the source code, beside the limits that we have set ourselves.

    python benchmarks/house.py              # of src/deephyper
    python benchmarks/house.py SRC          # of another source tree: a folder `src`, or the package in it
    python benchmarks/house.py --short      # only the table

How things are counted:

- attributes: names that a class assigns on `self`, and the fields of a dataclass that is not frozen; those of base
  classes in the tree are included.
- methods: every `def` in the body of a class, with properties, setters and special methods, without base classes.
- seams: the public methods of the class `Backend`; if there is no such class, the methods of `Evaluator` that its
  subclasses override.
- private access: `thing._name` if `thing` is not self, cls or super() and some class of the tree has a `_name`. It
  counts even if `thing` is another object of the same class. Methods of named tuples (`_replace`, `_asdict`, …) are
  public.
- setters from outside: `thing.name = …` if `thing` is not self or cls, and every use of `setattr`.
- lines of a function: without its docstring.
- complexity, as ruff's C901 counts it: 1, and 1 more for each if, elif, loop, except, else of a try, case and inner
  function.
- circles: groups of modules that import each other, imports inside of functions included.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
SELF = ("self", "cls")
NAMED_TUPLES = {"_replace", "_asdict", "_fields", "_make", "_field_defaults"}
LONGEST_FUNCTION, HIGHEST_COMPLEXITY = 60, 10


@dataclass(frozen=True)
class Module:
    """One file.

    Args:
        name: dotted, as it is imported; that of an `__init__.py` is the name of its folder.
        path: the file.
        tree: what it says.
    """

    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    @cached_property
    def imported(self) -> set[str]:
        """Names that stand for modules, by `import name`."""
        nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.Import)]
        return {alias.asname or alias.name for node in nodes for alias in node.names}


@dataclass(frozen=True)
class Class:
    """One class and the file that it stands in."""

    module: Module
    node: ast.ClassDef

    @property
    def name(self) -> str:
        return f"{self.module.name}.{self.node.name}"

    @property
    def methods(self) -> list[Function]:
        return [part for part in self.node.body if isinstance(part, Function)]

    @property
    def is_frozen(self) -> bool:
        return any("frozen=True" in ast.unparse(decorator) for decorator in self.node.decorator_list)

    @property
    def is_dataclass(self) -> bool:
        return any(ast.unparse(d).startswith(("dataclass", "dataclasses.")) for d in self.node.decorator_list)

    @cached_property
    def fields(self) -> set[str]:
        """Names that are assigned or annotated in the body."""
        targets: list[ast.expr] = []
        for part in self.node.body:
            targets += part.targets if isinstance(part, ast.Assign) else []
            targets += [part.target] if isinstance(part, ast.AnnAssign) else []
        return {target.id for target in targets if isinstance(target, ast.Name)}

    @cached_property
    def assigned(self) -> set[str]:
        """Names that are set on self anywhere in the class."""
        on_self = {node.attr for node in stores(self.node) if is_name(node.value, "self")}
        return on_self | (self.fields if self.is_dataclass and not self.is_frozen else set())


@dataclass(frozen=True)
class Place:
    """A line of a file, and what is to be said of it."""

    module: Module
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.module.path}:{self.line}: {self.text}"


def is_name(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Name) and (not names or node.id in names)


def stores(root: ast.AST) -> list[ast.Attribute]:
    """Attributes that are set or deleted."""
    return [n for n in ast.walk(root) if isinstance(n, ast.Attribute) and isinstance(n.ctx, (ast.Store, ast.Del))]


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


class Tree:
    """All modules of a package.

    Args:
        package: its folder.
    """

    def __init__(self, package: Path):
        self.package = package
        self.modules = [module_of(path, package) for path in sorted(package.rglob("*.py"))]

    @cached_property
    def classes(self) -> list[Class]:
        return [Class(m, node) for m in self.modules for node in ast.walk(m.tree) if isinstance(node, ast.ClassDef)]

    @cached_property
    def functions(self) -> list[tuple[Module, Function]]:
        return [(m, node) for m in self.modules for node in ast.walk(m.tree) if isinstance(node, Function)]

    @cached_property
    def private_names(self) -> set[str]:
        """Private names that a class of the tree defines."""
        names: set[str] = set()
        for cls in self.classes:
            names |= cls.assigned | cls.fields | {method.name for method in cls.methods}
        return {name for name in names if is_private(name)} - NAMED_TUPLES

    @cached_property
    def by_name(self) -> dict[str, list[Class]]:
        named: dict[str, list[Class]] = {}
        for cls in self.classes:
            named.setdefault(cls.node.name, []).append(cls)
        return named

    def bases(self, cls: Class) -> list[Class]:
        """The base classes in the tree, those of the same file first where a name stands twice."""
        names = [ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in cls.node.bases]
        found = [[c for c in self.by_name.get(name, []) if c is not cls] for name in names]
        return [min(same, key=lambda c: c.module is not cls.module) for same in found if same]

    def ancestors(self, cls: Class) -> list[Class]:
        direct = self.bases(cls)
        return direct + [far for near in direct for far in self.ancestors(near)]

    def attributes(self, cls: Class) -> set[str]:
        return cls.assigned.union(*(base.assigned for base in self.ancestors(cls)))

    def file(self, *parts: str) -> Path | None:
        path = self.package.joinpath(*parts)
        return path if path.exists() else None


def module_of(path: Path, package: Path) -> Module:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))


# Classes.


def by_attributes(tree: Tree) -> list[tuple[int, str]]:
    return largest((len(tree.attributes(cls)), cls.name) for cls in tree.classes)


def by_methods(tree: Tree) -> list[tuple[int, str]]:
    return largest((len(cls.methods), cls.name) for cls in tree.classes)


def largest(pairs: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1]))


def seams(tree: Tree) -> list[str]:
    """What a backend must or may fill in."""
    backend = [cls for cls in tree.classes if cls.name.endswith("backend.backend.Backend")]
    if backend:
        return [method.name for method in backend[0].methods if not method.name.startswith("_")]
    evaluator = [cls for cls in tree.classes if cls.node.name == "Evaluator"]
    if not evaluator:
        return []
    defined = {method.name for method in evaluator[0].methods} | evaluator[0].fields
    heirs = [cls for cls in tree.classes if evaluator[0] in tree.ancestors(cls)]
    replaced = {name for heir in heirs for name in {method.name for method in heir.methods} | heir.fields}
    return sorted(defined & replaced - {"__init__"})


# Whose business is it?


def private_accesses(tree: Tree) -> list[Place]:
    """Private attributes of objects other than self that are read or set."""
    return [
        Place(module, node.lineno, ast.unparse(node))
        for module in tree.modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in tree.private_names and is_foreign(node.value, module)
    ]


def is_foreign(owner: ast.expr, module: Module) -> bool:
    """It is neither self nor cls nor super() nor a module."""
    if isinstance(owner, ast.Call) and is_name(owner.func, "super"):
        return False
    return not is_name(owner, *SELF, *module.imported)


def setters_from_outside(tree: Tree) -> list[Place]:
    places = []
    for module in tree.modules:
        for store in stores(module.tree):
            if not is_name(store.value, *SELF):
                places.append(Place(module, store.lineno, f"{ast.unparse(store)} = …"))
        for node in ast.walk(module.tree):
            if is_name(node, "setattr") or (isinstance(node, ast.Attribute) and node.attr == "__setattr__"):
                places.append(Place(module, getattr(node, "lineno", 0), ast.unparse(node)))
    return sorted(places, key=lambda place: (place.module.name, place.line))


def reaches_of_heirs(tree: Tree) -> list[Place]:
    """Private attributes that a class uses on self, and that only a base class in another file sets."""
    places = []
    for cls in tree.classes:
        own = cls.assigned | cls.fields | {method.name for method in cls.methods}
        others = [base for base in tree.ancestors(cls) if base.module is not cls.module]
        theirs = {name for base in others for name in base.assigned if is_private(name)} - own
        for node in ast.walk(cls.node):
            if isinstance(node, ast.Attribute) and is_name(node.value, "self") and node.attr in theirs:
                places.append(Place(cls.module, node.lineno, ast.unparse(node)))
    return places


# Functions.


def function_lines(function: Function) -> int:
    assert function.end_lineno is not None
    n_lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return n_lines
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    return n_lines - (docstring.end_lineno - docstring.lineno + 1)


def complexity(function: Function) -> int:
    return 1 + sum(branches(node) for part in function.body for node in ast.walk(part))


def branches(node: ast.AST) -> int:
    """How many ways a statement adds."""
    if isinstance(node, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, Function)):
        return 1
    if isinstance(node, (ast.Try, ast.TryStar)):
        return 1 if node.orelse else 0
    if isinstance(node, ast.Match):
        last = node.cases[-1]
        takes_all = last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        return len(node.cases) - takes_all
    return 0


def measured(tree: Tree, measure: Callable[[Function], int]) -> list[tuple[int, Place]]:
    """All functions with a figure, the largest first."""
    pairs = [(measure(function), Place(module, function.lineno, function.name)) for module, function in tree.functions]
    return sorted(pairs, key=lambda pair: -pair[0])


def untyped_parameters(tree: Tree) -> list[Place]:
    places = []
    for module, function in tree.functions:
        args = function.args
        named = [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
        bare = [arg.arg for arg in named if arg.annotation is None and arg.arg not in SELF]
        places += [Place(module, function.lineno, f"{function.name}({name})") for name in bare]
    return places


# Imports.


def imports(tree: Tree) -> dict[str, set[str]]:
    """For every module the modules of the tree that it imports."""
    names = {module.name for module in tree.modules}
    return {
        module.name: {target for node in ast.walk(module.tree) for target in targets(node, module, names)}
        - {module.name}
        for module in tree.modules
    }


def targets(node: ast.AST, module: Module, names: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in names)
    if isinstance(node, ast.ImportFrom):
        source = node.module or ""
        if node.level:
            above = module.package.split(".")[: len(module.package.split(".")) - node.level + 1]
            source = ".".join([*above, *filter(None, [node.module])])
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            # `from . import sibling` imports the sibling; the folder itself is being imported already.
            yield from ([inner] if inner in names else [source] if source in names else [])


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules each of which reaches all others."""
    reached = {name: reachable(name, graph) for name in graph}
    groups = {frozenset(other for other in reached[name] if name in reached[other]) for name in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return found


# The table.


@dataclass(frozen=True)
class Figure:
    """One line of the table: a number, its limit (None if there is none), and where it was found."""

    what: str
    value: float | None
    bar: float | None
    where: str = ""

    def __str__(self) -> str:
        value = "-" if self.value is None else f"{self.value:g}"
        bar = "" if self.bar is None else f"{self.bar:g}"
        verdict = ""
        if self.value is not None and self.bar is not None:
            verdict = "ok" if self.value <= self.bar else "OVER"
        return f"{self.what:46s} {value:>6s} {bar:>5s} {verdict:5s} {self.where}"


def n_lines(path: Path | None) -> int | None:
    return None if path is None else len(path.read_text(encoding="utf-8").splitlines())


def figures(tree: Tree) -> list[Figure]:
    attributes, methods = by_attributes(tree)[0], by_methods(tree)[0]
    lengths, branching = measured(tree, function_lines), measured(tree, complexity)
    too_long = [place for n, place in lengths if n > LONGEST_FUNCTION]
    too_complex = [place for n, place in branching if n > HIGHEST_COMPLEXITY]
    file_lines = {module.path: len(module.path.read_text(encoding="utf-8").splitlines()) for module in tree.modules}
    longest_file = max(file_lines, key=lambda path: file_lines[path])
    groups = circles(imports(tree))
    mean_lines = sum(n for n, _ in lengths) / len(lengths)
    return [
        Figure("attributes of the largest class", attributes[0], 12, attributes[1]),
        Figure("methods of the largest class", methods[0], 20, methods[1]),
        Figure("seams that a backend fills in", len(seams(tree)), 6, ", ".join(seams(tree))),
        Figure("private attributes used from outside", len(private_accesses(tree)), 0),
        Figure("functions over 60 lines", len(too_long), 0, f"longest {lengths[0][0]}: {lengths[0][1]}"),
        Figure("highest complexity", branching[0][0], HIGHEST_COMPLEXITY, str(branching[0][1])),
        Figure("functions over complexity 10", len(too_complex), 0),
        Figure("circles of imports", len(groups), 0, "; ".join(" <> ".join(group) for group in groups)),
        Figure("parameters without a type", len(untyped_parameters(tree)), 0),
        Figure("lines of backend/pool.py, the smallest adapter", n_lines(tree.file("backend", "pool.py")), 60),
        Figure("lines of storage/memory.py", n_lines(tree.file("storage", "memory.py")), 120),
        Figure("for information: setters from outside", len(setters_from_outside(tree)), None),
        Figure("… heirs using private state of a base class", len(reaches_of_heirs(tree)), None),
        Figure("… lines of the longest file", file_lines[longest_file], None, str(longest_file)),
        Figure("… files", len(file_lines), None, f"{sum(file_lines.values())} lines together"),
        Figure("… functions", len(lengths), None, f"{mean_lines:.1f} lines each"),
    ]


def print_list(title: str, items: Sequence[Any], at_most: int | None = None) -> None:
    if items:
        print(f"\n{title}")
    for item in items[:at_most]:
        print(f"  {item[0]:4d}  {item[1]}" if isinstance(item, tuple) else f"  {item}")


def print_lists(tree: Tree) -> None:
    print_list("Most attributes", by_attributes(tree), 8)
    print_list("Most methods", by_methods(tree), 8)
    print_list("Private attributes used from outside", private_accesses(tree))
    print_list("Setters from outside (for information)", setters_from_outside(tree))
    print_list("Heirs using private state of a base class in another file (for information)", reaches_of_heirs(tree))
    print_list("Longest functions", measured(tree, function_lines), 5)
    print_list("Highest complexity", measured(tree, complexity), 5)
    print_list("Parameters without a type", untyped_parameters(tree))


def package_of(source: Path) -> Path:
    """The folder of the package: the one given, or the only package in it."""
    if (source / "__init__.py").exists():
        return source
    packages = [path.parent for path in sorted(source.glob("*/__init__.py"))]
    if len(packages) != 1:
        raise SystemExit(f"{source} must be a package, or a folder with one package in it; found {len(packages)}.")
    return packages[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("src", type=Path, nargs="?", default=Path(__file__).parents[1] / "src")
    parser.add_argument("--short", action="store_true", help="only the table")
    args = parser.parse_args()
    tree = Tree(package_of(args.src))
    print(f"{'':46s} {'value':>6s} {'bar':>5s}")
    for figure in figures(tree):
        print(figure)
    if not args.short:
        print_lists(tree)


if __name__ == "__main__":
    main()
