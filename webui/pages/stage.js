// One stage: what it costs, and for whom.

import { h, replace, setAttribute, setText } from "../lib/dom.js";
import { binned, count, duration, percent, rate } from "../lib/format.js";
import { Loaded } from "../lib/loaded.js";
import { extend, mean, since, times } from "../lib/points.js";
import { link } from "../lib/router.js";
import { span } from "../lib/span.js";
import { HeatMap } from "../charts/heatmap.js";
import { LineChart } from "../charts/lines.js";
import { Percentiles, Rates } from "../widgets/facts.js";
import { chartPanel, empty, loading, panel } from "../widgets/panel.js";
import { Tiles } from "../widgets/tiles.js";
import { executorTable } from "./stage_executors.js";
import { Neighbours } from "./stage_neighbours.js";

const TILES = ["in", "out", "errors", "busy", "time p50", "time p99", "watermark lag"];

/**
 * @param {import("../lib/store.js").Store} store
 * @param {import("../lib/router.js").Route} route
 * @returns {import("./index.js").Page}
 */
export function stagePage(store, route) {
  const view = new StageView(store);
  let asked = 0; // the window that was asked for
  const knows = () => asked === store.window && loaded.value?.plan_id === store.plan.plan_id;
  /** @type {Loaded} */
  const loaded = new Loaded("stage", () => ({
    name: route.name,
    window: store.window,
    since: knows() ? since(loaded.value) : 0,
  }));
  const exists = () => store.stages().some((/** @type {any} */ node) => node.name === route.name);
  const element = h("div", {}, loading());
  let shown = false;
  return {
    element,
    async load() {
      if (!exists()) return;
      const known = knows();
      await loaded.load((/** @type {any} */ old, /** @type {any} */ fresh) => {
        const follows = known && old?.plan_id === fresh.plan_id;
        return extend(follows ? old : null, fresh, ["bins"], store.window);
      });
      asked = store.window;
    },
    update() {
      if (loaded.refused || !exists()) {
        replace(element, noStage(store, route.name, loaded.refused?.message));
        shown = false;
      } else if (loaded.value) {
        if (!shown) replace(element, view.element);
        shown = true;
        view.update(loaded.value);
      }
    },
    arrow(/** @type {string} */ key) {
      const to = key === "ArrowLeft" ? view.previous : key === "ArrowRight" ? view.next : null;
      if (to && !to.hidden) location.hash = to.getAttribute("href") ?? "";
    },
    close: () => view.close(),
  };
}

/** @param {import("../lib/store.js").Store} store @param {string} name @param {string} [why] */
function noStage(store, name, why) {
  const names = store.stages().filter((/** @type {any} */ node) => node.kind !== "encoder");
  return h(
    "div",
    {},
    empty(`There is no stage '${name}'.`, why),
    h(
      "p",
      { class: "stage-names" },
      names.map((/** @type {any} */ node) => [
        h("a", { href: link("stage", node.name) }, node.name),
        " ",
      ]),
    ),
  );
}

class StageView {
  /** @param {import("../lib/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.name = h("h1", {});
    this.about = h("span", { class: "dim" });
    this.previous = h("a", { class: "step", rel: "prev" });
    this.next = h("a", { class: "step", rel: "next" });
    this.tiles = new Tiles(TILES, "This stage");
    this.rates = new LineChart({
      label: "Rate",
      format: rate,
      lines: [
        { name: "in", color: "--series-1" },
        { name: "out", color: "--series-2", dash: [6, 3] },
        { name: "errors", color: "--blocked", dash: [2, 2] },
      ],
    });
    this.busy = new LineChart({
      label: "Busy",
      format: percent,
      most: 1.04, // so that 100 % has a label
      lines: [{ name: "busy", color: "--busy", fill: true }],
    });
    this.lag = new LineChart({
      label: "Watermark lag",
      format: duration,
      lines: [{ name: "behind the clock", color: "--series-3" }],
    });
    this.heat = new HeatMap({ label: "Time of the function", unit: "call" });
    this.percentiles = new Percentiles("Time of the function, of the last minute");
    this.extremes = new Rates("Rate of the window", ["in", "out"]);
    this.executors = executorTable();
    this.neighbours = new Neighbours(store);
    this.ratePanel = chartPanel("Rate", { class: "half", about: "records per second" }, this.rates);
    this.heatPanel = chartPanel(
      "Time of the function",
      { class: "half", about: "sampled calls" },
      this.heat,
    );
    this.busyPanel = chartPanel(
      "Busy",
      { class: "half", about: "share of its executors' time" },
      this.busy,
    );
    this.lagPanel = chartPanel("Watermark lag", { class: "half" }, this.lag);
    this.ratePanel.querySelector(".body").append(this.extremes.element);
    this.heatPanel.querySelector(".body").append(this.percentiles.element);
    this.neighbourPanel = panel("Before and after", { flush: true }, this.neighbours.element);
    this.element = h(
      "div",
      {},
      h(
        "div",
        { class: "head" },
        this.name,
        this.about,
        h("span", { class: "space" }),
        this.previous,
        this.next,
      ),
      this.tiles.element,
      h(
        "div",
        { class: "grid" },
        this.ratePanel,
        this.heatPanel,
        panel("By executor", { flush: true }, this.executors.element),
        this.busyPanel,
        this.lagPanel,
        this.neighbourPanel,
      ),
    );
  }

  /** @param {any} stage */
  update(stage) {
    const { store } = this;
    const series = store.seriesOf(stage.id);
    setText(this.name, stage.name);
    setText(this.about, aboutOf(stage));
    this.step(this.previous, stage.previous[0], "\u2190 ");
    this.step(this.next, stage.next[0], "", " \u2192");
    this.updateTiles(stage, series);
    const time = times(store.series);
    const shown = span(store);
    this.rates.update(time, [series.in ?? [], series.out ?? [], series.errors ?? []], shown);
    this.busy.update(time, [series.busy ?? []], shown);
    const hasLag = (series.lag_seconds ?? []).some((/** @type {any} */ value) => value !== null);
    setAttribute(this.lagPanel, "hidden", !hasLag);
    this.neighbourPanel.classList.toggle("half", !hasLag);
    if (hasLag) this.lag.update(time, [series.lag_seconds], shown);
    this.heat.update(stage.bins, stage.first_time, stage.latency_bounds_seconds, shown);
    this.extremes.update([stage.in, stage.out]);
    this.percentiles.update(stage.latency, stage.latency_bounds_seconds);
    this.executors.update(stage.executors, stage.latency_bounds_seconds);
    this.neighbours.update(stage);
    for (const each of [this.ratePanel, this.heatPanel, this.busyPanel, this.lagPanel])
      each.refresh();
  }

  /** @param {any} stage @param {any} series */
  updateTiles(stage, series) {
    const { latency, latency_bounds_seconds: bounds } = stage;
    this.tiles.set("in", { value: rate(stage.in.now), more: `median ${rate(stage.in.median)}` });
    this.tiles.set("out", { value: rate(stage.out.now), more: `median ${rate(stage.out.median)}` });
    this.tiles.set("errors", {
      value: count(stage.errors),
      more: `then: ${stage.on_error}`,
      level: stage.errors ? "error" : "",
    });
    const busy = mean(series.busy);
    this.tiles.set("busy", {
      value: percent(busy),
      more: "of its executors",
      level: (busy ?? 0) > 0.9 ? "warn" : "",
    });
    this.tiles.set("time p50", {
      value: binned(latency.count ? latency.p50 : null, bounds),
      more: "a record",
    });
    this.tiles.set("time p99", {
      value: binned(latency.count ? latency.p99 : null, bounds),
      more: latency.count ? `p99.99 ${binned(latency["p99.99"], bounds)}` : "",
    });
    const lag = mean(series.lag_seconds);
    this.tiles.set("watermark lag", {
      value: duration(lag),
      more: lag === null ? "no event time" : "behind the clock",
    });
  }

  /** @param {any} anchor @param {number | undefined} id @param {string} before @param {string} [after] */
  step(anchor, id, before, after = "") {
    const node = id === undefined ? undefined : this.store.nodes.get(id);
    const shown = node && node.kind !== "merge";
    setAttribute(anchor, "hidden", !shown);
    if (!shown) return;
    setText(anchor, `${before}${node.name}${after}`);
    setAttribute(anchor, "href", link("stage", node.name));
  }

  close() {
    for (const each of [this.rates, this.busy, this.lag, this.heat]) each.close();
  }
}

/** @param {any} stage */
function aboutOf(stage) {
  const others = stage.segment_stages.filter((/** @type {string} */ name) => name !== stage.name);
  const fused = others.length
    ? `, fused in segment ${stage.segment} with ${others.join(", ")}`
    : `, alone in segment ${stage.segment}`;
  return `${stage.kind} of pipeline ${stage.pipeline}${fused}`;
}
