-- The sha256 of a document's bytes is its id. Names the documents: warehouse/bodies.py reads their bytes.
-- scope: documents
SELECT document_key, document_id, bytes FROM raw.documents WHERE body_in = 'warehouse'
