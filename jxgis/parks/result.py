"""What `jxgis parks` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from jxgis.i18n import Text, text, text_pair
from jxgis.parks._tally import on_map
from jxgis.parks.coverage import CoverageInputs, measure
from jxgis.parks.part import PART
from jxgis.part import Result
from jxgis.schema.layers import contract

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    import pandas as pd

    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.parks.siting import FewestParks, Siting
    from jxgis.parks.standards import Standard
    from jxgis.parks.walking import WalkingCoverage
    from jxgis.report.blocks import Section

__all__ = ["ParksResult"]

#: What was noticed that changes a figure of its own accord, and so is said beside it.
_SAID = ("same_id_far_apart", "gate_without_park", "gate_off_street", "park_off_street")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ParksResult(Result):
    """What `jxgis parks` finds, table by table.

    Attributes
    ----------
    coverage
        The contract's layer ``coverage``: one row a zone and method (``radius``; ``walking`` where streets were
        given), with the zone's geometry; zone ``all`` last. With a plan or new parks, also ``coverage_after`` by
        radius, of what the standard counts, and ``coverage_with_pocket`` where sites are smaller than it counts. People
        of a raster come with ``no_data_share``, the part of the zone that it says nothing of.
    served, unserved
        The contract's layers, one row a housing polygon and zone: ``method, name, zone, m2``, ``people`` where known.
    sites
        The contract's layer: proposed parks, ``rank, m2`` (of the plot), ``name, zone, radius_m, counts`` (by the
        standard; else a pocket park), ``gain_m2, gain_people``; without rows where none were asked for.
    targets
        What the target takes: ``zone, coverage_before, best`` (with all candidates), ``needed`` (new parks that serve
        the zone in the plan with the fewest), ``no_site`` (why no site asked for serves more of the zone), ``reason``;
        None where no parks were asked for.
    target_sites
        The sites of that plan, as ``sites``; None where no parks were asked for.
    parks
        Whole parks: ``park_id, name, kind, parcels, area_m2, historic, band, radius_m`` (NaN: does not count).
    by_band
        Coverage by the parks of each size band alone, with the zones' polygons.
    sensitivity
        The siting as proposed (no ``radius_m``: each plot's own by the standard), then with other radii, as of
        `parks.siting.radius_sensitivity`, each with the solver's ``gap``; None where no parks were asked for.
    blind_spots
        Unserved housing by radius, gathered and named, the worst first; with ``no_site`` where parks were sited: why
        none of them serves it.
    gates
        Ways into parks that were walked from; None without streets.
    isochrones
        Ground within 5, 10 and 15 minutes of a park; None without streets.
    supply
        Park area for each person by zone: ``people, park_m2, park_m2_per_person, reached_m2_per_person, share_below,
        reason`` (along the streets where there are any); None where people are not known.
    plan
        The parks with the plan's and the proposed ones: ``change`` is ``added``, ``enlarged``, ``closed`` or none;
        None where nothing changes.
    change
        Coverage before and after by zone and method, as of `parks.whatif.compare_coverage`; None as for ``plan``.
    changed
        Housing that is newly served, or loses its park, as of `parks.whatif.changed_housing`; None as for ``plan``.
    reports
        ``row, park_id, code, area_m2``: parcels that were repaired, left out or are tiny.
    oddities
        ``code, what, count``: gates and parks that no street reaches, parts of the street graph that stand alone,
        zones that the raster of people says nothing of.
    standard
        The standard that all was measured by.
    walking, siting
        The analyses themselves, where they were made: points, polygons, distances; the solver's gap.
    ground
        What coverage was measured on: `coverage_of` measures other zones on it.
    fewest
        The plan with the fewest parks, with the solver's gap, where it was made.
    siting_refused
        Why no park was sited although some were asked for; None where nothing stood in the way.
    coverage_units
        The coverage of units, as ``coverage``, with their ``district``; None where none were asked for.
    coverage_levels
        The coverage of the zones of further levels, as ``coverage``, with their ``level``; None where there are none.
    """

    part = PART

    coverage: gpd.GeoDataFrame
    served: gpd.GeoDataFrame
    unserved: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    targets: gpd.GeoDataFrame | None
    target_sites: gpd.GeoDataFrame | None
    parks: gpd.GeoDataFrame
    by_band: gpd.GeoDataFrame
    sensitivity: pd.DataFrame | None
    blind_spots: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame | None
    isochrones: gpd.GeoDataFrame | None
    supply: gpd.GeoDataFrame | None
    plan: gpd.GeoDataFrame | None
    change: gpd.GeoDataFrame | None
    changed: gpd.GeoDataFrame | None
    reports: pd.DataFrame
    oddities: pd.DataFrame
    standard: Standard
    walking: WalkingCoverage | None
    siting: Siting | None
    ground: CoverageInputs
    fewest: FewestParks | None = None
    siting_refused: Text | None = None
    coverage_units: gpd.GeoDataFrame | None = None
    coverage_levels: gpd.GeoDataFrame | None = None

    def coverage_of(self, units: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Measure the coverage of units, by today's parks.

        Parameters
        ----------
        units
            Polygons with ``unit_id``, and ``district`` where known.

        Returns
        -------
        geopandas.GeoDataFrame
            As ``coverage``, where ``zone`` is the ``unit_id``; ``district`` beside it.
        """
        import pandas as pd

        ids = units["unit_id"].astype(str).to_numpy()
        zones = units[["geometry"]].assign(name=ids)
        found = on_map(measure(self.parks, zones, self.ground).coverage, zones)
        if "district" in units.columns:
            of = pd.Series(units["district"].to_numpy(dtype=object), index=ids)
            found.insert(1, "district", found["zone"].map(of.groupby(level=0).first()))
        return found

    def noticed(self) -> pd.DataFrame:
        """Everything odd in one table: ``reason`` (a code), ``what`` (a park or a layer) and ``count``."""
        import pandas as pd

        parcels = self.reports.groupby(["code", "park_id"], dropna=False, sort=False).size().reset_index(name="count")
        both = pd.concat([parcels.rename(columns={"park_id": "what"}), self.oddities], ignore_index=True)
        return both.rename(columns={"code": "reason"})[["reason", "what", "count"]]

    def notes(self) -> list[Text]:
        """What stands beside the figures wherever they are shown: it changes them, or says how sure they are."""
        seen, asked = self.noticed(), self.given.settings.parks.new_parks
        lines = [
            text_pair(
                "parks.noticed_line",
                reason=text_pair(f"reasons.{code}"),
                n=int(seen.loc[seen["reason"] == code, "count"].sum()),
            )
            for code in _SAID
            if (seen["reason"] == code).any()
        ]
        if self.walking is None and any(self.given.table(layer) is not None for layer in ("gates", "barriers")):
            lines.append(text_pair("parks.no_streets"))
        if self.siting_refused is not None:
            lines.append(text_pair("parks.siting_refused", why=self.siting_refused))
        if self.siting is not None and len(self.siting.sites) < asked:
            lines.append(text_pair("parks.fewer_sites", asked=asked, n=len(self.siting.sites)))
        if self.siting is not None and self.siting.solution.status != "optimal":
            found = self.siting.solution
            lines.append(text_pair(f"parks.siting_{found.status}", gap=f"{100 * found.gap:.1f}"))
        if self.fewest is not None and self.fewest.siting.solution.status != "optimal":
            found = self.fewest.siting.solution
            lines.append(text_pair("parks.fewest_unproven", n=len(found.chosen), bound=f"{found.bound:g}"))
        return lines

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says of the plan for the target: how many parks, and what their being the fewest rests on."""
        if self.fewest is None or self.targets is None:
            return {}
        found, whole = self.fewest.siting.solution, self.targets.iloc[-1]
        reason = whole["reason"]
        return {
            "target_plan": {
                "target": self.fewest.target,
                "parks": int(whole["needed"]),
                "status": found.status,
                "at_least": float(found.bound),
                "proven_for": "sample_points",
                "reason": reason if isinstance(reason, str) else None,
            }
        }

    def completed(self, results: Mapping[str, Result]) -> ParksResult:
        """With the coverage of the units: the user's own, else those that were proposed.

        Parameters
        ----------
        results
            Name of a part to what it found.
        """
        drawn = self.given.table("units")
        if drawn is None and "units" in results:
            drawn = results["units"].tables()["units"]
        return self if drawn is None else replace(self, coverage_units=self.coverage_of(drawn))

    def tables(self) -> dict[str, pd.DataFrame]:
        """The layers of ``parks.gpkg``, then what was noticed and the siting by other radii."""
        found = {"noticed": self.noticed(), "siting": self.sensitivity}
        return self._layers() | {name: table for name, table in found.items() if table is not None and len(table)}

    def _layers(self) -> dict[str, gpd.GeoDataFrame]:
        layers = {
            "coverage": self.coverage,
            "served": self.served,
            "unserved": self.unserved,
            "sites": self.sites,
            "parks": self.parks,
            "blind_spots": self.blind_spots,
            "coverage_by_band": self.by_band,
        }
        more = {
            "housing_on_foot": None if self.walking is None else self.walking.polygons,
            "gates": self.gates,
            "isochrones": self.isochrones,
            "supply": self.supply,
            "targets": self.targets,
            "target_sites": self.target_sites,
            "plan": self.plan,
            "change": self.change,
            "changed_housing": self.changed,
            "coverage_units": self.coverage_units,
            "coverage_levels": self.coverage_levels,
        }
        return layers | {name: table for name, table in more.items() if table is not None}

    def write_tables(self, stage: Stage) -> None:
        """``parks.gpkg``, ``parks_noticed.csv`` and ``parks_siting.csv``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.i18n import localise_reasons
        from jxgis.output import write_csv
        from jxgis.parks.map import coverage_breaks

        noticed = self.noticed()
        of_network = noticed["reason"] == "streets_apart"
        noticed["what"] = noticed["what"].mask(of_network, contract("streets").title.of(self.given.lang))
        if len(noticed):
            write_csv(localise_reasons(noticed, self.given.lang), stage.path("parks_noticed.csv"))
        if self.sensitivity is not None:
            write_csv(self.sensitivity, stage.path("parks_siting.csv"))
        limits = coverage_breaks(self.given.settings.parks.target)
        write_gpkg(
            stage.path("parks.gpkg"), self._layers(), of=self.part.name, lang=self.given.lang,
            breaks={"coverage": limits, "coverage_before": limits},
        )  # fmt: skip

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"parks": self._map} | ({} if self.change is None else {"parks_change": self._change_map})

    def _map(self) -> folium.Map:
        from jxgis.parks.map import parks_map

        lang = self.given.lang
        return parks_map(
            cast("gpd.GeoDataFrame", self.shown_tables()["coverage"]),
            self.served,
            self.unserved,
            self.sites,
            parks=self.parks,
            isochrones=self.isochrones,
            blind_spots=self.blind_spots,
            canvas=self.canvas(
                " · ".join([self._map_line(), *self._plan_in_after(), *(told.of(lang) for told in self.notes())])
            ),
            target=self.given.settings.parks.target,
        )

    def _change_map(self) -> folium.Map:
        from jxgis.parks.change_map import parks_change_map

        return parks_change_map(
            self.change,
            self.changed,
            self.plan,
            canvas=self.canvas(" · ".join([self._map_line(), *self._sites_in_after()])),
            target=self.given.settings.parks.target,
            denominator=self._denominator,
        )

    def _plan_in_after(self) -> list[str]:
        """That the coverage with new parks counts the user's plan too, which the map of today does not draw."""
        return [text("parks.plan_in_after", self.given.lang)] if len(self._changes) > self._proposed else []

    def _sites_in_after(self) -> list[str]:
        """That the state with the plan counts the parks proposed too, less those below the standard's size."""
        if not self._proposed:
            return []
        small = int((~self.sites["counts"].astype(bool)).sum())
        key = "parks.sites_in_after_but_small" if small else "parks.sites_in_after"
        return [text(key, self.given.lang, n=self._proposed - small, small=small)]

    @property
    def _changes(self) -> list[str]:
        """What becomes of each park that changes, the proposed ones among them."""
        return [] if self.plan is None else self.plan["change"].dropna().tolist()

    @property
    def _proposed(self) -> int:
        return 0 if self.siting is None else len(self.siting.sites)

    @property
    def _denominator(self) -> str:
        return self.ground.options.denominator or self.standard.denominator

    def _map_line(self) -> str:
        from jxgis.parks.section import map_line

        lang = self.given.lang
        return map_line(
            self.given.settings.parks,
            standard=self.standard.said.of(lang),
            denominator=self._denominator,
            walked=self.walking is not None,
            lang=lang,
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """Coverage by zone and on a map, where any is known."""
        return {"parks": self._chart, "parks_map": self._sheet} if self.coverage["coverage"].notna().any() else {}

    def _sheet(self) -> Figure:
        from jxgis.parks.figures import park_sheet

        return park_sheet(
            self.coverage, (self.served, self.unserved), self.sites, self.blind_spots, parks=self.parks,
            target=self.given.settings.parks.target, canvas=self.canvas(self._map_line()),
        )  # fmt: skip

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """The tables that name the standard, by its title."""
        title = self.standard.title.of(self.given.lang)
        return {name: rows.assign(standard=title) for name, rows in self.tables().items() if "standard" in rows}

    def _chart(self) -> Figure:
        from jxgis.parks.figures import coverage_chart

        given = self.given
        return coverage_chart(self.coverage, target=given.settings.parks.target, lang=given.lang, sketch=given.sketch)

    def section(self) -> Section:
        """Coverage and deficit by zone, blind spots, proposed parks and what the target takes."""
        from jxgis.parks.gaps import blind_spot_names
        from jxgis.parks.section import park_section

        given, lang, shown = self.given, self.given.lang, self.shown_tables()
        named = blind_spot_names(self.blind_spots, given.table("districts"), lang)
        tables = {
            "coverage": shown["coverage"],
            "blind_spots": self.blind_spots.assign(name=named),
            "sites": self.sites,
        }
        if self.coverage_levels is not None:
            tables["coverage_levels"] = shown["coverage_levels"]
        tables |= {} if self.targets is None else {"targets": self.targets}
        notes, plan = [line.of(lang) for line in self.notes()], self._plan_line(lang)
        said, planned = self.standard.said.of(lang), None
        if plan is not None and self.siting is not None:
            planned = float(self.siting.before_after["coverage_before"].iloc[-1])
        return park_section(
            tables, given.settings.parks, notes=notes, plan=plan, planned=planned, standard=said, lang=lang
        )

    def _plan_line(self, lang: str) -> str | None:
        """What the user's plan does to the coverage of the whole; None without one, or without a figure."""
        import pandas as pd

        from jxgis.report.columns import percent

        proposed, changes = self._proposed, self._changes
        whole = self.coverage[(self.coverage["zone"] == "all") & (self.coverage["method"] == "radius")].iloc[0]
        if len(changes) == proposed or pd.isna(whole["coverage"]):
            return None
        planned = whole["coverage_after"]
        if self.siting is not None:
            planned = self.siting.before_after["coverage_before"].iloc[-1]
        return text(
            "report.plan_alone" if self.siting is None else "report.plan_then_sites",
            lang,
            added=changes.count("added") - proposed,
            enlarged=changes.count("enlarged"),
            closed=changes.count("closed"),
            before=percent(float(whole["coverage"])),
            planned=percent(float(planned)),
            after=percent(float(whole["coverage_after"])),
        )
