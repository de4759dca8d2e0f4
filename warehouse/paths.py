"""Where the files of a warehouse stand. The path that a user names is the published copy."""

import os
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import WarehouseError


@dataclass(frozen=True, slots=True)
class WarehousePaths:
    """The published file and, beside it, the hidden files of whoever writes."""

    published: Path

    @classmethod
    def of(cls, path: Path) -> "WarehousePaths":
        """Return the paths for `path`, absolute and with links resolved: one warehouse, one lock.

        Raises WarehouseError for a folder and for a path with a question mark.
        """
        published = path.resolve()
        if os.path.isdir(published):  # noqa: PTH112 - Path.is_dir raises where a parent may not be searched
            raise WarehouseError(
                f"{path} is a folder, and a warehouse is a file. Name a file in it: "
                f"--warehouse {path / 'feedmill.duckdb'}"
            )
        if "?" in str(published):
            # DuckDB takes it for the start of an address's query and puts the log's name before it.
            raise WarehouseError(
                f"DuckDB cannot keep a database at {published}: there is a question mark in the path. "
                "Name another file with --warehouse."
            )
        return cls(published)

    @classmethod
    def of_file(cls, file: Path) -> "WarehousePaths":
        """Return the paths of the warehouse whose published or working file `file` is."""
        if file.name.startswith(".") and file.name.endswith(".work"):
            return cls(file.with_name(file.name[1 : -len(".work")]))
        return cls(file)

    def _beside(self, suffix: str) -> Path:
        return self.published.with_name(f".{self.published.name}.{suffix}")

    @property
    def folder(self) -> Path:
        """The folder of all of them."""
        return self.published.parent

    @property
    def work(self) -> Path:
        """The file that is written."""
        return self._beside("work")

    @property
    def lock(self) -> Path:
        """The file whose OS lock makes a process the writer."""
        return self._beside("lock")

    @property
    def spill(self) -> Path:
        """The folder for what does not fit into memory. DuckDB makes and removes it."""
        return self._beside("tmp")

    @property
    def scratch(self) -> Path:
        """The folder for what a run needs only while it lasts. Beside the file, for there is room for it."""
        return self._beside("scratch")

    @property
    def bodies(self) -> Path:
        """The folder of raw bytes that are kept outside the file. In plain sight: it belongs to the data."""
        return self.published.with_name(f"{self.published.name}.bodies")

    @property
    def bands(self) -> Path:
        """The index of bands. It can be made again from the working file at any time."""
        return self.work.with_name(f"{self.work.name}.bands")

    @property
    def publishing_prefix(self) -> str:
        """How the names of copies in the making begin."""
        return f".{self.published.name}.pub."


def wal_of(path: Path) -> Path:
    """Return the write-ahead log that DuckDB keeps beside a database file."""
    return path.with_name(path.name + ".wal")
