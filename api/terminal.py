"""What a person or a script sees of a command: figures, faults, progress, exit codes."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.words import Lang, default_lang, word

if TYPE_CHECKING:
    from engine.errors import Fault
    from engine.offers import Offer
    from engine.rules.base import Violation

T = TypeVar("T")
#: Exit codes of every command.
OK, BROKEN, BAD_INPUT, DEFECT = 0, 1, 2, 3


class _Ear(logging.Handler):
    """Calls a function at the first thing that a log says."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__()
        self._calls = [call]

    def emit(self, record: logging.LogRecord) -> None:
        if self._calls:
            self._calls.pop()()


class Terminal:
    """One command's conversation: results on stdout, everything else on stderr.

    Parameters
    ----------
    lang : None takes the locale's.
    as_json : stdout is one JSON document and nothing else.
    debug : a defect shows its traceback.
    """

    def __init__(
        self, lang: Lang | None = None, as_json: bool = False, debug: bool = False
    ) -> None:
        self.lang: Lang = lang or default_lang()
        self.as_json, self.debug = as_json, debug
        self.out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self.subject = ""
        self.err = Console(stderr=True, highlight=False)

    def word(self, key: str, **params: object) -> str:
        """Text for a key in the terminal's language."""
        return word(key, self.lang, **params)

    def say(self, key: str, **params: object) -> None:
        """Tell a person; a script that reads JSON is not told."""
        if not self.as_json:
            self.out.print(escape(self.word(key, **params)))

    def json(self, document: Mapping[str, Any]) -> None:
        """Answer a script, where it asked for JSON."""
        if self.as_json:
            import orjson

            typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())

    def figures(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Print names and values below each other."""
        if self.as_json:
            return
        table = Table(title=title, show_header=False, box=None, title_justify="left")
        for name, value in rows:
            table.add_row(escape(self.word(name)), escape(value))
        self.out.print(table)

    def markup(self, text: str) -> None:
        """Print lines of ``rich`` markup."""
        if not self.as_json:
            self.out.print(text)

    def reading(self, path: Path, read: Callable[[Path], T]) -> T:
        """Read a file; from here on, faults are told as its."""
        self.subject = str(path)
        return read(path)

    def faults(self, faults: Iterable[Fault], title: str = "faults") -> None:
        """Print every fault: a table on stderr for a person, JSON on stdout for a script."""
        listed = list(faults)
        self.json({"ok": False, "input": self.subject, "faults": [f.as_dict() for f in listed]})
        if self.as_json:
            return
        zh = self.lang == "zh"
        self._table(
            self.err,
            self.word(title, n=len(listed), subject=self.subject),
            ("code", "path", "message", "hint"),
            [
                (f.code, f.path, f.message_zh if zh else f.message, f.hint_zh if zh else f.hint)
                for f in listed
            ],
        )

    def violations(self, violations: Iterable[Violation]) -> None:
        """Print every broken promise of a plan."""
        listed = list(violations)
        self.json({"clean": not listed, "violations": [v._asdict() for v in listed]})
        if self.as_json:
            return
        if not listed:
            self.say("clean")
            return
        zh = self.lang == "zh"
        self._table(
            self.out,
            self.word("violations", n=len(listed)),
            ("code", "rule", "path", "message"),
            [(v.code, v.rule, v.path, v.message_zh if zh else v.message) for v in listed],
        )

    def table(
        self, title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]
    ) -> None:
        """Print a table whose columns are named already; a pipe gets their names as a row."""
        if not self.as_json:
            head = [] if self.out.is_terminal else [columns]
            self._table(self.out, title, columns, [*head, *rows])

    def offers(self, offers: Iterable[Offer]) -> None:
        """Print windows that can be promised, the best first."""
        from engine.domain.words import clock

        listed = list(offers)
        if self.as_json:
            return
        if not listed:
            self.say("no_offers")
            return
        self._table(
            self.out,
            self.word("offers", n=len(listed)),
            ("day", "window", "worker", "start", "added", "face", "delay"),
            [
                (
                    o.day.isoformat(), f"{clock(o.start_s)}-{clock(o.end_s)}", o.worker,
                    clock(o.service_start_s), f"{o.added_cents / 100:,.2f}",
                    f"{o.face_cents / 100:+,.2f}" if o.face_cents else "-",
                    "; ".join(f"{d.order} +{-(-d.seconds // 60)}" for d in o.delays) or "-",
                )
                for o in listed
            ],
        )

    def _table(
        self, console: Console, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]
    ) -> None:
        if not console.is_terminal:  # a log or a pipe: one line a row, nothing is cut or wrapped
            console.print(escape(title), soft_wrap=True)
            for row in rows:
                console.print(escape("  ".join(filter(None, row))), soft_wrap=True)
            return
        table = Table(title=title, title_justify="left")
        for name in columns:
            table.add_column(self.word(name), overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)

    @contextlib.contextmanager
    def progress(self, key: str) -> Iterator[Callable[[float], None]]:
        """Show a bar while the body runs; it gets a function that takes the share done, 0..1.

        A log or a pipe has no use for a bar: it is told once what is going on.
        """
        if not (self.err.is_terminal or self.as_json):
            self.err.print(escape(self.word(key)))
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=self.err,
            transient=True,
            disable=not self.err.is_terminal,
        )
        with bar, self._compiling():
            task = bar.add_task(escape(self.word(key)), total=1.0)
            yield lambda share: bar.update(task, completed=share)

    @contextlib.contextmanager
    def _compiling(self) -> Iterator[None]:
        """Tell a person, once, where a search has to be compiled and says nothing for a minute."""
        log = logging.getLogger("careroute.solvers")
        ear, before = _Ear(lambda: self.err.print(escape(self.word("compiling")))), log.level
        if not self.as_json:
            log.addHandler(ear)
            log.setLevel(logging.INFO)
        try:
            yield
        finally:
            log.removeHandler(ear)
            log.setLevel(before)

    @contextlib.contextmanager
    def stoppable(self) -> Iterator[Callable[[], bool]]:
        """Turn the first Ctrl-C into a request to stop; the second ends the program as ever."""
        asked = False

        def ask(_signal: int, _frame: object) -> None:
            nonlocal asked
            asked = True
            signal.signal(signal.SIGINT, before)
            self.err.print(escape(self.word("stopping")))

        before = signal.getsignal(signal.SIGINT)
        signal.signal(signal.SIGINT, ask)
        try:
            yield lambda: asked
        finally:
            signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def conversation(lang: Lang | None, as_json: bool, debug: bool) -> Iterator[Terminal]:
    """Run a command's body; whatever goes wrong is told, never thrown at a person."""
    from api.problems import catch

    terminal = Terminal(lang, as_json, debug)

    def tell(faults: tuple[Fault, ...], *, is_defect: bool) -> None:
        terminal.faults(faults, "internal" if is_defect else "faults")
        raise typer.Exit(DEFECT if is_defect else BAD_INPUT)

    with catch(tell, let_through=(typer.Exit, typer.Abort, typer.BadParameter), debug=debug):
        yield terminal
