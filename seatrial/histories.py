"""What a machine did, as a script that does it again.

    shop = recorded(Shop(), "shop", opening="from trading import Shop")
    order = shop.checkout({"MUG": 2})
    shop.fault("fulfillmentCreate", "lose")
    shop.ship(order, "1Z")

The stand-in that `recorded` answers passes every call on and writes it down as a line of plain Python. When one of them
raises, the exception carries the whole script as a note, ready to be pasted into a test:

    from trading import Shop

    shop = Shop()
    x1 = shop.checkout({'MUG': 2})
    shop.fault('fulfillmentCreate', 'lose')
    shop.ship(x1, '1Z')

It suits Hypothesis' state machines, whose own account of a failure is in terms of their rules: what is left when it has
made a failing history as short as it can is the script of just that. Nothing here knows Hypothesis.
"""

from collections.abc import Callable, Iterator
from typing import Any

NOTE = "This history as a script:"


class History:
    """Calls on a subject, line by line. Arguments are literals, or what earlier calls answered."""

    def __init__(self, name: str, opening: str) -> None:
        self.name = name
        self.opening = opening
        self.lines: list[str] = []
        self._known: dict[str, str] = {}
        self._answers = 0

    def script(self) -> str:
        """All of it, as it can be pasted."""
        return "\n".join([self.opening, *self.lines])

    def call(self, subject: Any, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Write a call down, and make it. What it raises carries the script.

        Raises TypeError for an argument that cannot be written down.
        """
        words = [self.written(value) for value in arguments]
        words += [f"{name}={self.written(value)}" for name, value in named.items()]
        line = f"{self.name}.{method}({', '.join(words)})"
        self.lines.append(line)
        try:
            answer = getattr(subject, method)(*arguments, **named)
        except Exception as error:
            error.add_note(f"{NOTE}\n\n{self.script()}\n")
            raise
        if answer is not None:
            self.lines[-1] = f"{self._learnt(answer)} = {line}"
        return answer

    def written(self, value: Any) -> str:
        """A value as Python has it: by its name, if an earlier call answered it, else as a literal."""
        match value:
            case str() if value in self._known:
                return self._known[value]
            case None | bool() | int() | float() | str():
                return repr(value)
            case list():
                return f"[{', '.join(map(self.written, value))}]"
            case tuple():
                return f"({', '.join(map(self.written, value))}{',' if len(value) == 1 else ''})"
            case dict():
                return f"{{{', '.join(f'{self.written(key)}: {self.written(each)}' for key, each in value.items())}}}"
        raise TypeError(f"{value!r} is no literal and no earlier answer: a script could not name it")

    def _learnt(self, answer: Any) -> str:
        """A new name for an answer; texts in it are known by it from now on."""
        self._answers += 1
        name = f"x{self._answers}"
        if isinstance(answer, str):
            self._known[answer] = name
        elif isinstance(answer, list | tuple):
            self._known |= {each: f"{name}[{place}]" for place, each in enumerate(answer) if isinstance(each, str)}
        return name


class Recorded:
    """Stands in for a subject. Its methods are the subject's, written down; everything else is the subject's own."""

    def __init__(self, subject: Any, history: History) -> None:
        self._subject = subject
        self.history = history

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._subject, name)
        return self._writing(name) if callable(found) else found

    def _writing(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            return self.history.call(self._subject, name, arguments, named)

        return call


def recorded(subject: Any, name: str, *, opening: str, made: str = "") -> Any:
    """The subject's stand-in. The script opens with `opening`, and then makes the subject as `made` says."""
    made = made or f"{name} = {type(subject).__name__}()"
    return Recorded(subject, History(name, f"{opening}\n\n{made}"))


def script_in(error: BaseException) -> str:
    """The script that an exception carries, or what it was raised over; empty when there is none."""
    return next((found for each in _with_causes(error) if (found := _carried(each))), "")


def _carried(error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if note.startswith(NOTE):
            return str(note.removeprefix(NOTE)).strip() + "\n"
    return ""


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, its parts if it is a group, and what all of them came from; each once, and the nearest first."""
    waiting: list[BaseException] = [error]
    seen: list[BaseException] = []
    while waiting:
        each = waiting.pop(0)
        if each not in seen:
            seen.append(each)
            yield each
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
            waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
