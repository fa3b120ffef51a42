// A titled box, and one with a chart that can also be read as a table.

import { h, replace, setAttribute, setText } from "../lib/dom.js";

let panels = 0;

/**
 * @param {string} title
 * @param {{ about?: string, class?: string, flush?: boolean, tools?: Element[] }} options
 * @param {...any} children
 * @returns {any} the panel; `about` is its second text
 */
export function panel(title, options, ...children) {
  panels += 1;
  const id = `panel-${panels}`;
  const about = h("span", { class: "about" }, options.about ?? "");
  const element = h(
    "section",
    { class: `panel ${options.class ?? ""}`, "aria-labelledby": id },
    h(
      "header",
      {},
      h("h2", { id }, title),
      about,
      h("span", { class: "space" }),
      options.tools ?? [],
    ),
    h("div", { class: `body ${options.flush ? "flush" : ""}` }, children),
  );
  element.about = about;
  return element;
}

/**
 * @typedef {{ columns: string[], rows: string[][] }} PlainTable
 * @typedef {{ element: Element, table: () => PlainTable }} Chart
 */

/**
 * A panel whose chart can be shown as a table.
 * @param {string} title
 * @param {{ about?: string, class?: string, flush?: boolean }} options
 * @param {Chart} chart
 * @returns {any} call `refresh` after the chart was updated
 */
export function chartPanel(title, options, chart) {
  const table = h("div", {
    class: "as-table",
    tabindex: "0",
    role: "region",
    "aria-label": `${title} as a table`,
    hidden: true,
  });
  const button = h(
    "button",
    { type: "button", "aria-pressed": "false", "aria-label": `${title}: show as table` },
    "Show as table",
  );
  const element = panel(title, { ...options, tools: [button] }, chart.element, table);
  const refresh = () => {
    if (!table.hidden) replace(table, plainTable(chart.table()));
  };
  button.addEventListener("click", () => {
    const asTable = table.hidden;
    setAttribute(table, "hidden", !asTable);
    setAttribute(chart.element, "hidden", asTable);
    setText(button, asTable ? "Show as chart" : "Show as table");
    setAttribute(button, "aria-label", `${title}: ${asTable ? "show as chart" : "show as table"}`);
    refresh();
  });
  element.refresh = refresh;
  return element;
}

/** @param {PlainTable} content */
function plainTable({ columns, rows }) {
  const kind = (/** @type {number} */ i) => (i === 0 ? "" : "number");
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        columns.map((name, i) => h("th", { scope: "col", class: kind(i) }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) =>
        h(
          "tr",
          {},
          row.map((text, i) => h("td", { class: kind(i) }, text)),
        ),
      ),
    ),
  );
}

/**
 * What stands where there is no data.
 * @param {string} what @param {string} [why]
 */
export function empty(what, why = "") {
  return h("div", { class: "empty" }, h("strong", {}, what), why ? h("p", {}, why) : null);
}

export const loading = () => h("div", { class: "empty loading", role: "status" }, "Loading\u2026");
