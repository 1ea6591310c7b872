"""What the two commands share: one answer on standard output, all else on standard error.

Errors made on purpose become one sentence and an exit code that tells who must act.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, Any, NamedTuple, TextIO

import typer
from typer.main import get_command

from predictor.errors import BundleError, Fault, InvalidInputError

DONE, BAD_INPUT, NOT_SUPPORTED, DAMAGED, STOPPED = 0, 2, 3, 4, 130
"""Exit codes; 1 is Python's own for what nobody expected."""

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Leave out notes and progress.")]
UnknownOption = Annotated[
    bool,
    typer.Option("--ignore-unknown", help="Leave out unknown columns instead of refusing them."),
]

# a wrong option or argument; its class stands where typer keeps its own copy of click
_UsageError: Any = typer.BadParameter.__mro__[1]

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
            sys.stdout.write(json.dumps(document, allow_nan=False) + "\n")
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
            sys.stdout.write(json.dumps(document, allow_nan=False) + "\n")
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

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str, int, int], None]]:
        """Show that something long is being done, and how far its stages are.

        Meanwhile everything that libraries and their processes print goes to standard error.

        Parameters
        ----------
        what : str
            What is being done.

        Yields
        ------
        callable
            Takes a stage in words, how many of its steps are done, and how many there are. On a
            terminal each stage is a moving bar, elsewhere a plain line at every quarter.
        """
        with _noise_on_stderr():
            if self.quiet or not sys.stderr.isatty():
                self.note(f"{what} …")
                yield self._plain_stages()
                return
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                Progress,
                SpinnerColumn,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            words = TextColumn("{task.description}")
            shown = (SpinnerColumn(), words, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            with Progress(*shown, console=Console(stderr=True), transient=True) as moving:
                moving.add_task(what, total=None)
                bars: dict[str, Any] = {}

                def told(stage: str, done: int, steps: int) -> None:
                    if stage not in bars:
                        bars[stage] = moving.add_task(stage, total=steps)
                    moving.update(bars[stage], completed=done)

                yield told

    def _plain_stages(self) -> Callable[[str, int, int], None]:
        """Tell stages in plain lines: at the start, at every quarter, at the end."""
        said: dict[str, int] = {}

        def told(stage: str, done: int, steps: int) -> None:
            quarter = 4 * done // max(steps, 1)
            if said.get(stage, -1) < quarter:
                said[stage] = quarter
                self.note(f"{stage}: {done} of {steps}")

        return told


def run_command(app: typer.Typer, name: str, arguments: Sequence[str]) -> int:
    """Run one command; each error made on purpose has its sentence and its exit code.

    Parameters
    ----------
    app : typer.Typer
        All commands.
    name : str
        What the program is called.
    arguments : sequence of str
        What stands after the name; without any the help is shown.

    Returns
    -------
    int
        Exit code. What nobody expected is raised.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    screen = Screen(as_json="--json" in arguments)
    try:
        code = _ended(app, name, list(arguments) or ["--help"], screen)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has seen enough; nothing may be flushed into the closed pipe at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def run_process(app: typer.Typer, name: str) -> None:
    """Run the command of this process and end it with its exit code.

    An exception that nobody expected ends it with 1: its traceback and a hint go to standard
    error, and an error without details to standard output where JSON was asked for.

    Parameters
    ----------
    app : typer.Typer
        All commands.
    name : str
        What the program is called.
    """
    sys.excepthook = _our_fault
    sys.exit(run_command(app, name, sys.argv[1:]))


def _our_fault(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say that an error is not the caller's, below its traceback."""
    sys.__excepthook__(kind, error, trace)
    Screen(as_json="--json" in sys.argv).fail(
        f"This is a fault of the program, not of your input ({kind.__name__}); please report it "
        "with the lines above"
    )


def _ended(app: typer.Typer, name: str, arguments: list[str], screen: Screen) -> int:
    """Run one command and turn an error into its sentence."""
    try:
        ended = get_command(app).main(arguments, name, standalone_mode=False)
    except InvalidInputError as error:
        screen.fail(str(error), error.faults)
        return BAD_INPUT
    except BundleError as error:
        screen.fail(str(error))
        return DAMAGED
    except _UsageError as error:
        words = error.ctx.command_path if error.ctx else name
        screen.fail(f"{error.format_message().rstrip('.')}; see {words} --help")
        return BAD_INPUT
    except SystemExit as error:
        # typer's own answer to a closed pipe is exit code 1, which here means a fault of ours
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    except OSError as error:
        if error.filename is None:
            raise
        screen.fail(f"{error.filename}: {error.strerror}; check the path and its rights")
        return BAD_INPUT
    except typer.Abort:
        screen.fail("stopped before the end")
        return STOPPED
    if ended == STOPPED:  # typer's own answer to an interrupt says nothing
        screen.fail("stopped before the end")
    return int(ended or DONE)


def aligned(rows: Sequence[Sequence[str]], *, indent: int = 0) -> list[Line]:
    """Set rows of cells with columns below each other.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of one length.
    indent : int
        Spaces before each line.

    Returns
    -------
    list of Line
        One for each row, without trailing spaces.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    texts = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return [Line(text.rstrip(), indent) for text in texts]


@contextmanager
def _noise_on_stderr() -> Iterator[None]:
    """Send what code, libraries and their processes print to standard error meanwhile."""
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
    """Replace what steers a terminal, and typographic signs where the stream cannot write them."""
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        plain = text.translate(_PLAIN_SIGNS)
        encoding = stream.encoding or "ascii"
        return plain.encode(encoding, "replace").decode(encoding)
    return text
