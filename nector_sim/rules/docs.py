"""What the fields of the models say of themselves: the docstrings below them."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Docstrings of a model's fields, its own and those that it inherits.

    They are read from the source when somebody asks: having pydantic do it for every model takes longer than all else
    that a program needs to be loaded.
    """
    docs: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, BaseModel) or base is BaseModel:
            continue
        try:
            source = inspect.getsource(base)
        except (OSError, TypeError):  # it was typed into a session
            continue
        tree = ast.parse(f"if True:\n{source}" if source[0].isspace() else source)
        body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
        for field, below in pairwise(body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(value=ast.Constant(str(text))):
                    docs[name] = inspect.cleandoc(text)
    return docs
