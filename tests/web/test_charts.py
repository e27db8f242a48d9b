"""Charts: the same data give the same picture, the table has the same numbers, and nothing rests on colour alone."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from decimal import Decimal

import pytest

from coop.web import charts, drawing, heatmap
from tests.web import gallery

ALL: list[Callable[[], charts.Chart]] = [
    gallery.use_chart,
    gallery.supply_chart,
    gallery.quality_chart,
    gallery.year_chart,
]


@pytest.fixture(params=ALL, ids=lambda make: make.__name__)
def chart(request: pytest.FixtureRequest) -> charts.Chart:
    make: Callable[[], charts.Chart] = request.param
    return make()


def test_a_picture_names_itself_and_scales(chart: charts.Chart) -> None:
    for picture, width_px in ((chart.wide, drawing.WIDE_PX), (chart.narrow, drawing.NARROW_PX)):
        root = ElementTree.fromstring(picture)
        assert root.get("role") == "img"
        assert int(root.get("viewBox", "").split()[2]) == pytest.approx(width_px, abs=2)
        names = [root.findtext(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc")]
        assert names == [chart.title, chart.sentence]


def test_a_picture_takes_its_colours_from_the_page_and_has_its_own_on_paper(chart: charts.Chart) -> None:
    assert not re.findall(r'(?:fill|stroke)="(?:#|rgb)', chart.wide)
    printed = chart.printed()
    assert "var(" not in printed
    assert ElementTree.fromstring(printed) is not None


def test_ids_of_two_pictures_never_meet(chart: charts.Chart) -> None:
    other = gallery.use_chart() if chart.title != gallery.use_chart().title else gallery.quality_chart()
    ids = [re.findall(r' id="([^"]+)"', picture) for picture in (chart.wide, chart.narrow, other.wide)]
    assert len({name for names in ids for name in names}) == sum(map(len, ids))
    for picture in (chart.wide, chart.narrow):
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= set(re.findall(r' id="([^"]+)"', picture))


def test_the_same_data_give_the_same_bytes() -> None:
    first = gallery.use_chart().wide
    drawing._draw.cache_clear()
    assert gallery.use_chart().wide == first


def test_the_table_says_what_was_given_to_the_last_digit() -> None:
    chart = charts.bars(
        title="Heat",
        sentence="Two months.",
        heading="Month",
        labels=["jan", "feb"],
        series={"Heat": [Decimal("1.005"), Decimal("1234.5")], "Loss": [0, 1]},
        unit="GJ",
        lang="nl",
        digits=3,
    )
    assert chart.columns == (("Month", "text"), ("Heat [GJ]", "number"), ("Loss [GJ]", "number"))
    assert chart.rows == (("jan", "1,005", "0,000"), ("feb", "1.234,500", "1,000"))


def test_second_and_third_series_carry_a_pattern() -> None:
    picture = gallery.use_chart().wide
    assert picture.count("<pattern") == 2
    assert len(re.findall(r'fill="url\(#', picture)) >= 24


def test_the_cells_of_a_year_fit_in_a_page() -> None:
    year = gallery.year_chart()
    assert len(year.wide) < 200_000


def test_every_cell_is_drawn_once_in_its_class() -> None:
    levels = [[0, 0, 1, 3], [2, 2, 2, 2]]
    chart = heatmap.heatmap(
        title="T",
        sentence="S.",
        heading="Meter",
        rows=["A", "B"],
        columns=["1", "2", "3", "4"],
        levels=levels,
        legend=["measured", "estimated", "partly", "missing"],
    )
    assert chart.rows == (("A", "2", "1", "0", "1"), ("B", "0", "0", "4", "0"))
    cells = re.search(r'<g transform="translate\([0-9.]+ 34\)">(.*?)</g>', chart.wide)
    assert cells is not None
    assert [path.count("z") for path in re.findall(r'd="([^"]+)"', cells.group(1))] == [1, 1, 1, 1]


@pytest.mark.parametrize("rows", [1, 3, 200])
def test_labels_of_rows_never_stand_on_each_other(rows: int) -> None:
    drawn = heatmap._row_labels([f"WM-{i:04d}" for i in range(rows)], 96, 34, 4)
    heights = [float(found) for text in drawn for found in re.findall(r' y="([\d.]+)"', text)]
    assert drawn
    assert all(later - earlier >= 12 for earlier, later in itertools.pairwise(heights))


def test_what_is_counted_has_whole_numbers_on_its_axis() -> None:
    def draw(digits: int) -> charts.Chart:
        return charts.bars(
            title="Votes",
            sentence="one vote for it",
            heading="Choice",
            labels=["for"],
            series={"votes": [1]},
            unit="votes",
            lang="en",
            digits=digits,
        )

    counted, measured = draw(0), draw(1)

    assert re.search(r">0[.,]\d+<", measured.wide)
    assert not re.search(r">0[.,]\d+<", counted.wide)
    assert ">1<" in counted.wide
