"""Make an SVG of matplotlib fit to stand inside a page with a strict content security policy.

Text stays text and takes the page's font, styles become attributes, ids are kept apart from those
of other drawings, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import html
import re


def embeddable(svg: str, title: str) -> str:
    """Rewrite an SVG so that it can be put inside an HTML page as it is.

    Parameters
    ----------
    svg : str
        What matplotlib wrote, with text as text.
    title : str
        Its name for those who cannot see it.

    Returns
    -------
    str
        One ``<svg>`` element of the width its container gives it.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'style="([^"]*)"', lambda match: _attributes(match[1]), svg)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    mark = "f" + hashlib.sha256(svg.encode()).hexdigest()[:10]
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{mark}{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="#|url\(#)', lambda match: match[1] + mark, svg)
    svg = re.sub(r'<svg([^>]*?) width="[^"]*"', r"<svg\1", svg, count=1)
    svg = re.sub(r'<svg([^>]*?) height="[^"]*"', r"<svg\1", svg, count=1)
    head = f'<svg role="img" stroke-linejoin="round"><title>{html.escape(title)}</title>'
    return re.sub(r"<svg([^>]*)>", lambda m: head.replace("<svg", "<svg" + m[1], 1), svg, count=1)


def _attributes(style: str) -> str:
    """Turn CSS declarations into presentation attributes; ``font`` is split into its parts."""
    out: dict[str, str] = {}
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            match = re.search(r"([\d.]+)px", value)
            out["font-size"] = match[1] if match else "10"
        elif name in ("font-size", "font-weight") or (name and not name.startswith("font-")):
            out[name] = value
    return " ".join(f'{name}="{html.escape(value)}"' for name, value in out.items())
