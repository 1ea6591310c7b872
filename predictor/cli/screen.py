"""What a command writes: one answer on standard output, all else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TextIO

from predictor.errors import Fault

# where a terminal or file cannot write a sign: what to write instead
_PLAIN_SIGNS = str.maketrans({"−": "-", "–": "-", "…": "...", "“": '"', "”": '"', "’": "'"})
_SHOWN_FAULTS = 20


class Line(NamedTuple):
    """One line for people.

    Parameters
    ----------
    text : str
        What it says.
    indent : int
        Spaces before it.
    style : str
        How a terminal shows it, in the words of rich; plain text is the same without.
    """

    text: str
    indent: int = 0
    style: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a command writes to.

    Parameters
    ----------
    as_json : bool
        Whether standard output takes one JSON document instead of lines.
    quiet : bool
        Whether to leave out notes and progress.
    """

    as_json: bool = False
    quiet: bool = False

    def answer(self, document: object, lines: Iterable[Line]) -> None:
        """Give the result of a command.

        Parameters
        ----------
        document : object
            The result as plain values.
        lines : iterable of Line
            The same for people.
        """
        if self.as_json:
            # ASCII alone: any encoding of standard output can carry it
            sys.stdout.write(json.dumps(document, allow_nan=False, indent=1) + "\n")
        elif sys.stdout.isatty():
            _print_styled(lines)
        else:
            for line in lines:
                text = " " * line.indent + line.text if line.text else ""
                sys.stdout.write(_printable(text, sys.stdout) + "\n")

    def done(self, document: object, sentence: str) -> None:
        """Give the result of a command that wrote files.

        Parameters
        ----------
        document : object
            The result as plain values.
        sentence : str
            The same for people, left out when quiet.
        """
        self.answer(document, [] if self.quiet else [Line(sentence)])

    def note(self, sentence: str) -> None:
        """Say something beside the result.

        Parameters
        ----------
        sentence : str
            Goes to standard error; left out when quiet.
        """
        if not self.quiet:
            self.warn(sentence)

    def warn(self, sentence: str) -> None:
        """Say what must be read even when quiet.

        Parameters
        ----------
        sentence : str
            Goes to standard error.
        """
        sys.stderr.write(_printable(sentence, sys.stderr) + "\n")

    def fail(self, message: str, faults: Sequence[Fault] = ()) -> None:
        """Say why there is no result.

        Parameters
        ----------
        message : str
            One sentence.
        faults : sequence of Fault
            Every fault behind it.
        """
        self.warn(message)
        if self.as_json:
            document = {"error": message, "faults": [fault.to_dict() for fault in faults]}
            sys.stdout.write(json.dumps(document, allow_nan=False, indent=1) + "\n")
        elif len(faults) > 1:
            for fault in faults[:_SHOWN_FAULTS]:
                self.warn(f"  {fault.message}")
            if len(faults) > _SHOWN_FAULTS:
                self.warn(f"  … and {len(faults) - _SHOWN_FAULTS} more; --json lists all")

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Any]:
        """Show how far a command is, on a terminal only.

        Parameters
        ----------
        what : str
            What is being done.
        total : int
            How many steps there are.

        Yields
        ------
        callable
            To be called after each step.
        """
        if self.quiet or not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)


def _print_styled(lines: Iterable[Line]) -> None:
    """Print lines on a terminal: coloured, wrapped and indented."""
    from rich.console import Console  # late: nothing but a terminal needs it
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        text = _printable(line.text, sys.stdout)
        console.print(Padding(Text(text, style=line.style), (0, 0, 0, line.indent)))


def _printable(text: str, stream: TextIO) -> str:
    """Replace typographic signs where the stream cannot write them."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        plain = text.translate(_PLAIN_SIGNS)
        encoding = stream.encoding or "ascii"
        return plain.encode(encoding, "replace").decode(encoding)
    return text
