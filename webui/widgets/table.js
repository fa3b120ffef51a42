// A table whose rows are kept while their numbers change.

import { h, reconcile, setAttribute, setText } from "../lib/dom.js";
import { empty } from "./panel.js";

/**
 * @typedef {{ title: string, number?: boolean, about?: string, text?: (row: any) => string,
 *   make?: () => any, update?: (element: any, row: any) => void, hide?: boolean }} Column
 *   either `text`, or `make` and `update` of the cell's content
 */

export class Table {
  /**
   * @param {{ label: string, columns: Column[], keyOf: (row: any) => string, nothing: [string, string?],
   *   href?: (row: any) => string, cards?: boolean }} settings `href` makes the first column a link; `nothing` is said
   *   without rows; with `cards` a row becomes a block on narrow screens
   */
  constructor(settings) {
    this.settings = settings;
    this.body = h("tbody", {});
    const heads = settings.columns.map((column) =>
      h(
        "th",
        { scope: "col", class: column.number ? "number" : "", title: column.about ?? null },
        column.title,
      ),
    );
    this.heads = heads;
    this.table = h(
      "table",
      { "aria-label": settings.label, class: settings.cards ? "cards" : "" },
      h("thead", {}, h("tr", {}, heads)),
      this.body,
    );
    this.nothing = empty(...settings.nothing);
    this.element = h("div", { class: "scroll" }, this.table, this.nothing);
  }

  /** @param {any[]} rows */
  update(rows) {
    setAttribute(this.table, "hidden", rows.length === 0);
    setAttribute(this.nothing, "hidden", rows.length > 0);
    this.settings.columns.forEach((column, i) =>
      setAttribute(this.heads[i], "hidden", Boolean(column.hide)),
    );
    reconcile(
      this.body,
      rows,
      this.settings.keyOf,
      () => this.makeRow(),
      (element, row) => this.updateRow(element, row),
    );
  }

  makeRow() {
    const { columns, href } = this.settings;
    const contents = columns.map(
      (column, i) => column.make?.() ?? (i === 0 && href ? h("a", {}) : null),
    );
    const cells = columns.map((column, i) =>
      h("td", { class: column.number ? "number" : "", "data-title": column.title }, contents[i]),
    );
    const row = h("tr", { class: href ? "to" : "" }, cells);
    row.cells_ = cells;
    row.contents = contents;
    return row;
  }

  /** @param {any} element @param {any} row */
  updateRow(element, row) {
    const { columns, href } = this.settings;
    columns.forEach((column, i) => {
      setAttribute(element.cells_[i], "hidden", Boolean(column.hide));
      if (column.update) column.update(element.contents[i], row);
      else if (column.text) setText(element.contents[i] ?? element.cells_[i], column.text(row));
      if (i === 0 && href) setAttribute(element.contents[0], "href", href(row));
    });
  }
}

/**
 * A column with a bar for a share of 1, and its number. Without a share there is only the text.
 * @param {string} title
 * @param {(row: any) => number | null} share
 * @param {(share: any) => string} format
 */
export function barColumn(title, share, format) {
  return {
    title,
    make() {
      const fill = h("span", { class: "busy" });
      const bar = h("span", { class: "share-bar" }, fill);
      const number = h("span", { class: "share-number" });
      const element = h("span", { class: "bar-cell" }, number, bar);
      return Object.assign(element, { fill, bar, number });
    },
    update(/** @type {any} */ element, /** @type {any} */ row) {
      const value = share(row);
      setAttribute(element.bar, "hidden", value === null || value === undefined);
      element.fill.style.setProperty("width", `${Math.min(1, value ?? 0) * 100}%`);
      setText(element.number, format(value));
    },
  };
}
