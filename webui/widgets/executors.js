// One stripe for each executor: busy, blocked and idle over time.

import { h, reconcile } from "../lib/dom.js";
import { percent } from "../lib/format.js";
import { mean } from "../lib/points.js";
import { span } from "../lib/span.js";
import { Stripe, stripesLegend } from "../charts/stripes.js";

const MANY = 16; // from then on the stripes are thin

/** @param {any} executor @param {any} store */
const nameOf = (executor, store) =>
  store.plan.workers.length > 1
    ? `${executor.worker} / ${executor.executor}`
    : `executor ${executor.executor}`;

export class Executors {
  /** @param {string} [worker] only those of this worker */
  constructor(worker) {
    this.worker = worker;
    this.rows = h("div", {
      class: "stripes",
      tabindex: "0",
      role: "group",
      "aria-label": "Executors",
    });
    const legend = stripesLegend();
    legend.classList.add("inset");
    this.element = h("div", {}, legend, this.rows);
    /** @type {import("../lib/store.js").Store | null} */
    this.store = null;
  }

  shown() {
    return (this.store?.series.executors ?? []).filter(
      (/** @type {any} */ each) => !this.worker || each.worker === this.worker,
    );
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    this.store = store;
    const [from, to] = span(store);
    const points = to - from;
    this.rows.classList.toggle("many", this.shown().length > MANY);
    reconcile(
      this.rows,
      this.shown(),
      (each) => `${each.worker} ${each.executor}`,
      (each) => {
        const stripe = new Stripe(nameOf(each, store));
        const row = h(
          "div",
          { class: "stripe-row" },
          h("span", {}, stripe.name),
          stripe.canvas,
          stripe.busy,
          stripe.blocked,
        );
        row.stripe = stripe;
        return row;
      },
      (row, each) => row.stripe.update(each.busy, each.blocked, points),
    );
  }

  /** @returns {import("./panel.js").PlainTable} */
  table() {
    const store = this.store;
    if (!store) return { columns: [], rows: [] };
    const share = (/** @type {any} */ points, /** @type {number} */ within) =>
      percent(mean(points, within));
    return {
      columns: ["executor", "busy now", "blocked now", "busy on average", "blocked on average"],
      rows: this.shown().map((/** @type {any} */ each) => [
        nameOf(each, store),
        share(each.busy, 5),
        share(each.blocked, 5),
        share(each.busy, store.window),
        share(each.blocked, store.window),
      ]),
    };
  }

  close() {
    for (const row of this.rows.children) /** @type {any} */ (row).stripe.close();
  }
}
