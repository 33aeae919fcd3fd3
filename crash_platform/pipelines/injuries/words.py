"""From any spelling of a vehicle or a factor to the platform's word for it, one text at a time.

The vocabularies are those of the crash tables, and so is the key, which SQL spells
``vocabulary_key``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from crash_platform.pipelines.crashes.vocabulary import (
    load_contributing_factors,
    load_vehicle_types,
)

OTHER = "Other"
_NOT_ALPHANUMERIC = re.compile("[^A-Za-z0-9]+")


def vocabulary_key(spelling: str) -> str:
    """Lower-case letters and digits, single blanks: what a vocabulary is looked up by."""
    return _NOT_ALPHANUMERIC.sub(" ", spelling).strip(" ").lower()


@dataclass(frozen=True)
class Words:
    """The vocabularies in memory, by key and by the platform's own words.

    An unknown spelling is "Other"; one without a letter or digit says nothing and is left out.
    """

    vehicle_words: Mapping[str, str]
    factor_words: Mapping[str, str]
    vehicle_groups: Mapping[str, str]

    def vehicle_types(self, spellings: Iterable[str]) -> list[str]:
        """The platform's vehicle types, in order."""
        return _words(spellings, self.vehicle_words)

    def factors(self, spellings: Iterable[str]) -> list[str]:
        """The platform's contributing factors, in order."""
        return _words(spellings, self.factor_words)

    def vehicle_group(self, vehicle_type: str) -> str:
        """The group of one of the platform's vehicle types."""
        return self.vehicle_groups.get(vehicle_type, "other")


def load_words() -> Words:
    """The reviewed vocabularies as the crash tables use them."""
    vehicles, factors = load_vehicle_types(), load_contributing_factors()
    groups = _mapping(vehicles, "vehicle_type", "vehicle_group")
    return Words(_known(vehicles, "vehicle_type"), _known(factors, "contributing_factor"), groups)


def _known(vocabulary: pa.Table, word: str) -> dict[str, str]:
    by_key = _mapping(vocabulary, "key", word)
    return by_key | {own: own for own in (OTHER, *by_key.values())}


def _mapping(table: pa.Table, key: str, value: str) -> dict[str, str]:
    return dict(zip(table[key].to_pylist(), table[value].to_pylist(), strict=True))


def _words(spellings: Iterable[str], known: Mapping[str, str]) -> list[str]:
    words = []
    for spelling in spellings:
        word = known.get(spelling)
        if word is None and (key := vocabulary_key(spelling)):
            word = known.get(key, OTHER)
        if word is not None:
            words.append(word)
    return words
