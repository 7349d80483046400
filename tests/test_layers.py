"""What may import what: the arrows of STYLE.md, section 2, held for every module."""

import ast
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import copyist

PACKAGE = Path(next(iter(copyist.__path__)))

STEPS: tuple[tuple[str, ...], ...] = (
    ("tensors", "errors", "randomness"),
    ("checks", "evidence", "bf16_probe", "float32", "devices", "jobs", "memory", "settings", "outputs"),
    ("nn", "corruption", "schedules", "metrics", "data", "files", "drawing"),
    ("models",),
    ("objectives", "baselines", "checkpoint"),
    ("training", "procedures"),
    ("detection", "compression"),
    ("recipes",),
    ("evaluation",),
    ("claims", "demo", "bench", "sklearn", "pyod", "export"),
    ("cli", "__main__"),
)
"""From the bottom up. A name may import from any step below its own, and from itself."""

WITHIN_A_STEP = {
    ("__main__", "cli"): "the program is its entry point",
    ("bench", "export"): "the speed of what is exported is measured as any other",
    ("data", "files"): "a source may be a folder of a user's files",
    ("devices", "bf16_probe"): "a precision is chosen only after a look at whether the device computes it rightly",
    ("devices", "checks"): "a device that is not there is refused in the same voice as any argument",
    ("evidence", "checks"): "bounds are arguments",
    ("devices", "memory"): "a device that has no memory of its own uses the machine's",
    ("jobs", "checks"): "a backend is an argument",
    ("pyod", "sklearn"): "the detector of pyod is that of scikit-learn with other signs and labels",
    ("settings", "checks"): "settings are arguments",
}
"""The arrows among the names of one step, with their reasons."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def step_of(name: str) -> int:
    for height, names in enumerate(STEPS):
        if name in names:
            return height
    raise AssertionError(f"STYLE.md, section 2, does not say on which step {name} stands")


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_parts(path: Path) -> set[str]:
    """The parts of copyist that a file imports, inside functions too."""
    parts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "copyist" else [module]
        else:
            continue
        parts |= {name.split(".")[1] for name in names if name.startswith("copyist.")}
    return parts


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_steps_below_its_own(path: Path) -> None:
    here = part_of(path)
    for there in sorted(imported_parts(path) - {here}):
        allowed = (here, there) in WITHIN_A_STEP
        assert allowed or step_of(there) < step_of(here), f"{here} must not import {there}"


def imported_files(path: Path) -> set[Path]:
    """The files of copyist that a file imports from, inside functions and for types too; the root page excepted."""
    files: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        files |= {file for module in modules if module.startswith("copyist.") for file in file_of(module)}
    return files - {path}


def file_of(module: str) -> set[Path]:
    """The file that holds a module, or the module of a name; none for names of the root page."""
    parts = module.split(".")[1:]
    for length in (len(parts), len(parts) - 1):
        place = PACKAGE.joinpath(*parts[:length])
        candidates = (place.with_suffix(".py"), place / "__init__.py") if length else ()
        for file in candidates:
            if file.exists():
                return {file}
    return set()


def test_no_file_imports_in_a_circle() -> None:
    graph = {path: sorted(imported_files(path)) for path in MODULES}
    assert circle(graph) == []


def circle(graph: Mapping[Path, Sequence[Path]]) -> list[str]:
    """The files of one circle of imports, or none."""
    finished: set[Path] = set()
    for start in graph:
        trail, waiting = [start], [iter(graph.get(start, ()))]
        while waiting and start not in finished:
            following = next((file for file in waiting[-1] if file not in finished), None)
            if following is None:
                finished.add(trail.pop())
                waiting.pop()
            elif following in trail:
                return [str(file.relative_to(PACKAGE)) for file in trail[trail.index(following) :]]
            else:
                trail.append(following)
                waiting.append(iter(graph.get(following, ())))
    return []


def test_a_circle_is_found() -> None:
    a, b, c = PACKAGE / "a.py", PACKAGE / "b.py", PACKAGE / "c.py"
    assert circle({a: [b], b: [c], c: [b]}) == ["b.py", "c.py"]
    assert circle({a: [b, c], b: [c], c: []}) == []


def test_the_arrows_are_read_inside_functions_too(tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text("import copyist.nn\nfrom copyist import data\ndef f():\n    from copyist.models.mlp import MLP\n")
    assert imported_parts(file) == {"nn", "data", "models"}


PAGE = "import copyist.evaluation.anomalies.page"


def test_a_page_computes_nothing() -> None:
    code = f"{PAGE}\nimport sys\nprint('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False"]


@pytest.mark.parametrize("statement", ["import copyist", "import copyist.errors, copyist.checks", "import copyist.cli"])
def test_importing_does_not_import_torch(statement: str) -> None:
    # Whoever measures the coverage of subprocesses does so by a module that imports nothing of ours.
    code = f"{statement}\nimport sys\nassert copyist.__name__\nprint('torch' in sys.modules, 'numpy' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False"]


@pytest.mark.slow
def test_a_name_of_the_table_of_contents_is_imported_when_it_is_used() -> None:
    code = "import copyist, sys\nassert 'torch' not in sys.modules\ncopyist.denoise\nassert 'torch' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
