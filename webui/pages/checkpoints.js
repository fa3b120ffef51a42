// Checkpoints: whether the state is safe, and what that costs.

import { h, setAttribute, setText } from "../lib/dom.js";
import { ago, bytes, clock, count, duration, exact, several } from "../lib/format.js";
import { Loaded } from "../lib/loaded.js";
import { empty, loading, panel } from "../widgets/panel.js";
import { PHASES, PhaseChart, phasesLegend } from "../charts/phases.js";
import { Table } from "../widgets/table.js";
import { Tiles } from "../widgets/tiles.js";

const TILES = ["newest", "interval", "took", "wrote", "completed", "failed", "rolled back"];

/** @returns {import("./index.js").Page} */
export function checkpointsPage() {
  const loaded = new Loaded("checkpoints");
  const view = new CheckpointView();
  const off = empty(
    "This application takes no checkpoints.",
    "Start it with --checkpoint-dir DIR to keep its state when the process ends; docs/guide/checkpoints.md tells how.",
  );
  const wait = loading();
  const element = h(
    "div",
    {},
    h("h1", { class: "only-read" }, "Checkpoints"),
    wait,
    off,
    view.element,
  );
  return {
    element,
    load: () => loaded.load(),
    update() {
      const enabled = loaded.value?.enabled === true;
      setAttribute(wait, "hidden", loaded.value !== null);
      setAttribute(off, "hidden", loaded.value === null || enabled);
      setAttribute(view.element, "hidden", !enabled);
      if (enabled) view.update(loaded.value);
    },
    close: () => view.chart.close(),
  };
}

class CheckpointView {
  constructor() {
    this.tiles = new Tiles(TILES, "Checkpoints");
    this.chart = new PhaseChart();
    this.nothing = empty("No checkpoint has begun yet.");
    this.directory = h("code", {});
    this.history = new Table({
      label: "The last checkpoints",
      keyOf: (row) => `${row.worker} ${row.number}`,
      nothing: ["No checkpoint has begun yet."],
      columns: [
        { title: "number", text: (row) => exact(row.number) },
        { title: "began", number: true, text: (row) => clock(row.began) },
        { title: "outcome", make: () => h("span", { class: "badge" }), update: showOutcome },
        { title: "took", number: true, text: (row) => duration(row.seconds) },
        ...PHASES.map(({ name, about }) => ({
          title: name,
          about,
          number: true,
          text: (/** @type {any} */ row) => duration(row.phases[name]),
        })),
        { title: "wrote", number: true, text: (row) => bytes(row.bytes) },
        { title: "reason", text: (row) => row.reason ?? "" },
      ],
    });
    this.state = new Table({
      label: "State by stage",
      keyOf: (row) => row.name,
      nothing: ["No stage has state."],
      columns: [
        { title: "stage", text: (row) => row.name },
        { title: "keys", number: true, text: (row) => count(row.keys) },
        { title: "size", number: true, text: (row) => bytes(row.bytes) },
        {
          title: "a key",
          number: true,
          text: (row) => (row.keys ? bytes(row.bytes / row.keys) : "\u2013"),
        },
      ],
    });
    const chart = panel(
      "Duration",
      { class: "two-thirds", about: "by phase, oldest first" },
      phasesLegend(),
      this.chart.element,
      this.nothing,
    );
    this.element = h(
      "div",
      {},
      this.tiles.element,
      h(
        "div",
        { class: "grid" },
        chart,
        panel(
          "State by stage",
          { class: "third", flush: true, about: "in the newest" },
          this.state.element,
        ),
        panel(
          "The last checkpoints",
          { flush: true },
          h(
            "div",
            {
              class: "history",
              tabindex: "0",
              role: "region",
              "aria-label": "The last checkpoints",
            },
            this.history.element,
          ),
        ),
      ),
      h("p", { class: "foot dim" }, "They are in ", this.directory),
    );
  }

  /** @param {any} value */
  update(value) {
    const { checkpoints } = value;
    const newest = checkpoints.find((/** @type {any} */ each) => each.outcome === "complete");
    const late = value.age_seconds > 5 * (value.interval_seconds ?? Infinity);
    this.tiles.set("newest", {
      value: value.age_seconds === null ? "none yet" : ago(value.age_seconds),
      more: newest ? `number ${exact(newest.number)}` : "",
      level: late ? "warn" : "",
    });
    this.tiles.set("interval", {
      value: duration(value.interval_seconds),
      more: `given up after ${duration(value.timeout_seconds)}`,
    });
    this.tiles.set("took", { value: duration(newest?.seconds), more: "the newest" });
    this.tiles.set("wrote", { value: bytes(newest?.bytes), more: "the newest" });
    this.tiles.set("completed", { value: count(value.completed), more: "since the start" });
    this.tiles.set("failed", {
      value: count(value.failed),
      more: "since the start",
      level: value.failed ? "error" : "",
    });
    this.tiles.set("rolled back", {
      value: count(value.roll_backs),
      more: several(value.roll_backs, "roll back"),
      level: value.roll_backs ? "warn" : "",
    });
    setText(this.directory, value.directory ?? "");
    setAttribute(this.nothing, "hidden", checkpoints.length > 0);
    setAttribute(this.chart.element, "hidden", checkpoints.length === 0);
    this.chart.update([...checkpoints].reverse());
    this.history.update(checkpoints);
    this.state.update(newest?.stages ?? []);
  }
}

const LEVELS = /** @type {Object<string, string>} */ ({
  complete: "ok",
  running: "none",
  failed: "error",
  "rolled back": "warn",
});

/** @param {any} badge @param {any} row */
function showOutcome(badge, row) {
  setText(badge, row.outcome);
  setAttribute(badge, "data-level", LEVELS[row.outcome] ?? "none");
}
