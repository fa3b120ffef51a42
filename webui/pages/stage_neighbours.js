// What is before and after a stage, and how full the queues between are.

import { h } from "../lib/dom.js";
import { count, percent, rate } from "../lib/format.js";
import { last, mean } from "../lib/points.js";
import { link } from "../lib/router.js";
import { Table, barColumn } from "../widgets/table.js";

export class Neighbours {
  /** @param {import("../lib/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.table = new Table({
      label: "Before and after",
      keyOf: (row) => `${row.side} ${row.edge.id}`,
      nothing: ["Nothing is before or after it."],
      columns: [
        { title: "", text: (row) => row.side },
        {
          title: "stage",
          make: () => h("a", {}),
          update: (anchor, row) => {
            anchor.textContent = row.node.name;
            if (row.node.kind !== "merge")
              anchor.setAttribute("href", link("stage", row.node.name));
          },
        },
        { title: "edge", text: (row) => row.edge.kind },
        { title: "records", number: true, text: (row) => rate(row.rate) },
        barColumn(
          "fullest queue",
          (row) => row.full,
          (full) => (full === null ? "no queue" : percent(full)),
        ),
        {
          title: "waiting",
          number: true,
          text: (row) =>
            row.full === null ? "" : `${count(row.queued)} of ${count(row.edge.capacity)}`,
        },
      ],
    });
    this.element = this.table.element;
  }

  /** @param {any} stage */
  update(stage) {
    const edges = this.store.plan.edges;
    const rows = [
      ...edges
        .filter((/** @type {any} */ edge) => edge.to === stage.id)
        .map((/** @type {any} */ edge) => this.row("before", edge, edge.from)),
      ...edges
        .filter((/** @type {any} */ edge) => edge.from === stage.id)
        .map((/** @type {any} */ edge) => this.row("after", edge, edge.to)),
    ];
    this.table.update(rows);
  }

  /** @param {string} side @param {any} edge @param {number} other */
  row(side, edge, other) {
    const points = this.store.series.edges[String(edge.id)];
    const records = points ? points.records : this.store.seriesOf(edge.from).out;
    return {
      side,
      edge,
      node: this.store.nodes.get(other),
      rate: mean(records),
      full: points ? last(points.full) : null,
      queued: last(points?.queued),
    };
  }
}
