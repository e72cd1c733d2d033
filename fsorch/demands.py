"""What is asked of agents: skills at levels, joined by and, or, not.

A demand is written as a mapping, ``{french: 2, billing: 1}``, all of which must hold, or as an expression in the
language of :mod:`fsorch.expressions`: ``french >= 2 and (billing >= 3 or sales) and not trainee``. A skill alone means
level 1 or more; who does not have a skill has it at level 0. A skill whose name is no plain word has ``skill.`` before
it: ``skill.first-line >= 2``.

Both come to one form: parts that must all hold, each a skill at least or at most at a level, or alternatives of these;
no part says ``not``. So what is said in another order, or twice, is the same to whoever keeps lists by it. (It is not
looked for every way in which two expressions may mean the same: they are two lists then, and nothing is wrong.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, TypeAlias

import msgspec

from fsorch.errors import ConfigError
from fsorch.expressions import Apply, ExpressionError, Literal, Ref, Tree, Type, parse
from fsorch.nearest import near

__all__ = [
    "HIGHEST",
    "NOTHING",
    "Demand",
    "Each",
    "Either",
    "Least",
    "Most",
    "Part",
    "Wanted",
    "check_wanted",
    "demand_of",
    "fulfils",
    "joined",
    "lowered",
    "missed",
    "names_in",
    "parse_demand",
    "spoken",
    "with_skill",
    "without",
    "written",
]

# The levels of a skill are 1 to this; 0 is not to have it.
HIGHEST = 5
Level = Annotated[int, msgspec.Meta(ge=1, le=HIGHEST)]
# A demand as files and the API have it.
Wanted: TypeAlias = dict[str, Level] | Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]

PREFIX = "skill."
WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
RESERVED = frozenset({"and", "or", "not", "in", "true", "false", "none"})
# Each comparison with the sides changed, and what it is when it does not hold.
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
DENIED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


class Least(msgspec.Struct, frozen=True, cache_hash=True):
    """The skill at this level (1-5) or a higher one."""

    skill: str
    level: int


class Most(msgspec.Struct, frozen=True, cache_hash=True):
    """The skill at this level (0-4) or a lower one; 0: not at all."""

    skill: str
    level: int


class Each(msgspec.Struct, frozen=True, cache_hash=True):
    """All of these; none: always true."""

    parts: tuple[Part, ...]


class Either(msgspec.Struct, frozen=True, cache_hash=True):
    """One of these at least; none: never true."""

    parts: tuple[Part, ...]


Part: TypeAlias = Least | Most | Each | Either
_Change: TypeAlias = Callable[["Least | Most"], "Part"]
ALWAYS = Each(())
NEVER = Either(())


class Demand(msgspec.Struct, frozen=True, cache_hash=True):
    """What is asked for: ``parts``, in a fixed order, which must all hold. None: anybody will do."""

    parts: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def asked(self) -> frozenset[str]:
        """The skills that are asked for, as against barred."""
        return frozenset(atom.skill for atom in _atoms(self.parts) if isinstance(atom, Least))

    @property
    def plain(self) -> bool:
        """Whether it is skills at least at a level and nothing else, as a mapping says it."""
        return all(isinstance(part, Least) for part in self.parts)

    @property
    def possible(self) -> bool:
        """False when it contradicts itself, so that nobody could ever fulfil it. (That some do is not said.)"""
        return NEVER not in self.parts


NOTHING = Demand()

# -- who fulfils it ---------------------------------------------------------------------------------------------------


def fulfils(has: Mapping[str, int], demand: Demand) -> bool:
    """Whether somebody who has these skills fulfils all of it."""
    return all(_holds(has, part) for part in demand.parts)


def missed(has: Mapping[str, int], demand: Demand) -> int:
    """How many of the parts do not hold."""
    return sum(not _holds(has, part) for part in demand.parts)


def _holds(has: Mapping[str, int], part: Part) -> bool:
    match part:
        case Least():
            return has.get(part.skill, 0) >= part.level
        case Most():
            return has.get(part.skill, 0) <= part.level
        case Each():
            return all(_holds(has, one) for one in part.parts)
        case Either():
            return any(_holds(has, one) for one in part.parts)


# -- the one form -----------------------------------------------------------------------------------------------------


def _least(skill: str, level: int) -> Part:
    if level <= 0:
        return ALWAYS
    return Least(skill, level) if level <= HIGHEST else NEVER


def _most(skill: str, level: int) -> Part:
    if level >= HIGHEST:
        return ALWAYS
    return Most(skill, level) if level >= 0 else NEVER


def _each(parts: Iterable[Part]) -> Part:
    """The parts as one: without what is said twice or always true."""
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    others: set[Part] = set()
    for part in _flat(parts, Each):
        match part:
            case Least():
                least[part.skill] = max(part.level, least.get(part.skill, 0))
            case Most():
                most[part.skill] = min(part.level, most.get(part.skill, HIGHEST))
            case _:
                others.add(part)
    if NEVER in others or any(level > most.get(skill, HIGHEST) for skill, level in least.items()):
        return NEVER

    def said(part: Part) -> bool:
        """Whether it holds whenever the rest does."""
        match part:
            case Least():
                return least.get(part.skill, 0) >= part.level
            case Most():
                return most.get(part.skill, HIGHEST) <= part.level
            case Either():
                return any(said(one) for one in part.parts)
        return False

    return _one(Each, least, most, {part for part in others if not said(part)})


def _either(parts: Iterable[Part]) -> Part:
    """The alternatives as one: without what is said twice or never true."""
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    others: set[Part] = set()
    for part in _flat(parts, Either):
        match part:
            case Least():
                least[part.skill] = min(part.level, least.get(part.skill, HIGHEST))
            case Most():
                most[part.skill] = max(part.level, most.get(part.skill, 0))
            case _:
                others.add(part)
    if ALWAYS in others or any(level <= most[skill] + 1 for skill, level in least.items() if skill in most):
        return ALWAYS
    return _one(Either, least, most, others)


def _flat(parts: Iterable[Part], kind: type[Each] | type[Either]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, kind):
            yield from part.parts
        else:
            yield part


def _one(kind: type[Each] | type[Either], least: dict[str, int], most: dict[str, int], others: set[Part]) -> Part:
    plain: list[Part] = [Least(skill, level) for skill, level in sorted(least.items())]
    plain += [Most(skill, level) for skill, level in sorted(most.items())]
    plain += sorted(others, key=_text)
    return plain[0] if len(plain) == 1 else kind(tuple(plain))


def _demand(part: Part) -> Demand:
    return Demand(part.parts) if isinstance(part, Each) else Demand((part,))


def _atoms(parts: Iterable[Part]) -> Iterator[Least | Most]:
    for part in parts:
        if isinstance(part, Least | Most):
            yield part
        else:
            yield from _atoms(part.parts)


def names_in(demand: Demand) -> frozenset[str]:
    """Every skill that it names."""
    return frozenset(atom.skill for atom in _atoms(demand.parts))


# -- changes ----------------------------------------------------------------------------------------------------------


def joined(*demands: Demand) -> Demand:
    """All of them at once."""
    asking = [demand for demand in demands if demand.parts]
    if len(asking) < 2:
        return asking[0] if asking else NOTHING
    return _demand(_each(part for demand in asking for part in demand.parts))


def without(demand: Demand, skill: str) -> Demand:
    """The skill does not matter any more, asked for or barred: whatever is said of it holds."""
    return _remade(demand, lambda atom: ALWAYS if atom.skill == skill else atom)


def lowered(demand: Demand, skill: str, to: int | None, by: int | None) -> Demand:
    """A lower level of the skill will do wherever it is asked for: ``to`` a level, or ``by`` so many; level 1 stays. A
    level at most stays as it is."""

    def lower(atom: Least | Most) -> Part:
        if atom.skill != skill or isinstance(atom, Most):
            return atom
        wanted = atom.level - by if by is not None else to
        return atom if wanted is None else Least(skill, min(atom.level, max(1, wanted)))

    return _remade(demand, lower)


def with_skill(demand: Demand, skill: str, level: int) -> Demand:
    """The skill is asked for as well, at this level or the one that is; a bar of it, which would let nobody fit, is
    lifted."""
    rest = (part for part in demand.parts if not (isinstance(part, Most) and part.skill == skill))
    return _demand(_each((*rest, Least(skill, level))))


def _remade(demand: Demand, change: _Change) -> Demand:
    changed = _demand(_each(_with(part, change) for part in demand.parts))
    return demand if changed == demand else changed


def _with(part: Part, change: _Change) -> Part:
    if isinstance(part, Least | Most):
        return change(part)
    join = _each if isinstance(part, Each) else _either
    return join(_with(one, change) for one in part.parts)


# -- reading ----------------------------------------------------------------------------------------------------------


def demand_of(wanted: Wanted) -> Demand:
    """What a file or the API asks for. Raises ExpressionError, with the column."""
    if isinstance(wanted, str):
        return parse_demand(wanted)
    return _demand(_each(Least(skill, level) for skill, level in wanted.items()))


def parse_demand(text: str, known: Iterable[str] | None = None) -> Demand:
    """An expression as a demand. ``known``: the skills there are (None: any). Raises ExpressionError, a ConfigError,
    with the column and, for a skill that is not known, the nearest that is."""
    # What may be said is checked below, where it is known what is a skill and what is a level.
    tree = parse(text, {"*": Type.ANY}).tree
    return _demand(_part(tree, True, None if known is None else frozenset(known)))


def check_wanted(wanted: Wanted, known: Iterable[str], where: str) -> None:
    """An expression can be understood and fulfilled and names skills that are ``known``; so does a mapping. Raises
    ConfigError with ``where``, the path of the key, and the column."""
    known = frozenset(known)
    if not isinstance(wanted, str):
        for skill in wanted:
            if skill not in known:
                raise ConfigError(f"{where}.{skill} is {skill!r}; expected a skill{near(skill, known)}")
        return
    try:
        demand = parse_demand(wanted, known)
    except ExpressionError as error:
        raise ConfigError(f"{where}, column {error.column}: {error.what}") from None
    if not demand.possible:
        raise ConfigError(f"{where} contradicts itself, so that nobody could ever fulfil it: {wanted}")


def _part(tree: Tree, yes: bool, known: frozenset[str] | None) -> Part:
    """What must hold for ``tree`` to be true, or (not ``yes``) to be false."""
    match tree:
        case Ref():
            skill = _skill(tree, known)
            return Least(skill, 1) if yes else Most(skill, 0)
        case Apply(name="not", items=(below,)):
            return _part(below, not yes, known)
        case Apply(name="and" | "or"):
            join = _each if (tree.name == "and") is yes else _either
            return join(_part(item, yes, known) for item in tree.items)
        case Apply() if tree.name in TURNED:
            return _compared(tree, yes, known)
    column = 1 if not isinstance(tree, Apply | Literal) else tree.column
    raise ExpressionError(column, "expected a skill, or a skill and a level, such as french >= 2")


def _compared(tree: Apply, yes: bool, known: frozenset[str] | None) -> Part:
    left, right = tree.items
    name = tree.name
    if isinstance(left, Literal):
        left, right, name = right, left, TURNED[name]
    if not isinstance(left, Ref) or not isinstance(right, Literal):
        raise ExpressionError(tree.column, f"{name!r} stands between a skill and a level here, such as french >= 2")
    skill, level = _skill(left, known), right.value
    if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level <= HIGHEST:
        raise ExpressionError(right.column, f"a level is a whole number, 1 to {HIGHEST}, or 0 for not at all")
    part = _range(skill, name if yes else DENIED[name], level)
    if part in (ALWAYS, NEVER):
        says = "true of everybody" if (part == ALWAYS) is yes else "true of nobody"
        raise ExpressionError(tree.column, f"this is {says}: levels are 0 to {HIGHEST}")
    return part


def _range(skill: str, comparison: str, level: int) -> Part:
    match comparison:
        case ">=":
            return _least(skill, level)
        case ">":
            return _least(skill, level + 1)
        case "<=":
            return _most(skill, level)
        case "<":
            return _most(skill, level - 1)
        case "==":
            return _each((_least(skill, level), _most(skill, level)))
    return _either((_least(skill, level + 1), _most(skill, level - 1)))


def _skill(ref: Ref, known: frozenset[str] | None) -> str:
    name = ref.name
    if known is not None and name in known:
        return name
    skill = name.removeprefix(PREFIX)
    if known is not None and skill not in known:
        raise ExpressionError(ref.column, f"there is no skill {skill!r}{near(skill, known)}")
    return skill


# -- writing ----------------------------------------------------------------------------------------------------------


def written(demand: Demand) -> str:
    """It as an expression that says the same; empty when nothing is asked for."""
    return " and ".join(_text(part, inside=len(demand.parts) > 1) for part in demand.parts)


def _text(part: Part, inside: bool = False) -> str:
    match part:
        case Least():
            return _name(part.skill) + (f" >= {part.level}" if part.level > 1 else "")
        case Most():
            return f"{_name(part.skill)} <= {part.level}" if part.level else f"not {_name(part.skill)}"
        case Each():
            text = " and ".join(_text(one, inside=True) for one in part.parts)
        case Either():
            text = " or ".join(_text(one, inside=True) for one in part.parts)
    return f"({text})" if inside else text


def _name(skill: str) -> str:
    return skill if WORD.fullmatch(skill) and skill not in RESERVED else PREFIX + skill


def spoken(demand: Demand) -> str:
    """It as a phrase for people: ``french 3 and (billing 2 or sales 1) and not trainee``."""
    if not demand.possible:
        return "what nobody can have"
    return " and ".join(_said(part, inside=len(demand.parts) > 1) for part in demand.parts)


def _said(part: Part, inside: bool) -> str:
    match part:
        case Least():
            return f"{part.skill} {part.level}"
        case Most():
            return f"{part.skill} {part.level} at most" if part.level else f"not {part.skill}"
    word = " and " if isinstance(part, Each) else " or "
    text = word.join(_said(one, inside=True) for one in part.parts)
    return f"({text})" if inside else text
