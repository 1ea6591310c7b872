"""One page over what `make demo` made: both reports and every candidate's pages."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jinja2 import DictLoader

from predictor.page import page_environment, page_frame

TEMPLATE = """\
{% extends "page.html" %}
{% block title %}{{ title }} – simulated data{% endblock %}
{% block main %}
<h1>{{ title }}</h1>
<p class="lead">A simulated cohort of 600 patients, both models trained and tracked, five simulated
candidates scored and explained. Nothing here speaks of real patients.</p>
{% for task, run in runs.items() %}
<section aria-labelledby="{{ task }}">
<h2 id="{{ task }}">{{ task | capitalize }}</h2>
<p><strong>{{ run.status | capitalize }}</strong>{{ (": " ~ run.reason) if run.reason }}.</p>
<ul>
<li>{{ run.cohort.with_outcome }} of {{ run.cohort.patients }} people analysed,
{{ run.cohort.events }} with the event; learner chosen: {{ run.chosen | replace("_", " ") }}.</li>
{% for name in ("auc", "c_index") if name in run.metrics %}{% set m = run.metrics[name] %}
<li>{{ {"auc": "AUC", "c_index": "C-index"}[name] }} {{ "%.2f" | format(m.value) }}
({{ "%.2f" | format(m.lo) }} to {{ "%.2f" | format(m.hi) }}), cross-validated; 0.5 is chance.</li>
{% endfor %}
<li><a href="{{ task }}/report.html">The whole report of this run</a></li>
</ul>
<h3>Candidates</h3>
<ul>
{% for page in pages[task] %}
<li><a href="pages-{{ task }}/{{ page.name }}">Candidate in row {{ loop.index }}</a></li>
{% endfor %}
</ul>
</section>
{% endfor %}
<section aria-labelledby="outlook">
<h2 id="outlook">Both together</h2>
<p>How likely each candidate is to respond and still be well, day by day.</p>
<ul>
{% for page in pages.outlook %}
<li><a href="pages-outlook/{{ page.name }}">Candidate in row {{ loop.index }}</a></li>
{% endfor %}
</ul>
</section>
{% endblock %}
"""


def main(folder: Path) -> None:
    """Write index.html into the demo's folder."""
    runs = {
        task: json.loads((folder / task / "run.json").read_text())
        for task in ("response", "relapse")
    }
    kinds = (*runs, "outlook")
    pages = {kind: sorted((folder / f"pages-{kind}").glob("*.html")) for kind in kinds}
    environment = page_environment(DictLoader({"demo.html": TEMPLATE}))
    html = environment.get_template("demo.html").render(
        page_frame(environment, simulated=True), title="What the demo made", runs=runs, pages=pages
    )
    (folder / "index.html").write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
