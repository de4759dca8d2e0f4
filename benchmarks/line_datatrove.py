"""Run datatrove's reader, ftfy formatter and MinHash stages on FOLDER/in, and print what each of them spends.

usage: PYTHON line_datatrove.py FOLDER, by a Python that has datatrove; whole_line.py calls it.
"""

import json
import resource
import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.formatters import FTFYFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig
from datatrove.utils.typeshelper import Languages

BUCKETS = 14  # with 8 hashes each, datatrove's defaults


def spent() -> float:
    """Return the CPU seconds of this process and those that it started."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main(folder: str) -> None:
    """Run the stages one after the other."""
    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=BUCKETS, hashes_per_bucket=8)
    clean, signed, met, gone = (f"{folder}/{name}" for name in ("clean", "signatures", "buckets", "remove"))
    steps = {
        "read and ftfy": [JsonlReader(f"{folder}/in"), FTFYFormatter(), JsonlWriter(clean, compression=None)],
        "signatures": [
            JsonlReader(clean),
            MinhashDedupSignature(output_folder=signed, config=config, language=Languages.russian),
        ],
        "buckets": [MinhashDedupBuckets(input_folder=signed, output_folder=met, config=config)],
        "cluster": [MinhashDedupCluster(input_folder=met, output_folder=gone, config=config)],
        "filter": [
            JsonlReader(clean),
            MinhashDedupFilter(input_folder=gone),
            JsonlWriter(f"{folder}/out", compression=None),
        ],
    }
    found = {}
    for name, pipeline in steps.items():
        began = spent()
        LocalPipelineExecutor(
            pipeline,
            tasks=BUCKETS if name == "buckets" else 1,
            workers=1,
            logging_dir=f"{folder}/log/{name}",
        ).run()
        found[name] = spent() - began
    print("RESULT " + json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
