"""The languages in which values are spoken: English, German, Spanish, French."""

from __future__ import annotations

from fsorch.ivr.tongue import Tongue

__all__ = ["TONGUES"]

MILLION = 1_000_000


def _romance_plural(value: int) -> str:
    """Millions without more take "of" before the noun: un millón de euros."""
    return "many" if value and value % MILLION == 0 else "one" if value == 1 else "other"


def _french_plural(value: int) -> str:
    """Zero is singular too."""
    return "one" if value == 0 else _romance_plural(value)


ENGLISH = Tongue(
    words={
        "thousand": "thousand",
        "hundred": "hundred",
        "oh": "oh",
        "minus": "minus",
        "point": "point",
        "and": "and",
        "number": "number",
        "am": "A M",
        "pm": "P M",
    },
    nouns={
        "million": {"other": "million"},
        "day": {"one": "day", "other": "days"},
        "hour": {"one": "hour", "other": "hours"},
        "minute": {"one": "minute", "other": "minutes"},
        "second": {"one": "second", "other": "seconds"},
        "eur": {"one": "euro", "other": "euros"},
        "eur_part": {"one": "cent", "other": "cents"},
        "usd": {"one": "dollar", "other": "dollars"},
        "usd_part": {"one": "cent", "other": "cents"},
        "gbp": {"one": "pound", "other": "pounds"},
        "gbp_part": {"one": "penny", "other": "pence"},
        "chf": {"one": "Swiss franc", "other": "Swiss francs"},
        "chf_part": {"one": "centime", "other": "centimes"},
        "jpy": {"other": "yen"},
    },
    signs={
        "dash": "dash",
        "dot": "dot",
        "slash": "slash",
        "at": "at",
        "underscore": "underscore",
        "plus": "plus",
        "hash": "hash",
        "star": "star",
    },
    months=tuple("January February March April May June July August September October November December".split()),
    weekdays=tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
    nth=tuple(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third "
        "twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth "
        "thirty-first".split()
    ),
    date=("weekday", "month", "day", "year"),
    year="pairs",
    clock=12,
)

_GERMAN_ORDINALS = (
    "erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft dreizehnt vierzehnt fünfzehnt sechzehnt "
    "siebzehnt achtzehnt neunzehnt zwanzigst einundzwanzigst zweiundzwanzigst dreiundzwanzigst vierundzwanzigst "
    "fünfundzwanzigst sechsundzwanzigst siebenundzwanzigst achtundzwanzigst neunundzwanzigst dreißigst "
    "einunddreißigst"
).split()

GERMAN = Tongue(
    words={
        "thousand": "tausend",
        "hundred": "hundert",
        "minus": "minus",
        "point": "Komma",
        "and": "und",
        "number": "Nummer",
    },
    nouns={
        "million": {"one": "Million", "other": "Millionen"},
        "day": {"one": "Tag", "other": "Tage"},
        "hour": {"one": "Stunde", "other": "Stunden"},
        "minute": {"one": "Minute", "other": "Minuten"},
        "second": {"one": "Sekunde", "other": "Sekunden"},
        "clock": {"other": "Uhr"},
        "eur": {"other": "Euro"},
        "eur_part": {"other": "Cent"},
        "usd": {"other": "Dollar"},
        "usd_part": {"other": "Cent"},
        "gbp": {"other": "Pfund"},
        "gbp_part": {"one": "Penny", "other": "Pence"},
        "chf": {"other": "Franken"},
        "chf_part": {"other": "Rappen"},
        "jpy": {"other": "Yen"},
    },
    signs={
        "dash": "Strich",
        "dot": "Punkt",
        "slash": "Schrägstrich",
        "at": "Ätt",
        "underscore": "Unterstrich",
        "plus": "Plus",
        "hash": "Raute",
        "star": "Stern",
    },
    months=tuple("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()),
    weekdays=tuple("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()),
    nth=tuple(f"{stem}e" for stem in _GERMAN_ORDINALS),
    gender={"million": "f", "hour": "f", "minute": "f", "second": "f"}
    | dict.fromkeys(("day", "clock", "eur", "eur_part", "usd", "usd_part", "gbp", "gbp_part"), "m")
    | dict.fromkeys(("chf", "chf_part", "jpy"), "m"),
    forms={"m": {1: "ein"}, "f": {1: "eine"}},
    before_thousand={"": "m", "m": "m", "f": "m"},
    # "am dritten Mai", "vom dritten Mai an", "bis zum dritten Mai": the form after nearly every word.
    days={day: f"{stem}en" for day, stem in enumerate(_GERMAN_ORDINALS, 1)},
    year="hundreds",
    letters={"ä": "A Umlaut", "ö": "O Umlaut", "ü": "U Umlaut", "ß": "Eszett"},
)

_SPANISH_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()

SPANISH = Tongue(
    words={
        "thousand": "mil",
        "of": "de",
        "minus": "menos",
        "point": "coma",
        "and": "y",
        "number": "número",
    },
    nouns={
        "million": {"one": "millón", "other": "millones"},
        "day": {"one": "día", "other": "días"},
        "hour": {"one": "hora", "other": "horas"},
        "minute": {"one": "minuto", "other": "minutos"},
        "second": {"one": "segundo", "other": "segundos"},
        "clock": {"one": "hora", "other": "horas"},
        "eur": {"one": "euro", "other": "euros", "many": "de euros"},
        "eur_part": {"one": "céntimo", "other": "céntimos"},
        "usd": {"one": "dólar", "other": "dólares", "many": "de dólares"},
        "usd_part": {"one": "centavo", "other": "centavos"},
        "gbp": {"one": "libra", "other": "libras", "many": "de libras"},
        "gbp_part": {"one": "penique", "other": "peniques"},
        "chf": {"one": "franco suizo", "other": "francos suizos", "many": "de francos suizos"},
        "chf_part": {"one": "céntimo", "other": "céntimos"},
        "jpy": {"one": "yen", "other": "yenes", "many": "de yenes"},
    },
    signs={
        "dash": "guion",
        "dot": "punto",
        "slash": "barra",
        "at": "arroba",
        "underscore": "guion bajo",
        "plus": "más",
        "hash": "almohadilla",
        "star": "asterisco",
    },
    months=tuple(
        f"de {month}"
        for month in "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
    ),
    weekdays=tuple("lunes martes miércoles jueves viernes sábado domingo".split()),
    nth=(
        *"primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo".split(),
        *(f"decimo{n}" for n in "tercero cuarto quinto sexto séptimo octavo noveno".split()),
        "vigésimo",
        *(f"vigésimo {n}" for n in "primero segundo tercero cuarto quinto sexto séptimo octavo noveno".split()),
        "trigésimo",
        "trigésimo primero",
    ),
    plural=_romance_plural,
    gender={"hour": "f", "clock": "f", "gbp": "f"}
    | dict.fromkeys(("million", "day", "minute", "second", "eur", "eur_part", "usd", "usd_part"), "m")
    | dict.fromkeys(("gbp_part", "chf", "chf_part", "jpy"), "m"),
    forms={
        "m": {1: "un", 21: "veintiún"}
        | {n: f"{ten} y un" for n, ten in zip(range(31, 92, 10), _SPANISH_TENS, strict=True)},
        "f": {1: "una", 21: "veintiuna"}
        | {n: f"{ten} y una" for n, ten in zip(range(31, 92, 10), _SPANISH_TENS, strict=True)}
        | {200: "doscientas", 300: "trescientas", 400: "cuatrocientas", 500: "quinientas"}
        | {600: "seiscientas", 700: "setecientas", 800: "ochocientas", 900: "novecientas"},
    },
    joined={100: "ciento"},
    before_thousand={"": "m", "m": "m", "f": "f"},
    bare_thousand=True,
    days={1: "primero"},
    date=("weekday", "day", "month", "of", "year"),
    minutes_joined=True,
    letters={"v": "uve", "w": "uve doble", "y": "i griega", "ñ": "eñe"},
)

FRENCH = Tongue(
    words={
        "thousand": "mille",
        "minus": "moins",
        "point": "virgule",
        "and": "et",
        "number": "numéro",
    },
    nouns={
        "million": {"one": "million", "other": "millions"},
        "day": {"one": "jour", "other": "jours"},
        "hour": {"one": "heure", "other": "heures"},
        "minute": {"one": "minute", "other": "minutes"},
        "second": {"one": "seconde", "other": "secondes"},
        "clock": {"one": "heure", "other": "heures"},
        "eur": {"one": "euro", "other": "euros", "many": "d'euros"},
        "eur_part": {"one": "centime", "other": "centimes"},
        "usd": {"one": "dollar", "other": "dollars", "many": "de dollars"},
        "usd_part": {"one": "centime", "other": "centimes"},
        "gbp": {"one": "livre", "other": "livres", "many": "de livres"},
        "gbp_part": {"one": "penny", "other": "pence"},
        "chf": {"one": "franc suisse", "other": "francs suisses", "many": "de francs suisses"},
        "chf_part": {"one": "centime", "other": "centimes"},
        "jpy": {"one": "yen", "other": "yens", "many": "de yens"},
    },
    signs={
        "dash": "tiret",
        "dot": "point",
        "slash": "barre oblique",
        "at": "arobase",
        "underscore": "tiret bas",
        "plus": "plus",
        "hash": "dièse",
        "star": "étoile",
    },
    months=tuple("janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()),
    weekdays=tuple("lundi mardi mercredi jeudi vendredi samedi dimanche".split()),
    nth=tuple(
        "premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième douzième "
        "treizième quatorzième quinzième seizième dix-septième dix-huitième dix-neuvième vingtième".split()
    )
    + (
        "vingt et unième",
        *(f"vingt-{n}" for n in "deuxième troisième quatrième cinquième sixième septième huitième neuvième".split()),
        "trentième",
        "trente et unième",
    ),
    plural=_french_plural,
    gender=dict.fromkeys(("hour", "minute", "second", "clock", "gbp"), "f"),
    forms={
        "f": {1: "une", 21: "vingt et une", 31: "trente et une", 41: "quarante et une", 51: "cinquante et une"}
        | {61: "soixante et une", 81: "quatre-vingt-une"}
    },
    bare_thousand=True,
    days={1: "premier"},
)

TONGUES: dict[str, Tongue] = {"en": ENGLISH, "de": GERMAN, "es": SPANISH, "fr": FRENCH}
