"""The languages of the pages: one catalog per language, merged from the ``.po`` files of all rooms.

A language is spoken because a locale folder has its file, ``coop/<room>/locale/<code>.po``, and for no other reason.
The header of the file says how the language counts (``Plural-Forms``) and whose way of writing numbers and dates it
follows (``Language``, such as ``en_GB``). Two rooms that say the same English must mean the same
in every other language.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDERS = tuple(sorted(Path(__file__).resolve().parent.parent.glob("*/locale")))
"""Folders with one ``.po`` file per language, one folder per room."""


@dataclass(frozen=True)
class Language:
    """A language with all its texts.

    Attributes:
        code: as pages and browsers name it, such as ``nl`` or ``pt-BR``.
        catalog: every translated text.
        translations: the same texts, ready to be looked up.
        quarrels: texts and rules that two files put differently; the first file is heard.
    """

    code: str
    catalog: Catalog
    translations: Translations
    quarrels: tuple[str, ...]

    @property
    def locale(self) -> Locale:
        """The way of writing numbers, dates and money."""
        locale: Locale | None = self.catalog.locale
        assert locale is not None  # a catalog without one is refused when it is read
        return locale

    @property
    def name(self) -> str:
        """The language in its own words.

        >>> languages()["nl"].name
        'Nederlands'
        """
        own_name = str(self.locale.language_name)
        return own_name[:1].upper() + own_name[1:]

    @property
    def texts(self) -> frozenset[str]:
        """The English of every text that is translated; of a counted text its singular."""
        return frozenset(_english(message.id) for message in self.catalog if message.id)


def languages() -> Mapping[str, Language]:
    """Every language of the locale folders by its code, read once."""
    return _read(FOLDERS)


@lru_cache
def _read(folders: tuple[Path, ...]) -> Mapping[str, Language]:
    files: dict[str, list[Path]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.po")):
            files.setdefault(path.stem.replace("_", "-"), []).append(path)
    return {code: _merge(code, files[code]) for code in sorted(files)}


def _merge(code: str, paths: Sequence[Path]) -> Language:
    """Put the files of one language into one catalog and compile it.

    Raises:
        ValueError: a file is no catalog, or of a language that nobody knows.
    """
    catalogs = []
    for path in paths:
        with path.open("rb") as file:
            catalogs.append(read_po(file, locale=code.replace("-", "_"), abort_invalid=True))
    merged, quarrels = Catalog(locale=catalogs[0].locale_identifier), []
    merged.mime_headers = catalogs[0].mime_headers
    if merged.locale is None:
        raise ValueError(f"{paths[0]}: {merged.locale_identifier!r} is no known language")
    for path, catalog in zip(paths, catalogs, strict=True):
        if catalog.plural_forms != merged.plural_forms:
            quarrels.append(f"{path}: counts by {catalog.plural_forms!r}, elsewhere by {merged.plural_forms!r}")
        for message in catalog:
            if not message.id or message.fuzzy or not _is_whole(message.string):
                continue
            known = merged.get(message.id, message.context)
            if known is None:
                merged.add(message.id, message.string, context=message.context)
            elif known.string != message.string:
                quarrels.append(f"{path}: {message.id!r} is {message.string!r} here, {known.string!r} elsewhere")
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Language(code, merged, Translations(compiled), tuple(quarrels))


def _is_whole(translation: str | Sequence[str] | None) -> bool:
    return bool(translation) if translation is None or isinstance(translation, str) else all(translation)


def _english(message_id: str | Sequence[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]
