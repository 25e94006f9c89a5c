"""The stub says of the compiled module what is true: every name, every parameter, what is bound to a class."""

import ast
import inspect
from types import ModuleType

import pytest

from atc_cli import _kernels
from tests.conftest import ROOT

STUB = ast.parse((ROOT / "atc_cli" / "_kernels.pyi").read_text())
Signature = tuple[list[str], int]  # the parameters, and how many of them may be left out


def is_protocol(node: ast.AST) -> bool:
    """Whether a class only says what callers pass; there is none such in the module."""
    return isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)


def declared(nodes: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Functions, classes and constants by their names."""
    named = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    constants = {node.target.id: node for node in nodes if isinstance(node, ast.AnnAssign)}
    return {name: node for name, node in (named | constants).items() if not is_protocol(node)}


def public(thing: ModuleType | type) -> set[str]:
    """The names that are the thing's own."""
    return {name for name in vars(thing) if not name.startswith("_")}


def in_the_stub(node: ast.FunctionDef) -> Signature:
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    defaults = len(node.args.defaults) + sum(each is not None for each in node.args.kw_defaults)
    return [name for name in names if name != "self"], defaults


def in_the_module(function: object) -> Signature:
    parameters = inspect.signature(function).parameters.values()
    names = [each.name for each in parameters if each.name != "self"]
    return names, sum(each.default is not inspect.Parameter.empty for each in parameters)


def pairs(names: dict[str, ast.stmt], owner: object) -> list[tuple[str, ast.FunctionDef, object]]:
    """Each function of the stub with that of the module, those of classes too, where the module has it."""
    found = []
    for name, node in names.items():
        if not hasattr(owner, name):
            continue
        if isinstance(node, ast.ClassDef):
            found += pairs(declared(node.body), getattr(owner, name))
        elif isinstance(node, ast.FunctionDef):
            found.append((name, node, inspect.getattr_static(owner, name)))
    return found


FUNCTIONS = pairs(declared(STUB.body), _kernels)


def test_the_names_are_those_of_the_module() -> None:
    assert declared(STUB.body).keys() == public(_kernels)
    for name, node in declared(STUB.body).items():
        if isinstance(node, ast.ClassDef):
            assert declared(node.body).keys() == public(getattr(_kernels, name)), name


@pytest.mark.parametrize(("name", "node", "function"), FUNCTIONS, ids=[name for name, _, _ in FUNCTIONS])
def test_a_function_takes_the_parameters_that_the_stub_says(name: str, node: ast.FunctionDef, function: object) -> None:
    static = isinstance(function, staticmethod)
    assert static == any(ast.unparse(each) == "staticmethod" for each in node.decorator_list)
    assert in_the_module(function.__func__ if static else function) == in_the_stub(node)


def test_every_function_and_class_says_what_it_is_for() -> None:
    documented = [node for node in ast.walk(STUB) if isinstance(node, ast.ClassDef)] + [
        node for _, node, _ in FUNCTIONS
    ]
    assert len(documented) > len(FUNCTIONS) > 0
    assert not [node.name for node in documented if not ast.get_docstring(node)]
