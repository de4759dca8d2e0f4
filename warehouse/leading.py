"""Keep up the clusters: place the texts of which something is new, and those that this is felt by.

Where a text stands follows from earlier texts alone (cleaners/placing.py). So texts are placed in waves, the
earliest first; where that changes something for others, they come into a later wave, until nothing changes
any more. What comes out is what placing all texts at once would: the earliest text that stood wrong would
have been in a wave. A wave is bounded, whatever the size of a flood.
"""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from schemas.signatures import Placed, Standing, Wave
from warehouse.columns import days, keys, optional_keys, table
from warehouse.connection import staged
from warehouse.judges import Matcher
from warehouse.standings import prepare, spread
from warehouse.telling import Change, tell
from warehouse.waves import judging, next_wave, read_wave

_STANDINGS = pa.schema(
    [
        ("text_key", pa.uuid()),
        ("item_id", pa.uuid()),
        ("earliest", pa.date32()),
        ("length", pa.int32()),
        ("lead_key", pa.uuid()),
        ("relation", pa.string()),
        ("similarity", pa.float64()),
        ("containment", pa.float64()),
        ("rule", pa.string()),
    ]
)
_WRITE = """
DELETE FROM ops.standings WHERE text_key IN (SELECT text_key FROM stage_standings);
INSERT INTO ops.standings BY NAME FROM stage_standings;
INSERT INTO retold SELECT text_key FROM stage_standings ANTI JOIN retold USING (text_key)
"""
_KEPT = pa.schema([("band_key", pa.uint32()), ("band", pa.uint8()), ("text_key", pa.uuid())])
_EVENTS = pa.schema(
    [
        ("band_key", pa.uint32()),
        ("band", pa.uint8()),
        ("lead_key", pa.uuid()),
        ("earliest", pa.date32()),
        ("length", pa.int32()),
        ("item_id", pa.uuid()),
        ("lost", pa.bool_()),
    ]
)
_KEEP_HEADS = """
DELETE FROM ops.heads
USING (SELECT DISTINCT band_key, band FROM stage_events WHERE lead_key IS NULL) AS changed
WHERE changed.band_key = heads.band_key AND changed.band = heads.band;

INSERT INTO ops.heads FROM stage_heads;
"""
_SPREAD_EVENTS = """
CREATE OR REPLACE TEMP TABLE events AS
SELECT band_key, band, earliest, length, item_id, lost FROM stage_events WHERE lead_key IS NULL
UNION
SELECT head.band_key, head.band, event.earliest, event.length, event.item_id, event.lost
FROM stage_events AS event
JOIN ops.heads AS head ON head.text_key = event.lead_key
"""
_BEHIND = "INSERT INTO dirty FROM stage_behind ANTI JOIN dirty USING (text_key)"
_KEY = pa.schema([("text_key", pa.uuid())])


def lead(con: duckdb.DuckDBPyConnection, matcher: Matcher, *, moved: bool = False) -> Change:
    """Place what matching has touched; return by how much copies became more."""
    prepare(con, matcher.witnesses, moved=moved)
    while next_wave(con):
        wave, buckets = read_wave(con, matcher.witnesses)
        _note(con, wave, matcher.place(wave, judging(con, matcher)), buckets)
    return tell(con)


def _note(
    con: duckdb.DuckDBPyConnection, wave: Wave, placed: Placed, buckets: Sequence[tuple[int, int]]
) -> None:
    """Write where the texts of a wave stand, and mark those that this is felt by."""
    before = {text.text_key: text for text in (*wave.around, *wave.texts)}
    now = {text.text_key: text for text in placed.texts}
    changed = [text for text in placed.texts if text != before[text.text_key]]
    events: list[tuple[int | None, int | None, str | None, Standing, bool]] = []
    kept: list[tuple[int, int, str]] = []
    for number, heads in placed.heads.items():
        band_key, band = buckets[number]
        at, lost = _difference(_ranked(wave.heads.get(number, ()), before), heads, before, now)
        if at is not None:
            events.append((band_key, band, None, at, lost))
            kept += [(band_key, band, text) for text in heads]
    for leading, witnesses in placed.witnesses.items():
        at, lost = _difference(_ranked(wave.witnesses.get(leading, ()), before), witnesses, before, now)
        if at is not None:
            events.append((None, None, leading, at, lost))
    behind = _behind(wave, changed, before, now)
    if changed:
        with staged(con, {"stage_standings": _standing_rows(changed)}):
            con.execute(_WRITE)
    if behind:
        rows = table(_KEY, [keys([bytes.fromhex(text) for text in sorted(behind)])])
        with staged(con, {"stage_behind": rows}):
            con.execute(_BEHIND)
    if events:
        heads_now = table(
            _KEPT,
            [
                [band_key for band_key, _, _ in kept],
                [band for _, band, _ in kept],
                keys([bytes.fromhex(text) for _, _, text in kept]),
            ],
        )
        with staged(con, {"stage_events": _event_rows(events), "stage_heads": heads_now}):
            con.execute(_KEEP_HEADS)
            con.execute(_SPREAD_EVENTS)
        spread(con)


def _ranked(texts: Sequence[str], before: Mapping[str, Standing]) -> list[str]:
    return sorted(texts, key=lambda text: before[text].rank)


def _difference(
    were: Sequence[str],
    are: Sequence[str],
    before: Mapping[str, Standing],
    now: Mapping[str, Standing],
) -> tuple[Standing | None, bool]:
    """Return the earliest text that only one of two lists has, and whether one was lost to another place."""
    other = set(were) ^ set(are)
    if not other:
        return None, False
    lost = any(text in now and now[text].lead != before[text].lead for text in set(were) - set(are))
    return min((before[text] for text in other), key=lambda text: text.rank), lost


def _behind(
    wave: Wave, changed: Sequence[Standing], before: Mapping[str, Standing], now: Mapping[str, Standing]
) -> set[str]:
    """Return the later texts outside of the wave that pair with texts that changed, and may feel it."""
    moved = {text.text_key for text in changed}
    found: set[str] = set()
    for pair in wave.pairs:
        for text, other in ((pair.left, pair.right), (pair.right, pair.left)):
            stands = before.get(other)
            if text not in moved or other in now or stands is None or stands.rank < now[text].rank:
                continue
            was, leads = before[text].lead == text, now[text].lead == text
            if pair.relation == "variant" or (was != leads and not _led_earlier(stands, now[text], before)):
                found.add(other)
    return found


def _led_earlier(stands: Standing, text: Standing, before: Mapping[str, Standing]) -> bool:
    """Say whether a text is led by one before `text`, which it would not leave for it."""
    leading = before.get(stands.lead) if stands.lead is not None else None
    return leading is not None and leading.rank < text.rank


def _standing_rows(texts: Sequence[Standing]) -> pa.Table:
    return table(
        _STANDINGS,
        [
            keys([bytes.fromhex(text.text_key) for text in texts]),
            keys([bytes.fromhex(text.item_id) for text in texts]),
            _days(texts),
            [text.length for text in texts],
            keys([bytes.fromhex(text.lead or "") for text in texts]),
            [text.relation for text in texts],
            [text.similarity for text in texts],
            [text.containment for text in texts],
            [text.rule for text in texts],
        ],
    )


def _days(texts: Sequence[Standing]) -> pa.Array:
    return days([text.earliest for text in texts], lambda at: f"Item {texts[at].item_id}")


def _event_rows(
    events: Sequence[tuple[int | None, int | None, str | None, Standing, bool]],
) -> pa.Table:
    return table(
        _EVENTS,
        [
            [band_key for band_key, _, _, _, _ in events],
            [band for _, band, _, _, _ in events],
            optional_keys([bytes.fromhex(leading) if leading else None for _, _, leading, _, _ in events]),
            _days([at for _, _, _, at, _ in events]),
            [at.length for _, _, _, at, _ in events],
            keys([bytes.fromhex(at.item_id) for _, _, _, at, _ in events]),
            [lost for _, _, _, _, lost in events],
        ],
    )
