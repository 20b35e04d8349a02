"""Reading which module imports which, without importing any."""

import ast
from collections.abc import Iterator
from pathlib import Path

Imports = dict[str, set[str]]
"""The modules that a module imports, by its name."""


def read_imports(root: Path) -> Imports:
    """The imports of every module of the package in a folder, wherever they stand in it."""
    modules = {_module_name(root, path): path for path in sorted(root.rglob("*.py"))}
    return {
        name: {
            imported if imported in modules else _owner(imported, modules)
            for imported in _imported(ast.parse(path.read_text(encoding="utf-8")))
        }
        for name, path in modules.items()
    }


def _module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports say whole names"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _owner(imported: str, modules: dict[str, Path]) -> str:
    """What is imported from a module is not a module: the module that has it, if it is ours."""
    owner = imported.rpartition(".")[0]
    return owner if owner in modules else imported


def wrong_arrows(
    imports: Imports, rooms: dict[str, set[str]], foreign: dict[str, set[str]]
) -> list[str]:
    """The imports that leave a room for one that it must not see.

    Args:
        imports: What ``read_imports`` has read.
        rooms: The rooms that each room may see, beside itself.
        foreign: The libraries that each room must not see.
    """
    found = []
    for module, targets in imports.items():
        package, _, room = module.partition(".")
        room = room.partition(".")[0]
        for target in sorted(targets):
            first, _, rest = target.partition(".")
            seen = rest.partition(".")[0]
            is_wrong_room = first == package and room and seen not in {room, *rooms[room]}
            if is_wrong_room or first in foreign.get(room, set()):
                found.append(f"{module} imports {target}")
    return found


def find_circle(imports: Imports) -> list[str]:
    """Modules of which each imports the next and the last the first; empty when there are none."""
    done: set[str] = set()

    def visit(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done or module not in imports:
            return []
        for target in sorted(imports[module]):
            if target != module and (circle := visit(target, [*path, module])):
                return circle
        done.add(module)
        return []

    return next((circle for module in imports if (circle := visit(module, []))), [])
