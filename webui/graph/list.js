// The pipeline as a list from top to bottom, for narrow screens.

import { h, reconcile, setAttribute, setText } from "../lib/dom.js";
import { percent, rate } from "../lib/format.js";
import { last, mean } from "../lib/points.js";
import { link } from "../lib/router.js";
import { mainRate, roundPercent, tagOf } from "./nodes.js";

export class PipelineList {
  constructor() {
    this.element = h("ol", { class: "graph-list", "aria-label": "Stages" });
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    const order = new Map(
      store.plan.pipelines.map((/** @type {any} */ pipeline, /** @type {number} */ i) => [
        pipeline.name,
        i,
      ]),
    );
    const nodes = [...store.stages()].sort(
      (a, b) => order.get(a.pipeline) - order.get(b.pipeline) || a.layer - b.layer || a.row - b.row,
    );
    reconcile(
      this.element,
      nodes,
      (node) => `${store.plan.plan_id} ${node.id}`,
      makeItem,
      (item, node) => updateItem(item, node, store),
    );
  }
}

/** @param {any} node */
function makeItem(node) {
  const parts = {
    queue: h("div", { class: "queue-line" }),
    rate: h("b", {}),
    bar: h("span", { class: "busy" }),
    busy: h("span", {}),
    tag: h("span", { class: "badge", "data-level": "warn" }),
  };
  const item = h(
    "li",
    {},
    parts.queue,
    h(
      "a",
      { href: link("stage", node.name) },
      h(
        "span",
        { class: "row" },
        h("span", { class: "kind dim" }, node.kind),
        parts.tag,
        parts.rate,
      ),
      h("span", { class: "row" }, h("span", { class: "name" }, node.name), parts.busy),
      h("span", { class: "share-bar" }, parts.bar),
    ),
  );
  item.parts = parts;
  return item;
}

/** @param {any} item @param {any} node @param {import("../lib/store.js").Store} store */
function updateItem(item, node, store) {
  const series = store.seriesOf(node.id);
  const { parts } = item;
  const busy = mean(series.busy);
  const tag = tagOf(store.series.verdict, node.id);
  setText(parts.rate, rate(mainRate(node, series)));
  setText(parts.busy, `${roundPercent(busy)} busy`);
  parts.bar.style.setProperty("width", `${Math.min(1, busy ?? 0) * 100}%`);
  setText(parts.tag, tag);
  setAttribute(parts.tag, "hidden", tag === "");
  item.classList.toggle("named", tag !== "");
  const queue = queueBefore(node, store);
  setText(parts.queue, queue.text);
  parts.queue.classList.toggle("full", queue.full);
}

/** @param {any} node @param {import("../lib/store.js").Store} store */
function queueBefore(node, store) {
  const edges = store.plan.edges.filter((/** @type {any} */ edge) => edge.to === node.id);
  if (edges.length === 0)
    return {
      text: `pipeline ${node.pipeline}${node.address ? `, from ${node.address}` : ""}`,
      full: false,
    };
  const full = Math.max(
    ...edges.map(
      (/** @type {any} */ edge) => last(store.series.edges[String(edge.id)]?.full) ?? -1,
    ),
  );
  const kinds = [...new Set(edges.map((/** @type {any} */ edge) => edge.kind))].join(", ");
  if (full < 0) return { text: `\u2193 ${kinds}`, full: false };
  return { text: `\u2193 ${kinds}, queue ${percent(full)} full`, full: full >= 0.9 };
}
