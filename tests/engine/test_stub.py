"""The stub of the compiled module says what the module has."""

import ast
import dataclasses
import inspect

import pytest

from atc_cli import _kernels
from atc_cli.domain.tape import Tape
from atc_cli.engine.account import Curves, Terms
from atc_cli.engine.backend import Values
from atc_cli.engine.packing import Lent, PlainParams
from tests.conftest import ROOT

STUB = ast.parse((ROOT / "atc_cli" / "_kernels.pyi").read_text())
CLASSES = [node for node in STUB.body if isinstance(node, ast.ClassDef)]
PROTOCOLS = {node.name: node for node in CLASSES if any(ast.unparse(base) == "Protocol" for base in node.bases)}
MADE = {node.name: node for node in CLASSES if node.name not in PROTOCOLS}
FUNCTIONS = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}
METHODS = {
    f"{name}.{method.name}": method
    for name, node in MADE.items()
    for method in node.body
    if isinstance(method, ast.FunctionDef)
}
CALLABLES = FUNCTIONS | METHODS


def found(name: str) -> object:
    """What the module has under a name of the stub, as it stands in its namespace."""
    owner, _, method = name.rpartition(".")
    return vars(vars(_kernels)[owner])[method] if owner else vars(_kernels)[name]


def test_module_and_stub_have_the_same_names() -> None:
    public = {name for name in vars(_kernels) if not name.startswith("_")}
    assert public == FUNCTIONS.keys() | MADE.keys()
    assert public == set(_kernels.__all__)


@pytest.mark.parametrize("name", MADE)
def test_a_class_has_the_methods_of_its_stub(name: str) -> None:
    public = {method for method in vars(vars(_kernels)[name]) if not method.startswith("_")}
    assert public
    assert public == {method.rpartition(".")[2] for method in METHODS if method.startswith(f"{name}.")}


@pytest.mark.parametrize("name", CALLABLES)
def test_a_signature_is_that_of_the_stub(name: str) -> None:
    node = CALLABLES[name]
    stated = [each.arg for each in node.args.args]
    assert not (node.args.vararg or node.args.kwarg or node.args.kwonlyargs or node.args.defaults)
    thing = found(name)
    static = any(ast.unparse(each) == "staticmethod" for each in node.decorator_list)
    assert isinstance(thing, staticmethod) == static
    parameters = inspect.signature(thing.__func__ if static else thing).parameters.values()
    assert [each.name for each in parameters] == stated
    assert all(each.default is inspect.Parameter.empty for each in parameters)


@pytest.mark.parametrize(
    "name", [*CLASSES, *CALLABLES.values(), STUB], ids=lambda node: getattr(node, "name", "module")
)
def test_everything_in_the_stub_is_documented(name: ast.AST) -> None:
    assert ast.get_docstring(name)


@pytest.mark.parametrize(
    ("protocol", "given", "kept"),
    [
        ("Candles", Lent, set()),
        ("Settings", PlainParams, set()),
        ("Results", Values, set()),
        ("Market", Tape, {"symbols", "axis_ms"}),
        ("Terms", Terms, set()),
        ("Curves", Curves, set()),
    ],
)
def test_what_is_handed_over_has_what_the_stub_asks_for(protocol: str, given: type, kept: set[str]) -> None:
    body = PROTOCOLS[protocol].body
    asked = {node.target.id for node in body if isinstance(node, ast.AnnAssign)}
    asked |= {node.name for node in body if isinstance(node, ast.FunctionDef)}
    assert asked - {"width"} == {field.name for field in dataclasses.fields(given)} - kept
    assert hasattr(given, "width") == ("width" in asked)
