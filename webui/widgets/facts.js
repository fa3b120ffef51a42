// Small tables of a few numbers: rates with their extremes, and percentiles.

import { h, setText } from "../lib/dom.js";
import { binned, rate } from "../lib/format.js";

const PERCENTILES = ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"];
const RATES = ["now", "min", "median", "max"];

export class Percentiles {
  /** @param {string} label */
  constructor(label) {
    this.values = PERCENTILES.map(() => h("dd", {}));
    this.element = h(
      "dl",
      { class: "percentiles", "aria-label": label },
      PERCENTILES.map((name, i) => h("div", {}, h("dt", {}, name), this.values[i])),
    );
  }

  /** @param {any} percentiles @param {number[]} bounds of the bins that they come from */
  update(percentiles, bounds) {
    PERCENTILES.forEach((name, i) =>
      setText(this.values[i], binned(percentiles?.count ? percentiles[name] : null, bounds)),
    );
  }
}

export class Rates {
  /** @param {string} label @param {string[]} names of the rows */
  constructor(label, names) {
    this.cells = names.map(() => RATES.map(() => h("td", { class: "number" })));
    this.element = h(
      "div",
      { class: "facts" },
      h(
        "table",
        { "aria-label": label },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("td", {}),
            RATES.map((name) => h("th", { scope: "col", class: "number" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          names.map((name, i) => h("tr", {}, h("th", { scope: "row" }, name), this.cells[i])),
        ),
      ),
    );
  }

  /** @param {any[]} rates in the order of the names */
  update(rates) {
    rates.forEach((each, row) =>
      RATES.forEach((name, i) => setText(this.cells[row][i], rate(each?.[name]))),
    );
  }
}
