// The pipeline graph as a table.

import { binned, percent, rate } from "../lib/format.js";
import { last, mean } from "../lib/points.js";

/** @param {import("../lib/store.js").Store} store */
export function stageTable(store) {
  return {
    /** @returns {import("../widgets/panel.js").PlainTable} */
    table() {
      const bounds = store.series.latency_bounds_seconds;
      const rows = store.stages().map((/** @type {any} */ node) => {
        const series = store.seriesOf(node.id);
        return [
          node.name,
          node.kind,
          node.pipeline,
          rate(mean(series.in)),
          rate(mean(series.out)),
          rate(mean(series.errors)),
          percent(mean(series.busy)),
          binned(mean(series.p50, 10), bounds),
          binned(mean(series.p99, 10), bounds),
          fullBefore(node, store),
        ];
      });
      return {
        columns: [
          "stage",
          "kind",
          "pipeline",
          "in",
          "out",
          "errors",
          "busy",
          "p50",
          "p99",
          "queue before",
        ],
        rows,
      };
    },
  };
}

/** @param {any} node @param {import("../lib/store.js").Store} store */
function fullBefore(node, store) {
  const levels = store.plan.edges
    .filter((/** @type {any} */ edge) => edge.to === node.id)
    .map((/** @type {any} */ edge) => last(store.series.edges[String(edge.id)]?.full))
    .filter((/** @type {any} */ level) => level !== null);
  return levels.length ? percent(Math.max(...levels)) : "none";
}
