"""How long reading rows takes: one patient, and 5,000 in one file against the csv module alone.

Run ``python benchmarks/rows.py``. Times depend on the machine; the ratio is of one run.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable

from predictor.reference import reference_rows
from predictor.rows import read_rows, read_rows_from_bytes
from training.config import read_dictionary


def fastest(work: Callable[[], object], times: int) -> float:
    """Give the processor seconds of the fastest of several tries."""
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    dictionary = read_dictionary()
    patient = reference_rows(dictionary)[0]["row"]
    columns = [name for name in patient if name != "patient_id"]
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["patient_id", *columns])
    writer.writerows([f"p{i}", *(patient[name] for name in columns)] for i in range(5000))
    text = lines.getvalue()
    content = text.encode()
    one = fastest(lambda: read_rows(patient, dictionary), 50)
    plain = fastest(lambda: list(csv.reader(io.StringIO(text))), 3)
    whole = fastest(lambda: read_rows_from_bytes(content, ".csv", dictionary), 3)
    sys.stdout.write(
        f"one patient       {1000 * one:8.2f} ms\n"
        f"5,000 in a file   {1000 * whole:8.2f} ms, {whole / plain:.1f} × the csv module alone\n"
    )


if __name__ == "__main__":
    main()
