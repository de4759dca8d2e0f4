"""What is missing of a document because of the archive around it, said in its quarantine."""

from dataclasses import replace

from flows.inputs import Harm
from schemas.documents import Refusal
from schemas.items import CleanedDocument


def harmed(document: CleanedDocument, harm: Harm | None) -> CleanedDocument:
    """Return a document that says that it ends before its time: an empty range at its end is refused."""
    if harm is None:
        return document
    end = document.bytes
    refusal = Refusal(end, end, "unpack", harm.reason, harm.detail)
    return replace(document, quarantine=(*document.quarantine, refusal))
