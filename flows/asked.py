"""What a document was asked to be read as, as text: kept with it, so that it can be derived again."""

import base64
import json
from dataclasses import replace

from flows.inputs import Harm, Ref
from schemas.options import CleanOptions, Columns, EdgeLine, Part


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
    if ref.part:  # what stands before it in its file is not in its bytes either
        context = base64.b64encode(ref.part.context).decode()
        said["part"] = {"first": ref.part.first, "last": ref.part.last, "context": context}
    return json.dumps(said, ensure_ascii=False, sort_keys=True) if said else None


def with_asked(ref: Ref, text: str | None) -> Ref:
    """Return a document with the options that `asked` wrote."""
    said = json.loads(text) if text else {}
    columns, harm, part = said.get("columns"), said.get("harm"), said.get("part")
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
        part=Part(first=part["first"], last=part["last"], context=base64.b64decode(part["context"]))
        if part
        else None,
    )


def asked_options(
    text: str | None, input_format: str | None, columns: Columns | None, edges: tuple[EdgeLine, ...]
) -> CleanOptions:
    """Return the options of a landed document as they are in force now: of `asked`, only what its file says
    of it, for a part of a file is read as that part whatever the settings are."""
    said = with_asked(Ref(source="", uri="", path="", bytes=0), text)
    return CleanOptions(
        input_format=input_format or (said.input_format if said.part else None),
        columns=columns,
        edges=edges,
        part=said.part,
    )
