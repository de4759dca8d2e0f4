-- Every byte of every document has exactly one fate.
-- scope: documents
SELECT document_id, bytes, gap FROM main.byte_accounts WHERE gap <> 0
