"""What is public exists and is documented."""

import ast
import importlib
from pathlib import Path

import pytest

import copyist

PACKAGE = Path(next(iter(copyist.__path__)))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = sorted(module_name(path) for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def file_of(module: str) -> Path:
    path = PACKAGE.parent.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def public_names(module: str) -> list[str]:
    for node in ast.parse(file_of(module).read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return ast.literal_eval(node.value)
    return []


def docstring_of(module: str, name: str) -> str | None:
    """The docstring of a class or function, or the string right below a constant, wherever it is defined."""
    body = ast.parse(file_of(module).read_text()).body
    for index, node in enumerate(body):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and any((alias.asname or alias.name) == name for alias in node.names)
        ):
            return docstring_of(node.module or "", name)
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") == name for target in targets):
                below = body[index + 1] if index + 1 < len(body) else None
                if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                    return str(below.value.value)
    return None


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_and_its_public_names_exist_and_are_documented(module: str) -> None:
    names = public_names(module)
    if file_of(module).name != "__init__.py" or names:
        assert ast.get_docstring(ast.parse(file_of(module).read_text())), f"{module} has no docstring"
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    loaded = importlib.import_module(module) if names else None
    for name in names:
        assert hasattr(loaded, name), f"{module}.{name} does not exist"
        # The options of the command line are explained by their own help, and a claim by its file's first line.
        spared = module.startswith(("copyist.cli", "copyist.claims.each"))
        assert docstring_of(module, name) or spared, f"{module}.{name} has no docstring"


def test_every_name_in_the_table_of_contents_resolves() -> None:
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    names = [alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert {"train", "load", "denoise", "walk", "sample", "recipes"} <= set(names)
    for name in names:
        assert name is not None
        assert getattr(copyist, name) is not None
    assert set(names) <= set(dir(copyist))
