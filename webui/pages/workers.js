// Workers and their executors: who is busy, who waits, and what a process uses.

import { h } from "../lib/dom.js";
import { ago, bytes, count, digits, duration, percent } from "../lib/format.js";
import { last, mean, times } from "../lib/points.js";
import { span } from "../lib/span.js";
import { LineChart } from "../charts/lines.js";
import { Executors } from "../widgets/executors.js";
import { chartPanel } from "../widgets/panel.js";
import { Tiles } from "../widgets/tiles.js";

const TILES = ["busy", "blocked", "CPU", "memory", "open files", "uptime", "checkpoint"];

/** @param {import("../lib/store.js").Store} store @returns {import("./index.js").Page} */
export function workersPage(store) {
  /** @type {WorkerView[]} */
  let views = [];
  const element = h("div", {});
  let shown = "";
  return {
    element,
    update() {
      const names = store.series.workers.map((/** @type {any} */ worker) => worker.worker);
      if (names.join("\n") !== shown) {
        shown = names.join("\n");
        views.forEach((view) => view.close());
        views = names.map((/** @type {string} */ name) => new WorkerView(name));
        element.replaceChildren(...views.map((view) => view.element));
      }
      for (const view of views) view.update(store);
    },
    close: () => views.forEach((view) => view.close()),
  };
}

class WorkerView {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.about = h("span", { class: "dim" });
    this.tiles = new Tiles(TILES, `Worker ${name}`);
    this.executors = new Executors(name);
    this.cpu = new LineChart({
      label: "CPU",
      format: cores,
      lines: [
        { name: "cores used", color: "--series-1", fill: true },
        { name: "threads waiting for one", color: "--blocked", dash: [5, 3] },
      ],
    });
    this.memory = new LineChart({
      label: "Memory",
      format: bytes,
      binary: true,
      lines: [{ name: "resident", color: "--series-4", fill: true }],
    });
    this.executorPanel = chartPanel(
      "Executors",
      { flush: true, about: "share of time" },
      this.executors,
    );
    this.cpuPanel = chartPanel("CPU", { class: "half", about: "cores" }, this.cpu);
    this.memoryPanel = chartPanel("Memory", { class: "half", about: "resident" }, this.memory);
    this.element = h(
      "div",
      { class: "worker" },
      h("div", { class: "head" }, h("h1", {}, name), this.about),
      this.tiles.element,
      h("div", { class: "grid" }, this.executorPanel, this.cpuPanel, this.memoryPanel),
    );
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    const worker = store.series.workers.find(
      (/** @type {any} */ each) => each.worker === this.name,
    );
    const executors = store.series.executors.filter(
      (/** @type {any} */ each) => each.worker === this.name,
    );
    this.about.textContent = `wallaroo ${worker.version}, ${executors.length} executor${executors.length === 1 ? "" : "s"}`;
    this.updateTiles(worker, executors);
    this.executors.update(store);
    const time = times(store.series);
    this.cpu.update(time, [worker.cpu, worker.cpu_waiting], span(store));
    this.memory.update(time, [worker.rss], span(store));
    for (const each of [this.executorPanel, this.cpuPanel, this.memoryPanel]) each.refresh();
  }

  /** @param {any} worker @param {any[]} executors */
  updateTiles(worker, executors) {
    const busy = executors.map((each) => mean(each.busy) ?? 0);
    const blocked = executors.map((each) => mean(each.blocked) ?? 0);
    this.tiles.set("busy", {
      value: percent(average(busy)),
      more: `${percent(Math.min(...busy))} to ${percent(Math.max(...busy))}`,
    });
    this.tiles.set("blocked", {
      value: percent(average(blocked)),
      more: `${percent(Math.min(...blocked))} to ${percent(Math.max(...blocked))}`,
      level: average(blocked) > 0.5 ? "warn" : "",
    });
    this.tiles.set("CPU", { value: cores(mean(worker.cpu)), more: "cores" });
    this.tiles.set("memory", { value: bytes(last(worker.rss)), more: "resident" });
    this.tiles.set("open files", { value: count(worker.open_fds), more: "and sockets" });
    this.tiles.set("uptime", { value: duration(worker.uptime_seconds) });
    const age = last(worker.checkpoint_age);
    this.tiles.set("checkpoint", {
      value: age === null ? "\u2013" : ago(age),
      more: age === null ? "none" : "the newest",
    });
  }

  close() {
    for (const each of [this.executors, this.cpu, this.memory]) each.close();
  }
}

/** @param {any} value */
const cores = (value) => (typeof value === "number" ? digits(value) : "\u2013");

/** @param {number[]} values */
const average = (values) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
