"""Do the tests notice when the code is changed? One small change at a time, in a copy, and the tests run on it.

Run: ``python benchmarks/mutants.py [--sample 300] [--seed 0] [--only parks/cover.py …] [--out out/mutants.json]``. Prints
for each module how many changes there were, how many were noticed, and those that were not. Results are kept in the
file as they come: the same command goes on where it was stopped, and runs anew what has changed since. A change that
cannot be noticed, since the code does the same, stands with its reason in ``mutants_reasons.toml`` beside this script.

A change is one of: a comparison (``<`` to ``<=``, ``>=``), an arithmetic or set operator, ``and`` for ``or``, a dropped
``not`` or sign, a number one higher or lower, ``True`` for ``False``, ``min`` for ``max``, ``any`` for ``all``, a bound of
a slice, a condition turned round, ``None`` returned. Defaults of arguments are numbers like any other. Texts, messages
of errors, annotations and decorators are left alone. Tests of the module itself run first, then those of its part,
then the commands'. Tests that hang have noticed.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("hotspots", "parks", "units", "scoring", "allocate", "space", "statistics", "load")
SHOWN = {
    "part",
    "result",
    "section",
    "map",
    "change_map",
    "figures",
    "siting_words",
    "findings",
    "caution",
}
"""What a part draws and tells: looked at, and tested by pages; the sample is of what computes."""
WIDER = ("tests/run", "tests/cli")
REASONS = Path(__file__).with_name("mutants_reasons.toml")
PATIENCE, AT_LEAST_S = 20, 300
"""Tests that take this many times as long as on the unchanged code hang; never less than five minutes."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
PAIRS = [("min", "max"), ("minimum", "maximum"), ("argmin", "argmax"), ("any", "all"), ("floor", "ceil")]
NAMES = dict(PAIRS) | {b: a for a, b in PAIRS}


@dataclass(frozen=True)
class Mutant:
    """One change: the bytes of a file from ``start`` to ``end`` become ``new``."""

    file: str
    line: int
    col: int
    start: int
    end: int
    old: str
    new: str
    text: str

    @property
    def change(self) -> str:
        """The change as people read it."""
        return f"{self.old} → {self.new}"

    @property
    def key(self) -> str:
        """What names the change while the lines above it come and go."""
        return f"{self.file} | {self.text} | {self.col} | {self.change}"


def mutants_of(path: Path) -> list[Mutant]:
    """Every change that can be made to a file."""
    source = path.read_bytes()
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found: dict[tuple[int, int, str], Mutant] = {}
    for node in _code(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for new in _changes(node):
            old = source[start:end].decode()
            line = lines[node.lineno - 1]
            text, col = line.decode().strip(), node.col_offset - (len(line) - len(line.lstrip()))
            found[start, end, new] = Mutant(
                str(path.relative_to(ROOT)), node.lineno, col, start, end, " ".join(old.split()), new, text
            )
    return list(found.values())


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that do something: neither texts nor messages, annotations, decorators or imports for them."""
    if isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Assert)):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if hasattr(node, "lineno"):
        yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _code(child)


def _changes(node: ast.AST) -> Iterator[str]:
    """What may stand in the place of a node."""
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                yield _unparse(ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators))
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield _unparse(ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))
    elif isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        yield ast.unparse(ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value))
    elif isinstance(node, ast.BoolOp):
        yield _unparse(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield _unparse(node.operand)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield from (_unparse(ast.Constant(node.value + step)) for step in (1, -1))
    elif isinstance(node, ast.Name) and node.id in NAMES and isinstance(node.ctx, ast.Load):
        yield NAMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.unparse(ast.Attribute(node.value, NAMES[node.attr], node.ctx))
    elif isinstance(node, ast.Slice):
        one = ast.Constant(1)
        lower = ast.BinOp(node.lower, ast.Add(), one) if node.lower else one
        upper = ast.BinOp(node.upper, ast.Sub(), one) if node.upper else ast.UnaryOp(ast.USub(), one)
        yield ast.unparse(ast.Slice(lower, node.upper, node.step))
        yield ast.unparse(ast.Slice(node.lower, upper, node.step))
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "return None"
    elif isinstance(node, ast.IfExp):
        yield _unparse(ast.IfExp(node.test, node.orelse, node.body))


def _unparse(node: ast.expr) -> str:
    """A node as code that stands anywhere an expression may: in brackets where it is more than one word."""
    text = ast.unparse(node)
    return text if isinstance(node, (ast.Constant, ast.Name, ast.Attribute, ast.Call)) else f"({text})"


def tests_of(file: str) -> list[list[str]]:
    """Tests in the order in which they are tried: the module's own, its part's, the commands'."""
    part, name = Path(file).parts[-2], Path(file).stem
    folder = ROOT / "tests" / part
    plain = name.lstrip("_")
    own = [path for path in sorted(folder.glob("test_*.py")) if path.stem == f"test_{plain}"]
    own += [
        path for path in sorted(folder.glob("test_*.py")) if f"{part}.{name}" in path.read_text() and path not in own
    ]
    others = [path for path in sorted(folder.glob("test_*.py")) if path not in own]
    stages = [[file, *(str(path.relative_to(ROOT)) for path in own)]]
    stages.append([str(path.relative_to(ROOT)) for path in others])
    stages.append(list(WIDER))
    return [stage for stage in stages if stage]


class Bench:
    """A copy of the project, in which one change at a time is made and the tests run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        skip = shutil.ignore_patterns("*.pyc", "*.nbi", "*.nbc")
        for name in ("jxgis", "tests"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=skip)
        for path in ROOT.iterdir():
            if path.name not in ("jxgis", "tests", "out") and not path.name.startswith("."):
                (self.folder / path.name).symlink_to(path)
        # Real data lies beside the project.
        if (ROOT.parent / "shared").exists():
            (folder / "shared").symlink_to((ROOT.parent / "shared").resolve())

    def run(self, tests: list[str], limit_s: float | None = None) -> str:
        """``passed``, ``failed`` or ``hung``."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests]
        given = os.environ | {"PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": ""}
        process = subprocess.Popen(
            command, cwd=self.folder, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
        )
        try:
            # Without a test (5), as where a module has no examples, nothing was noticed.
            return "passed" if process.wait(limit_s) in (0, 5) else "failed"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return "hung"

    def change(self, mutant: Mutant, took: dict[str, float], stages: int) -> dict[str, object]:
        """Make a change, run the tests until they notice it, and take it back."""
        path = self.folder / mutant.file
        source = path.read_bytes()
        try:
            path.write_bytes(source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
            self._forget(path)
            for stage in tests_of(mutant.file)[:stages]:
                outcome = self.run(stage, max(PATIENCE * took.get(_name(stage), 0.0), AT_LEAST_S))
                if outcome != "passed":
                    return {"outcome": outcome, "by": stage[0] if len(stage) > 1 else _name(stage)}
            return {"outcome": "survived", "by": ""}
        finally:
            path.write_bytes(source)
            self._forget(path)

    def _forget(self, path: Path) -> None:
        """Remove what was compiled of a file, and of every kernel: one may hold code of another."""
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()
        for kernel in (*self.folder.rglob("*.nbi"), *self.folder.rglob("*.nbc")):
            kernel.unlink()


def _name(stage: list[str]) -> str:
    return " ".join(stage)


def chosen(sample: int, seed: int, only: list[str]) -> list[Mutant]:
    """A sample of all changes, the same for the same seed and code."""
    paths = [path for part in PARTS for path in sorted((ROOT / "jxgis" / part).glob("*.py")) if path.stem not in SHOWN]
    if only:
        paths = [path for path in paths if any(str(path).endswith(f"/{name}") for name in only)]
    every = [mutant for path in paths for mutant in mutants_of(path)]
    return random.Random(seed).sample(every, min(sample, len(every)))


def work(todo: list[Mutant], workers: int, stages: int, known: dict[str, dict[str, object]], out: Path) -> None:
    """Try changes, each worker in a copy of its own, and keep what was found as it comes."""
    lock = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="jxgis-mutants-") as folder, ThreadPoolExecutor(workers) as pool:
        benches: queue.Queue[Bench] = queue.Queue()
        for k in range(workers):
            benches.put(Bench(Path(folder) / str(k)))
        took: dict[str, float] = {}

        def unchanged(stage: list[str]) -> None:
            bench, began = benches.get(), time.monotonic()
            try:
                if bench.run(stage) != "passed":
                    raise SystemExit(f"The tests fail on the unchanged code: {_name(stage)}")
                took[_name(stage)] = time.monotonic() - began
            finally:
                benches.put(bench)

        every = {_name(stage): stage for mutant in todo for stage in tests_of(mutant.file)[:stages]}
        list(pool.map(unchanged, every.values()))

        def one(mutant: Mutant) -> None:
            bench = benches.get()
            try:
                found = bench.change(mutant, took, stages)
            finally:
                benches.put(bench)
            with lock:
                known[mutant.key] = asdict(mutant) | found | {"sha": _sha(mutant.file), "stages": stages}
                out.write_text(json.dumps(known, ensure_ascii=False, indent=1))
                print(f"{found['outcome']:9} {mutant.file}:{mutant.line} {mutant.change}", flush=True)

        list(pool.map(one, todo))


def _tried(found: dict[str, object] | None, file: str, stages: int) -> bool:
    """Whether a change was tried on this code: noticed, or not noticed by as many tests as are asked for."""
    if found is None or found["sha"] != _sha(file):
        return False
    return found["outcome"] != "survived" or found["stages"] >= stages


def _sha(file: str) -> str:
    """Of the module and its own tests: what was found holds for these."""
    digest = hashlib.sha256((ROOT / file).read_bytes())
    for stage in tests_of(file)[:1]:
        for test in stage[1:]:
            digest.update((ROOT / test).read_bytes())
    return digest.hexdigest()


def report(results: list[dict[str, object]], reasons: dict[str, str]) -> str:
    """Modules, changes, noticed, explained, left; then each that is left, and each that is explained."""
    lines = [f"{'module':36}{'mutants':>8}{'killed':>8}{'equal':>8}{'left':>6}"]
    left, explained = [], []
    for file in sorted({str(found["file"]) for found in results}):
        mine = [found for found in results if found["file"] == file]
        alive = [found for found in mine if found["outcome"] == "survived"]
        equal = [found for found in alive if _key(found) in reasons]
        left += [found for found in alive if _key(found) not in reasons]
        explained += equal
        counts = (len(mine), len(mine) - len(alive), len(equal), len(alive) - len(equal))
        lines.append(f"{file:36}" + "".join(f"{n:>{w}}" for n, w in zip(counts, (8, 8, 8, 6), strict=True)))
    counts = (len(results), len(results) - len(left) - len(explained), len(explained), len(left))
    lines.append(f"{'all':36}" + "".join(f"{n:>{w}}" for n, w in zip(counts, (8, 8, 8, 6), strict=True)))
    for title, some in (("Not noticed:", left), ("The same by another way:", explained)):
        if some:
            lines += ["", title]
        for found in some:
            lines.append(f"  {found['file']}:{found['line']}  {found['text']}")
            lines.append(
                f"      {found['old']} → {found['new']}" + (f"   ({reasons[_key(found)]})" if some is explained else "")
            )
    return "\n".join(lines)


def _key(found: dict[str, object]) -> str:
    return f"{found['file']} | {found['text']} | {found['col']} | {found['old']} → {found['new']}"


def main() -> None:
    """Draw the sample, try what was not tried yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="modules, such as parks/cover.py")
    parser.add_argument(
        "--stages", type=int, choices=(1, 2, 3), default=3, help="how far: own tests, those of the part, the commands'"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "mutants.json")
    asked = parser.parse_args()
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    sample = chosen(asked.sample, asked.seed, asked.only)
    todo = [mutant for mutant in sample if not _tried(known.get(mutant.key), mutant.file, asked.stages)]
    if todo:
        work(todo, asked.workers, asked.stages, known, asked.out)
    reasons = tomllib.loads(REASONS.read_text()) if REASONS.exists() else {}
    print(
        report([known[mutant.key] for mutant in sample], {r["mutant"]: r["reason"] for r in reasons.get("equal", [])})
    )


if __name__ == "__main__":
    main()
