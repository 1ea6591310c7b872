"""What the two commands share: where answers, notes and errors go, and the exit codes.

An answer goes to stdout, as text for people or as one JSON document; everything else goes to
stderr, also what libraries print.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from predictor.errors import BundleError, Fault, InvalidInputError

EXIT_DONE, EXIT_INPUT, EXIT_REFUSED, EXIT_BUNDLE = 0, 2, 3, 4

AsJson = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON document; all else goes to stderr.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but the answer and errors.")]


@dataclass(frozen=True, slots=True)
class Output:
    """Where one command says what.

    Parameters
    ----------
    as_json : bool
        Whether the answer is one JSON document.
    quiet : bool
        Whether notes and progress are left out.
    """

    as_json: bool = False
    quiet: bool = False

    def note(self, text: str) -> None:
        """Say on stderr what should be known besides the answer.

        Parameters
        ----------
        text : str
            One line.
        """
        if not self.quiet:
            typer.echo(text, err=True)

    @contextmanager
    def working(self, text: str) -> Iterator[None]:
        """Show that work is going on; what libraries print meanwhile goes to stderr.

        Parameters
        ----------
        text : str
            What is being done, such as ``Reading the cohort``.

        Yields
        ------
        None
            A moving line with the time on a terminal, one plain line elsewhere.
        """
        with _noise_on_stderr():
            if self.quiet or not sys.stderr.isatty():
                self.note(f"{text} ...")
                yield
                return
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            shown = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
                progress.add_task(text, total=None)
                yield

    def answer(self, document: Any, text: str) -> None:
        """Give the answer.

        Parameters
        ----------
        document : object
            Plain values for JSON, without NaN.
        text : str
            The same for people; nothing is printed if it is empty.
        """
        if self.as_json:
            write_json(document)
        elif text:
            typer.echo(text)


def write_json(document: Any) -> None:
    """Print one JSON document on stdout.

    Parameters
    ----------
    document : object
        Plain values, without NaN.
    """
    typer.echo(json.dumps(document, indent=2, allow_nan=False))


def run_command(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run a command line; errors made on purpose become one sentence and an exit code.

    Parameters
    ----------
    app : typer.Typer
        The commands.
    arguments : sequence of str or None
        Words of the command line; None for those of the process.

    Returns
    -------
    int
        0 done, 2 the input is at fault, 3 refused, 4 the bundle is at fault, 130 stopped. What
        nobody expected is raised with its traceback, which Python ends with 1.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = typer.main.get_command(app).main(words, standalone_mode=False)
    except typer.TyperException as error:
        said = error.format_message().rstrip(".")
        context = getattr(error, "ctx", None)
        hint = f"; see {context.command_path} --help" if context else ""
        # without any word the help was shown and nothing is left to say
        return _failed(f"{said}{hint}", (), EXIT_INPUT, words) if said else EXIT_INPUT
    except InvalidInputError as error:
        return _failed(str(error), error.faults, EXIT_INPUT, words)
    except BundleError as error:
        return _failed(str(error), (), EXIT_BUNDLE, words)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        where = error.filename or "a file"
        return _failed(f"{where}: {error.strerror}; name another place", (), EXIT_INPUT, words)
    return code if isinstance(code, int) else EXIT_DONE


def aligned(rows: Sequence[Sequence[str]], *, indent: str = "") -> str:
    """Set rows of cells as lines with columns below each other.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of one length.
    indent : str
        Before each line.

    Returns
    -------
    str
        Lines without trailing spaces.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def _failed(sentence: str, faults: Sequence[Fault], code: int, words: Sequence[str]) -> int:
    """Say one error on stderr and, where JSON was asked for, on stdout."""
    typer.echo(f"Error: {sentence}", err=True)
    if "--json" in words:
        write_json({"error": sentence, "faults": [fault.to_dict() for fault in faults]})
    return code


@contextmanager
def _noise_on_stderr() -> Iterator[None]:
    """Send what Python code, libraries and their processes print to stderr meanwhile."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        stdout, stderr = sys.stdout.fileno(), sys.stderr.fileno()
    except (OSError, ValueError):  # a stream without a file beneath, as in a notebook
        with redirect_stdout(sys.stderr):
            yield
        return
    kept = os.dup(stdout)
    os.dup2(stderr, stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, stdout)
        os.close(kept)
