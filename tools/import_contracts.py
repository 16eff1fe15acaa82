"""A kind of contract that import-linter lacks: these modules import the standard library and what is listed only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from grimp import ImportGraph

_LIBRARY = sys.stdlib_module_names


class AllowlistContract(Contract):
    """Each of `modules`, with all inside it, imports the standard library and `allowed` only."""

    modules = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 (import-linter's signature)
        """Check the direct imports only, not those of allowed modules."""
        allowed = cast("list[str]", self.allowed)
        broken = [
            f"{importer} imports {imported}"
            for name in cast("list[str]", self.modules)
            for importer in sorted({name} | graph.find_descendants(name))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported.split(".")[0] not in _LIBRARY and not any(f"{imported}.".startswith(f"{a}.") for a in allowed)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that is not allowed."""
        for line in check.metadata["broken"]:
            output.print_error(line)
