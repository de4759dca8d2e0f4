-- Landing beside millions of stored items. Two texts that share a band share its number too. Beside 135 million
-- keys of 32 bits, those of 5 million items, the number leaves 68 of the 1,700 pairs that 2,000 new items would
-- make by chance, and whose texts would be read for nothing. Null: stored before the number was.
ALTER TABLE dedup.bands ADD COLUMN band UTINYINT;

-- The index of bands (warehouse/band_index.py) is a file beside the warehouse that can be made again from
-- dedup.bands at any time. What landed since it was made stands in ops.fresh_bands as well; ops.band_index names
-- the file that belongs to it. Both depend on how the batches were cut, so they stand in ops.
CREATE TABLE ops.fresh_bands (
    band_key UINTEGER NOT NULL,
    text_key UUID NOT NULL,
    band UTINYINT
);

CREATE TABLE ops.band_index (
    token VARCHAR NOT NULL
);
