// The nodes of the pipeline graph.

import { setAttribute, setText, svg } from "../lib/dom.js";
import { binned, duration, percent, rate } from "../lib/format.js";
import { mean } from "../lib/points.js";
import { link } from "../lib/router.js";
import { NODE, placeOf } from "./geometry.js";

const MOST_LETTERS = 19; // of a name that fits

/** What a node is called that the verdict points to, by the verdict's rule. */
const TAGS = /** @type {Object<string, string>} */ ({
  slow_sink: "bottleneck",
  hot_stage: "bottleneck",
  hot_encoder: "bottleneck",
  hot_key: "hot key",
  skewed_executors: "skewed",
  peer_away: "away",
  checkpoint_stalls: "stalls",
  skewed_watermark: "behind",
  errors: "errors",
});

/** @param {any} verdict @param {number} id @returns {string} "" where it does not point */
export function tagOf(verdict, id) {
  return verdict.node === id && verdict.level !== "ok" ? (TAGS[verdict.rule] ?? "look here") : "";
}

/** The number that is shown: what leaves a node, or of a sink what it has handed over. */
export function mainRate(/** @type {any} */ node, /** @type {any} */ series) {
  return mean(series.out ?? series.in);
}

/** A short percentage, since there is little room. @param {number | null} share */
export function roundPercent(share) {
  return percent(share !== null && share < 0.001 ? 0 : share);
}

/** In words, for those who do not see it. */
export function nodeLabel(
  /** @type {any} */ node,
  /** @type {any} */ series,
  /** @type {string} */ tag,
) {
  const parts = [`${node.kind} ${node.name}`];
  if (node.kind !== "merge")
    parts.push(`${rate(mainRate(node, series))}`, `${percent(mean(series.busy))} busy`);
  if (mean(series.errors)) parts.push(`errors ${rate(mean(series.errors))}`);
  if (tag) parts.push(tag);
  return parts.join(", ");
}

/** @param {string} name */
const shortened = (name) =>
  name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}\u2026` : name;

export class NodeDrawing {
  /** @param {any} node of the plan @param {number} gap between columns */
  constructor(node, gap) {
    this.node = node;
    const { x, y } = placeOf(node, gap);
    const inner = NODE.width - 24;
    this.kind = svg("text", { class: "kind", x: 12, y: 20 }, node.kind);
    this.rate = svg("text", { class: "number", x: NODE.width - 12, y: 20 });
    this.name = svg("text", { class: "name", x: 12, y: 41 }, shortened(node.name));
    this.bar = svg("rect", { class: "busy", x: 12, y: 52, width: 0, height: 7, rx: 2 });
    this.busy = svg("text", { class: "below", x: 12, y: 74 });
    this.note = svg("text", { class: "below end", x: NODE.width - 12, y: 74 });
    this.tag = svg("text", { class: "tag", x: NODE.width / 2, y: -5 });
    this.title = svg("title", {}, node.address ? `${node.name} ${node.address}` : node.name);
    this.inner = inner;
    const drawn = [
      this.title,
      svg("rect", { class: "box", width: NODE.width, height: NODE.height, rx: 8 }),
      this.kind,
      this.rate,
      this.name,
      svg("rect", { class: "track", x: 12, y: 52, width: inner, height: 7, rx: 2 }),
      this.bar,
      this.busy,
      this.note,
      this.tag,
    ];
    const place = {
      class: `node kind-${node.kind.replace(" ", "-")}`,
      transform: `translate(${x} ${y})`,
      "data-id": node.id,
    };
    this.element =
      node.kind === "merge"
        ? svg("g", place, drawn)
        : svg("a", { ...place, href: link("stage", node.name) }, drawn);
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    const { node } = this;
    const series = store.seriesOf(node.id);
    const busy = mean(series.busy);
    const tag = tagOf(store.series.verdict, node.id);
    if (node.kind !== "merge") {
      setText(this.rate, rate(mainRate(node, series)));
      setAttribute(this.bar, "width", this.inner * Math.min(1, busy ?? 0));
      setText(this.busy, `${roundPercent(busy)} busy`);
    }
    setText(this.note, noteOf(node, series, store.series.latency_bounds_seconds));
    this.note.classList.toggle("errors", Boolean(mean(series.errors)));
    setText(this.tag, tag);
    this.element.classList.toggle("named", tag !== "");
    setAttribute(this.element, "aria-label", nodeLabel(node, series, tag));
  }
}

/**
 * The most useful of what else is known: errors, time of the function, or the lag of the watermark.
 * @param {any} node @param {any} series @param {number[]} bounds of the bins of times
 */
function noteOf(node, series, bounds) {
  const errors = mean(series.errors);
  if (errors) return `err ${rate(errors)}`;
  if (node.kind === "window" || node.kind === "join") {
    const lag = mean(series.lag_seconds);
    if (lag !== null) return `lag ${duration(lag)}`;
  }
  const p99 = mean(series.p99, 10);
  if (p99 === null) return "";
  // There is no room for more beside the share of time.
  return p99 < bounds[0] ? binned(p99, bounds) : `p99 ${duration(p99)}`;
}
