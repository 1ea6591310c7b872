"""What a checklist asks, and how each of its items is filled: ``configs/*_ai.yaml``, checked."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ChecklistItem(BaseModel):
    """One line of a checklist.

    Parameters
    ----------
    id : str
        Number in the published list.
    section : str
        Heading under which it stands there.
    asks : str
        What it asks, in our words.
    filler : str
        Who fills it from a run (key ``from``); empty where only a person can.
    where : tuple of str
        Anchors of the report and files of the run folder that hold the answer; a folder ends
        with a slash. Of two that are joined by ``|`` the first that a run has.
    person : bool
        Whether only a person knows.
    add : str
        What a person has to write down or look at; may be empty where a run says all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str
    section: str
    asks: str
    filler: str = Field("", alias="from")
    where: tuple[str, ...] = ()
    person: bool = False
    add: str = ""

    @model_validator(mode="after")
    def _filled_by_somebody(self) -> Self:
        """Refuse an item that nobody fills, or that a person fills without knowing with what."""
        if self.person == bool(self.filler):
            raise ValueError(f"item {self.id} needs either from or person: true")
        if self.person and not self.add:
            raise ValueError(f"item {self.id} is left to a person; add says what to write down")
        return self


class Checklist(BaseModel):
    """A published list.

    Parameters
    ----------
    name : str
        Of the list.
    source : str
        What to cite.
    items : tuple of ChecklistItem
        In its order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str
    items: tuple[ChecklistItem, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        """Refuse a number that stands twice."""
        ids = [item.id for item in self.items]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f"items names {', '.join(twice)} twice; number each once")
        return self
