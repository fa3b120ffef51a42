// Overview: is it well, what is slow, and why.

import { h } from "../lib/dom.js";
import { ago, binned, count, duration, rate, several } from "../lib/format.js";
import { sum, times } from "../lib/points.js";
import { span } from "../lib/span.js";
import { LineChart } from "../charts/lines.js";
import { HeatMap, total } from "../charts/heatmap.js";
import { PipelineGraph } from "../graph/graph.js";
import { PipelineList } from "../graph/list.js";
import { stageTable } from "../graph/table.js";
import { Checks } from "../widgets/checks.js";
import { Executors } from "../widgets/executors.js";
import { Percentiles, Rates } from "../widgets/facts.js";
import { chartPanel } from "../widgets/panel.js";
import { Tiles } from "../widgets/tiles.js";
import { Verdict } from "../widgets/verdict.js";

const TILES = ["in", "out", "latency p50", "latency p99", "watermark lag", "checkpoint", "errors"];
const LAG_TO_SEE = 60; // seconds; above, the tile is marked

/** @param {import("../lib/store.js").Store} store @returns {import("./index.js").Page} */
export function overviewPage(store) {
  const verdict = new Verdict();
  const tiles = new Tiles(TILES, "Summary");
  const graph = new PipelineGraph();
  const list = new PipelineList();
  const stages = stageTable(store);
  const throughput = new LineChart({
    label: "Throughput",
    format: rate,
    lines: [
      { name: "in", color: "--series-1" },
      { name: "out", color: "--series-2", dash: [6, 3] },
    ],
  });
  const rates = new Rates("Throughput of the window", ["in", "out"]);
  const heat = new HeatMap({ label: "Latency from source to sink", unit: "record" });
  const percentiles = new Percentiles("Latency of the window");
  const executors = new Executors();
  const checks = new Checks(store);
  const graphPanel = chartPanel(
    "Pipelines",
    { flush: true },
    { element: h("div", {}, graph.element, list.element), table: stages.table },
  );
  const throughputPanel = chartPanel(
    "Throughput",
    { class: "half", about: "records per second" },
    { element: throughput.element, table: () => throughput.table() },
  );
  const heatPanel = chartPanel(
    "Latency",
    { class: "half", about: "source to sink" },
    { element: heat.element, table: () => heat.table() },
  );
  throughputPanel.querySelector(".body").append(rates.element);
  heatPanel.querySelector(".body").append(percentiles.element);
  const executorPanel = chartPanel("Executors", { flush: true, about: "share of time" }, executors);
  const element = h(
    "div",
    {},
    h("h1", { class: "only-read" }, "Overview"),
    verdict.element,
    tiles.element,
    h(
      "div",
      { class: "grid" },
      graphPanel,
      throughputPanel,
      heatPanel,
      executorPanel,
      checks.element,
    ),
  );

  return {
    element,
    update() {
      const { series } = store;
      verdict.update(store);
      updateTiles(tiles, series);
      graph.update(store);
      list.update(store);
      throughput.update(times(series), [inOf(store), outOf(store)], span(store));
      rates.update([series.summary.in, series.summary.out]);
      heat.update(binsOf(series), series.first_time, series.latency_bounds_seconds, span(store));
      percentiles.update(series.summary.latency, series.latency_bounds_seconds);
      executors.update(store);
      checks.update();
      for (const each of [graphPanel, throughputPanel, heatPanel, executorPanel]) each.refresh();
    },
    load: () => checks.load(),
    arrow: () => graph.enter(store.series.verdict.node),
    close() {
      for (const each of [graph, throughput, heat, executors]) each.close();
    },
  };
}

/** @param {Tiles} tiles @param {any} series */
function updateTiles(tiles, series) {
  const { summary } = series;
  const { latency } = summary;
  const time = (/** @type {string} */ part) =>
    binned(latency.count ? latency[part] : null, series.latency_bounds_seconds);
  tiles.set("in", { value: rate(summary.in.now), more: `median ${rate(summary.in.median)}` });
  tiles.set("out", { value: rate(summary.out.now), more: `median ${rate(summary.out.median)}` });
  tiles.set("latency p50", {
    value: time("p50"),
    more: `p90 ${time("p90")}`,
  });
  tiles.set("latency p99", {
    value: time("p99"),
    more: `p99.9 ${time("p99.9")}`,
  });
  const lag = summary.lag_seconds;
  tiles.set("watermark lag", {
    value: duration(lag),
    more: lag === null ? "no event time" : "behind the clock",
    level: lag > LAG_TO_SEE ? "warn" : "",
  });
  const age = summary.checkpoint_age;
  tiles.set("checkpoint", {
    value: age === null ? "\u2013" : ago(age),
    more: age === null ? "none" : "the newest",
  });
  tiles.set("errors", {
    value: count(summary.errors),
    more: summary.late ? `${several(summary.late, "record")} late` : "since the start",
    level: summary.errors ? "error" : "",
  });
}

/** @param {import("../lib/store.js").Store} store */
function inOf(store) {
  return sum(
    store.plan.nodes
      .filter((/** @type {any} */ node) => node.kind === "source")
      .map((/** @type {any} */ node) => store.seriesOf(node.id).out ?? []),
  );
}

/** @param {import("../lib/store.js").Store} store */
function outOf(store) {
  return sum(
    store.plan.nodes
      .filter((/** @type {any} */ node) => node.kind === "sink")
      .map((/** @type {any} */ node) => store.seriesOf(node.id).out ?? []),
  );
}

/** The latencies of all sinks together. @param {any} series @returns {(number[] | null)[]} */
function binsOf(series) {
  const sinks = Object.values(series.sinks).map((/** @type {any} */ sink) => sink.latency_bins);
  if (sinks.length === 1) return sinks[0];
  const length = series.latency_bounds_seconds.length;
  return Array.from({ length: series.points }, (_, i) =>
    total(
      sinks.map((bins) => bins[i]),
      length,
    ),
  );
}
