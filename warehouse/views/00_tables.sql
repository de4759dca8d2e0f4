-- What the tables mean, for people. Re-applied by each migrate, so that a better word needs no migration.

COMMENT ON TABLE raw.documents IS
    'a raw input, once per distinct bytes';
COMMENT ON COLUMN raw.documents.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN raw.documents.document_id IS 'sha256 of the bytes, 64 hex digits';
COMMENT ON COLUMN raw.documents.encoding IS 'codecs in order of first use, joined by +';
COMMENT ON COLUMN raw.documents.bytes IS 'length in bytes';
COMMENT ON COLUMN raw.documents.made_at IS 'the latest time that it states of itself or of its records: it was made no earlier';
COMMENT ON COLUMN raw.documents.cleaner IS 'version of the cleaners that made its rows';

COMMENT ON COLUMN raw.documents.receipt_key IS 'the name that it was cleaned under, in raw.receipts';
COMMENT ON COLUMN raw.documents.input_format IS 'the format that it was read as';
COMMENT ON COLUMN raw.documents.asked IS 'what it was asked to be read as (format, columns), as JSON; null: detected';
COMMENT ON COLUMN raw.documents.body_in IS 'where its bytes are kept: warehouse (raw.bodies) or folder (a file beside this one)';

COMMENT ON COLUMN raw.documents.packed IS 'bytes of its frame in raw.bodies; null: in raw.plain_bodies or outside the file';

COMMENT ON TABLE raw.bodies IS
    'the bytes of a document as a zstd frame (any tool can unpack it), cut into pieces of 512 bytes';
COMMENT ON COLUMN raw.bodies.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN raw.bodies.piece IS 'place of the piece, from 0';
COMMENT ON COLUMN raw.bodies.body IS 'bytes of the frame';

COMMENT ON TABLE raw.plain_bodies IS
    'the bytes of a document that landed before migration 9, in chunks of at most 16 MiB';
COMMENT ON COLUMN raw.plain_bodies.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN raw.plain_bodies.chunk IS 'place of the chunk, from 0';
COMMENT ON COLUMN raw.plain_bodies.byte_start IS 'offset of its first byte in the document';
COMMENT ON COLUMN raw.plain_bodies.body IS 'the bytes';

COMMENT ON TABLE raw.receipts IS
    'a name under which a document was received';
COMMENT ON COLUMN raw.receipts.receipt_key IS 'hash of all other columns';
COMMENT ON COLUMN raw.receipts.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN raw.receipts.source IS 'name of the source; bytes of a file name that are not UTF-8 show as \udcXX';
COMMENT ON COLUMN raw.receipts.uri IS 'where it came from, written like source';
COMMENT ON COLUMN raw.receipts.media_type IS 'media type, as the source gave it';
COMMENT ON COLUMN raw.receipts.fetched_at IS 'when it was captured, as the user or the source stated it; never a clock of ours';

COMMENT ON TABLE core.versions IS
    'one version of an item; an edit adds a row and changes none';
COMMENT ON COLUMN core.versions.item_id IS 'the item';
COMMENT ON COLUMN core.versions.version_id IS 'hash of all other columns';
COMMENT ON COLUMN core.versions.kind IS 'post, article, message or service';
COMMENT ON COLUMN core.versions.channel IS 'channel, feed or site';
COMMENT ON COLUMN core.versions.author IS 'author';
COMMENT ON COLUMN core.versions.native_id IS 'the id that the source gave it';
COMMENT ON COLUMN core.versions.forwarded_from IS 'where it was forwarded from';
COMMENT ON COLUMN core.versions.title IS 'title that text does not begin with; null where there is none, or title_length says it';
COMMENT ON COLUMN core.versions.title_length IS 'characters of text that are its title';
COMMENT ON COLUMN core.versions.text IS 'text in display form, without header, copy, card or boilerplate lines; lone surrogates are written as \udXXX and noted in core.traces';
COMMENT ON COLUMN core.versions.text_length IS 'length of text in characters';
COMMENT ON COLUMN core.versions.text_key IS 'hash of the matching form of text; null if it was not signed';
COMMENT ON COLUMN core.versions.spelling_key IS 'hash of text as it is; of the spellings of one text_key the smallest stands for all';
COMMENT ON COLUMN core.versions.published_best IS 'best day';
COMMENT ON COLUMN core.versions.published_earliest IS 'no earlier than this day';
COMMENT ON COLUMN core.versions.published_latest IS 'no later than this day';
COMMENT ON COLUMN core.versions.published_at IS 'the moment, only where the second is known';
COMMENT ON COLUMN core.versions.published_edtf IS 'all that is known, in EDTF';
COMMENT ON COLUMN core.versions.published_precision IS 'second, day, month, year or none';
COMMENT ON COLUMN core.versions.published_basis IS 'what the date rests on';
COMMENT ON COLUMN core.versions.published_confidence IS '0 to 1';
COMMENT ON COLUMN core.versions.published_evidence IS 'the words it rests on';
COMMENT ON COLUMN core.versions.posted_at IS 'when the source says it was first posted';
COMMENT ON COLUMN core.versions.edited_at IS 'when the source says it was last edited; the greatest one is current';
COMMENT ON COLUMN core.versions.shown_at IS 'when the last document that shows it was fetched or made, where its item has several versions; where the source names no times the greatest one is current';
COMMENT ON COLUMN core.versions.lang IS 'language';
COMMENT ON COLUMN core.versions.hashtags IS 'hashtags in order';
COMMENT ON COLUMN core.versions.urls IS 'addresses in order';
COMMENT ON COLUMN core.versions.card_site IS 'site of the link preview';
COMMENT ON COLUMN core.versions.card_title IS 'title of the link preview';
COMMENT ON COLUMN core.versions.card_description IS 'description of the link preview';

COMMENT ON COLUMN core.versions.extras IS 'what its format says beside the other columns, as a JSON object';

COMMENT ON TABLE core.sightings IS
    'one version of an item at one place of one document';
COMMENT ON COLUMN core.sightings.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN core.sightings.ordinal IS 'place among the items of the document, from 0';
COMMENT ON COLUMN core.sightings.item_id IS 'the item';
COMMENT ON COLUMN core.sightings.version_id IS 'the version that stands there';
COMMENT ON COLUMN core.sightings.first_line IS 'first line, from 1';
COMMENT ON COLUMN core.sightings.last_line IS 'last line, inclusive';
COMMENT ON COLUMN core.sightings.byte_start IS 'first byte';
COMMENT ON COLUMN core.sightings.byte_end IS 'byte behind the last';
COMMENT ON COLUMN core.sightings.boundary_confidence IS 'how sure the splitter is that an item starts here, 0 to 1';
COMMENT ON COLUMN core.sightings.boundary_cue IS 'what the start rests on';
COMMENT ON COLUMN core.sightings.dropped IS 'runs of lines that belong to it but not to its text, with the reason';

COMMENT ON TABLE core.paragraphs IS
    'one paragraph of one document; the paragraphs of a document tile its bytes';
COMMENT ON COLUMN core.paragraphs.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN core.paragraphs.ordinal IS 'place in the document, from 0';
COMMENT ON COLUMN core.paragraphs.byte_start IS 'first byte';
COMMENT ON COLUMN core.paragraphs.byte_end IS 'byte behind the last';
COMMENT ON COLUMN core.paragraphs.line IS 'line where its text starts, from 1';
COMMENT ON COLUMN core.paragraphs.fate IS 'kept, echo, near-echo, header, card, boilerplate or quarantined';
COMMENT ON COLUMN core.paragraphs.rule IS 'boilerplate rule, kind of header or reason of quarantine';
COMMENT ON COLUMN core.paragraphs.of_ordinal IS 'the kept paragraph that a copy repeats';
COMMENT ON COLUMN core.paragraphs.similarity IS 'likeness to that paragraph, 0 to 1';
COMMENT ON COLUMN core.paragraphs.item_ordinal IS 'the item it belongs to, as core.sightings counts those of the document';
COMMENT ON COLUMN core.paragraphs.text_line IS 'the first line of that item''s text, from 1, that is its text';
COMMENT ON COLUMN core.paragraphs.text IS 'its text where no line of the item is: display form; lone surrogates are written as \udXXX and noted in core.traces';
COMMENT ON COLUMN core.paragraphs.reuse_key IS 'of kept ones: 64 bits of the hash of the text with case folded and white space collapsed';

COMMENT ON TABLE core.quarantine IS
    'a range of bytes that could not be used';
COMMENT ON COLUMN core.quarantine.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN core.quarantine.byte_start IS 'first byte';
COMMENT ON COLUMN core.quarantine.byte_end IS 'byte behind the last';
COMMENT ON COLUMN core.quarantine.stage IS 'the stage that refused it';
COMMENT ON COLUMN core.quarantine.reason IS 'short code of the reason';
COMMENT ON COLUMN core.quarantine.detail IS 'the reason in a sentence';
COMMENT ON COLUMN core.quarantine.raw IS 'the bytes, up to 1 MiB; null beyond, where raw.bodies has them';

COMMENT ON TABLE core.traces IS
    'the steps that turned a raw line into its display form';
COMMENT ON COLUMN core.traces.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN core.traces.line IS 'line, from 1; null for a format without lines';
COMMENT ON COLUMN core.traces.steps IS 'list of {name, plan}, in order';

COMMENT ON TABLE core.drifts IS
    'something in a document that the parser of its format does not know';
COMMENT ON COLUMN core.drifts.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN core.drifts.path IS 'where, without indices';
COMMENT ON COLUMN core.drifts.what IS 'unknown-key, unknown-type:<name>, changed-type:<type> or invalid';
COMMENT ON COLUMN core.drifts.times IS 'how often';

COMMENT ON TABLE dedup.recipe IS
    'how the signatures of this warehouse are made; one row';
COMMENT ON COLUMN dedup.recipe.name IS 'all fields in one text';
COMMENT ON COLUMN dedup.recipe.details IS 'the fields';

COMMENT ON TABLE dedup.signatures IS
    'a text that was signed';
COMMENT ON COLUMN dedup.signatures.text_key IS 'hash of its matching form';
COMMENT ON COLUMN dedup.signatures.recipe IS 'name of the recipe';
COMMENT ON COLUMN dedup.signatures.shingles IS 'number of distinct shingles; 0: matched by text_key only';
COMMENT ON COLUMN dedup.signatures.signature IS 'one minimum for each permutation';

COMMENT ON TABLE dedup.bands IS
    'one band of one signature: texts with a band in common are compared';
COMMENT ON COLUMN dedup.bands.band_key IS 'band number and band, mixed into 32 bits';
COMMENT ON COLUMN dedup.bands.text_key IS 'the text';
COMMENT ON COLUMN dedup.bands.band IS 'band number; null in rows from before it was stored';

COMMENT ON TABLE dedup.pairs IS
    'a verified relation of two texts';
COMMENT ON COLUMN dedup.pairs.left_key IS 'text_key of the smaller';
COMMENT ON COLUMN dedup.pairs.right_key IS 'text_key of the greater';
COMMENT ON COLUMN dedup.pairs.relation IS 'exact, near or contained: a copy; variant: another fact in nearly the same words, kept out of the cluster';
COMMENT ON COLUMN dedup.pairs.similarity IS 'exact Jaccard of the shingle sets';
COMMENT ON COLUMN dedup.pairs.containment IS 'shared shingles divided by the smaller set';
COMMENT ON COLUMN dedup.pairs.rule IS 'by what they are copies, such as word-jaccard; guard:<rule> of a variant';

COMMENT ON TABLE dedup.members IS
    'an item in a cluster of at least two';
COMMENT ON COLUMN dedup.members.item_id IS 'the item';
COMMENT ON COLUMN dedup.members.cluster_id IS 'item_id of the primary';
COMMENT ON COLUMN dedup.members.relation IS 'relation to the primary; null for the primary itself';
COMMENT ON COLUMN dedup.members.similarity IS 'exact Jaccard with the primary';
COMMENT ON COLUMN dedup.members.containment IS 'shared shingles divided by the smaller set';
COMMENT ON COLUMN dedup.members.rule IS 'by what it is a copy of the primary, as in dedup.pairs; equal-words: exact';

COMMENT ON TABLE ops.runs IS
    'a run of a command that writes';
COMMENT ON COLUMN ops.runs.run_id IS 'the flow run';
COMMENT ON COLUMN ops.runs.command IS 'the command';
COMMENT ON COLUMN ops.runs.started_at IS 'start';
COMMENT ON COLUMN ops.runs.finished_at IS 'end; null while it runs or if it was killed';
COMMENT ON COLUMN ops.runs.state IS 'running, completed, completed-with-quarantine (of new input), completed-with-failures (some input could not be read), failed, or killed: found dead by a later run';

COMMENT ON TABLE ops.batches IS
    'a batch that was landed, in one transaction';
COMMENT ON COLUMN ops.batches.run_id IS 'the flow run';
COMMENT ON COLUMN ops.batches.batch IS 'number within the run, from 0';
COMMENT ON COLUMN ops.batches.landed_at IS 'when';
COMMENT ON COLUMN ops.batches.documents_new IS 'documents landed';
COMMENT ON COLUMN ops.batches.documents_unchanged IS 'documents that were there';
COMMENT ON COLUMN ops.batches.items_new IS 'items landed';
COMMENT ON COLUMN ops.batches.items_changed IS 'items that got a new version';
COMMENT ON COLUMN ops.batches.items_unchanged IS 'items that were there';
COMMENT ON COLUMN ops.batches.duplicates IS 'change of the number of items that are not their cluster''s primary';
COMMENT ON COLUMN ops.batches.quarantined IS 'ranges put into quarantine';
COMMENT ON COLUMN ops.batches.bytes IS 'bytes of the new documents';

COMMENT ON TABLE ops.run_documents IS
    'a document that a run was given';
COMMENT ON COLUMN ops.run_documents.run_id IS 'the flow run';
COMMENT ON COLUMN ops.run_documents.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN ops.run_documents.receipt_key IS 'the name it came under, in raw.receipts';
COMMENT ON COLUMN ops.run_documents.is_new IS 'whether this run landed it';

COMMENT ON COLUMN ops.runs.place IS 'place among the runs, in the order in which they held the lock';

COMMENT ON TABLE ops.derivations IS
    'a run that made the rows of a document: when it landed, and when cleaning it again changed them';
COMMENT ON COLUMN ops.derivations.run_id IS 'the run';
COMMENT ON COLUMN ops.derivations.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN ops.derivations.cleaner IS 'version of the cleaners';

COMMENT ON TABLE ops.past_versions IS
    'a version that no document shows any more, because other rules read it otherwise';

COMMENT ON TABLE ops.past_sightings IS
    'an item as former rules saw it in a document';
COMMENT ON COLUMN ops.past_sightings.run_id IS 'the run that made the row';
COMMENT ON COLUMN ops.past_sightings.past_run_id IS 'the run that replaced it';

COMMENT ON TABLE ops.past_quarantine IS
    'a range that former rules could not use; that it is in core.quarantine no more means that it was replayed';
COMMENT ON COLUMN ops.past_quarantine.run_id IS 'the run that made the row';
COMMENT ON COLUMN ops.past_quarantine.past_run_id IS 'the run that replaced it';

COMMENT ON TABLE ops.quarantine_notes IS
    'what a person decided about a range in quarantine; the last word counts';
COMMENT ON COLUMN ops.quarantine_notes.document_key IS 'the first 128 bits of document_id, the key inside the warehouse';
COMMENT ON COLUMN ops.quarantine_notes.byte_start IS 'first byte';
COMMENT ON COLUMN ops.quarantine_notes.byte_end IS 'byte behind the last';
COMMENT ON COLUMN ops.quarantine_notes.reason IS 'reason of the quarantine that the decision is about';
COMMENT ON COLUMN ops.quarantine_notes.status IS 'open or discarded';
COMMENT ON COLUMN ops.quarantine_notes.note IS 'why';
COMMENT ON COLUMN ops.quarantine_notes.noted_by IS 'who';
COMMENT ON COLUMN ops.quarantine_notes.noted_at IS 'when';

COMMENT ON TABLE ops.findings IS
    'what a data check or an expectation found at the end of a run';
COMMENT ON COLUMN ops.findings.run_id IS 'the run';
COMMENT ON COLUMN ops.findings.kind IS 'check or expectation';
COMMENT ON COLUMN ops.findings.name IS 'which one';
COMMENT ON COLUMN ops.findings.source IS 'the source that was expected to deliver; null for checks';
COMMENT ON COLUMN ops.findings.level IS 'failed, warned or met';
COMMENT ON COLUMN ops.findings.value IS 'what was measured';
COMMENT ON COLUMN ops.findings.bound IS 'what was expected';
COMMENT ON COLUMN ops.findings.detail IS 'the finding in a sentence';

COMMENT ON TABLE ops.checked IS
    'a run whose rows passed the data checks';
COMMENT ON COLUMN ops.checked.run_id IS 'the run';
COMMENT ON COLUMN ops.checked.checked_by IS 'the run at whose end they were checked';

COMMENT ON TABLE main.schema_views IS
    'which views the file has; made anew where this is not what the program brings';
COMMENT ON COLUMN main.schema_views.state IS 'sha256 of their files, and their names';

COMMENT ON TABLE main.schema_migrations IS
    'a migration that was applied';
COMMENT ON COLUMN main.schema_migrations.version IS 'number of the file';
COMMENT ON COLUMN main.schema_migrations.name IS 'name of the file';
COMMENT ON COLUMN main.schema_migrations.sha256 IS 'sha256 of the file: an edited one is refused';
COMMENT ON COLUMN main.schema_migrations.applied_at IS 'when';

COMMENT ON TABLE ops.polls IS
    'addresses that are polled: what each said last, written down after what it brought had landed';
COMMENT ON COLUMN ops.polls.source IS 'name of the source';
COMMENT ON COLUMN ops.polls.address IS 'address without login, its query by a hash';
COMMENT ON COLUMN ops.polls.etag IS 'ETag of the last answer, as the server said it';
COMMENT ON COLUMN ops.polls.last_modified IS 'Last-Modified of the last answer, as the server said it';
COMMENT ON COLUMN ops.polls.polled_at IS 'last time it was asked';
COMMENT ON COLUMN ops.polls.answered_at IS 'last answer that was no error';
COMMENT ON COLUMN ops.polls.changed_at IS 'last answer that brought bytes';
COMMENT ON COLUMN ops.polls.due_at IS 'not asked before this; null: whenever the schedule says';
COMMENT ON COLUMN ops.polls.failures IS 'failures in a row';
COMMENT ON COLUMN ops.polls.outcome IS 'new, unchanged, later (the server asked to wait), failed, or gone (410)';
COMMENT ON COLUMN ops.polls.detail IS 'why it failed';
