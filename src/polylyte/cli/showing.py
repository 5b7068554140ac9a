"""What the commands print: JSON by the contract, and text for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polylyte.core.methods import Method, Parameter
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Run


def run_json(run: Run, report: Path) -> dict[str, Any]:
    """A run as plain content; ``quantities`` first, named ``step.quantity``."""
    quantities = {
        f"{step.name}.{name}": quantity_json(quantity)
        for step in run.steps
        if step.result is not None
        for name, quantity in step.result.quantities.items()
    }
    return {
        "quantities": quantities,
        "study": str(run.path),
        "steps": [
            {"name": s.name, "method": s.method, "status": s.status, "reason": s.reason}
            for s in run.steps
        ],
        "comparisons": [
            {
                "quantity": c.expected.quantity,
                "published": c.expected.value.value,
                "unit": c.expected.value.unit,
                "ours": c.ours.value if c.ours else None,
                "verdict": c.verdict,
                "deviation": c.deviation,
            }
            for c in run.comparisons
        ],
        "warnings": [w for s in run.steps if s.result for w in s.result.warnings],
        "report": str(report),
    }


def quantity_json(quantity: Quantity) -> dict[str, Any]:
    """A quantity as plain content."""
    return {
        "value": quantity.value,
        "std": quantity.std,
        "unit": quantity.unit,
        "flags": list(quantity.flags),
        "conditions": dict(quantity.conditions),
    }


def method_json(method: Method) -> dict[str, Any]:
    """A method's declaration as plain content."""
    inputs = [p for p in method.parameters.values() if p.type in ("data", "section", "table")]
    parameters = [p for p in method.parameters.values() if p not in inputs and p.type != "task"]
    return {
        "id": method.id,
        "version": method.declared.version,
        "summary": method.summary,
        "inputs": [parameter_json(p) for p in inputs],
        "parameters": [parameter_json(p) for p in parameters],
        "outputs": [
            {
                "name": o.name,
                "type": o.type,
                "unit": o.kind.display if o.kind else None,
                "description": o.description,
            }
            for o in method.outputs.values()
        ],
        "references": [str(citation) for citation in method.declared.cites],
    }


def parameter_json(p: Parameter) -> dict[str, Any]:
    """One parameter as plain content."""
    default = None if p.required or p.default is None else str(p.default)
    return {
        "name": p.name,
        "type": p.type,
        "of": getattr(p.target, "__name__", None),
        "many": p.many,
        "required": p.required,
        "unit": p.kind.display if p.kind else None,
        "default": default,
        "choices": list(p.choices),
        "description": p.description,
    }


def method_text(method: Method) -> str:
    """A method's declaration for people."""
    lines = [f"{method.id} (version {method.declared.version})", "", method.doc, "", "Inputs"]
    for p in method.parameters.values():
        if p.type == "task":
            continue
        unit = f" / {p.kind.display}" if p.kind else ""
        need = (
            "needed"
            if p.required
            else f"default {p.default}"
            if p.default is not None
            else "optional"
        )
        lines.append(f"  {p.name} ({p.type}{unit}; {need})")
    lines += ["", "References", *(f"  {c}" for c in method.declared.cites)]
    return "\n".join(lines)


def call_text(outcome: Mapping[str, Any]) -> str:
    """The outcome of one method, a line per quantity, test, finding and table."""
    lines = [_line(name, content) for name, content in outcome["quantities"].items()]
    marks = {True: "passed", False: "FAILED", None: "not tested"}
    lines += [f"{v['name']}: {marks[v['passed']]}: {v['text']}" for v in outcome["verdicts"]]
    for finding in outcome["findings"]:
        remedy = f"; {finding['remedy']}" if finding["remedy"] else ""
        where = f"{finding['where']}: " if finding["where"] else ""
        lines.append(f"{finding['severity']}: {where}{finding['text']}{remedy}")
    lines += [f"warning: {warning}" for warning in outcome["warnings"]]
    lines += [f"table {name}: {path}" for name, path in outcome["tables"].items()]
    return "\n".join(lines)


def _line(name: str, content: Mapping[str, Any]) -> str:
    parts = {} if content["std"] is None else {"u": content["std"]}
    quantity = Quantity(content["value"], content["unit"], parts, flags=tuple(content["flags"]))
    flagged = quantity.value is not None and quantity.flags
    return f"{name} = {quantity}" + (f"  [{', '.join(quantity.flags)}]" if flagged else "")
