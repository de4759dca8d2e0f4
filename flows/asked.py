"""What a document was asked to be read as, as text: kept with it, so that it can be derived again."""

import json
from dataclasses import replace

from flows.inputs import Harm, Ref
from schemas.options import Columns, EdgeLine


def asked(ref: Ref) -> str | None:
    """Return the options of a document as JSON; None where all is detected."""
    said: dict[str, object] = {}
    if ref.input_format:
        said["input_format"] = ref.input_format
    if ref.columns:
        said["columns"] = {"roles": ref.columns.roles, "scope": ref.columns.scope}
    if ref.edges:  # a rule may be deleted later, and what landed by it must still be derived
        said["edges"] = [[line.id, line.position, line.example] for line in ref.edges]
    if ref.harm:  # what the archive around it did to it is not in its bytes
        said["harm"] = {"reason": ref.harm.reason, "detail": ref.harm.detail, "whole": ref.harm.whole}
    return json.dumps(said, ensure_ascii=False, sort_keys=True) if said else None


def with_asked(ref: Ref, text: str | None) -> Ref:
    """Return a document with the options that `asked` wrote."""
    said = json.loads(text) if text else {}
    columns, harm = said.get("columns"), said.get("harm")
    return replace(
        ref,
        input_format=said.get("input_format"),
        columns=Columns(roles=tuple((role, name) for role, name in columns["roles"]), scope=columns["scope"])
        if columns
        else None,
        edges=tuple(
            EdgeLine(id=name, position=position, example=example)
            for name, position, example in said.get("edges", ())
        ),
        harm=Harm(harm["reason"], harm["detail"], whole=harm["whole"]) if harm else None,
    )
