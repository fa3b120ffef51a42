// Errors: which records were refused, where and why.

import { h, setAttribute, setText } from "../lib/dom.js";
import { ago, clock, count, dateTime, exact, several } from "../lib/format.js";
import { Loaded } from "../lib/loaded.js";
import { link } from "../lib/router.js";
import { filterField, matches } from "../widgets/filter.js";
import { empty, loading, panel } from "../widgets/panel.js";
import { Table } from "../widgets/table.js";

/**
 * @param {import("../lib/store.js").Store} store
 * @param {import("../lib/router.js").Route} route
 * @returns {import("./index.js").Page}
 */
export function errorsPage(store, route) {
  const loaded = new Loaded("errors");
  const filter = filterField("Filter errors", route.query.get("q") ?? "", () => page.update());
  const about = h("span", { class: "dim" });
  const table = errorTable(store);
  const hint = h(
    "p",
    { class: "foot dim" },
    "Records are hidden, because they may hold personal data. Start the application with --http-show-records to see how each begins.",
  );
  const none = empty(
    "No record was refused.",
    "Bad records, functions that throw, and late records are shown here, in groups of equal ones.",
  );
  const wait = loading();
  const list = panel(
    "Refused records",
    { flush: true, about: "newest first", tools: [filter] },
    table.element,
  );
  const element = h(
    "div",
    {},
    h("div", { class: "head" }, h("h1", {}, "Errors"), about),
    wait,
    none,
    list,
    hint,
  );
  const page = {
    element,
    load: () => loaded.load(),
    update() {
      const value = loaded.value;
      const groups = value?.groups ?? [];
      setAttribute(wait, "hidden", value !== null);
      setAttribute(none, "hidden", value === null || groups.length > 0);
      setAttribute(list, "hidden", groups.length === 0);
      setAttribute(hint, "hidden", groups.length === 0 || value.show_records);
      setText(
        about,
        groups.length
          ? `${several(value.total, "record")} in ${several(groups.length, "group")}`
          : "",
      );
      table.update(
        groups.filter((/** @type {any} */ group) =>
          matches(
            filter.value,
            group.stage,
            group.kind,
            group.message,
            group.policy,
            group.excerpt,
          ),
        ),
      );
    },
  };
  return page;
}

const POLICIES = /** @type {Object<string, string>} */ ({
  stop: "stopped",
  skip: "skipped",
  "dead letter": "to dead letters",
  "side output": "to side output",
});

/** @param {import("../lib/store.js").Store} store */
function errorTable(store) {
  const since = (/** @type {number} */ time) => ago(store.series.time - time);
  return new Table({
    label: "Refused records",
    // The message is that of the newest record: its numbers change.
    keyOf: (row) => `${row.worker} ${row.stage} ${row.kind} ${row.message.replace(/\d+/g, "#")}`,
    nothing: ["No group matches the filter."],
    cards: true,
    href: (row) => link("stage", row.stage),
    columns: [
      { title: "stage", text: (row) => row.stage },
      {
        title: "kind",
        make: () => h("span", { class: "badge" }),
        update: (badge, row) => {
          setText(badge, row.kind);
          setAttribute(badge, "data-level", row.kind === "late" ? "warn" : "error");
        },
      },
      { title: "message", make: makeMessage, update: showMessage },
      {
        title: "count",
        number: true,
        make: () => h("b", {}),
        update: (element, row) => {
          setText(element, count(row.count));
          setAttribute(element, "title", exact(row.count));
        },
      },
      {
        title: "policy",
        about: "what became of them",
        text: (row) => POLICIES[row.policy] ?? row.policy,
      },
      { title: "first", number: true, text: (row) => clock(row.first) },
      {
        title: "last",
        number: true,
        make: () => h("span", {}),
        update: (element, row) => {
          setText(element, since(row.last));
          setAttribute(element, "title", dateTime(row.last));
        },
      },
    ],
  });
}

function makeMessage() {
  const parts = {
    message: h("span", { class: "message" }),
    origin: h("span", { class: "dim" }),
    excerpt: h("code", {}),
  };
  return Object.assign(
    h("div", { class: "messages" }, parts.message, parts.origin, parts.excerpt),
    { parts },
  );
}

/** @param {any} element @param {any} row */
function showMessage(element, row) {
  const { message, origin, excerpt } = element.parts;
  setText(message, row.message);
  setText(origin, row.origin ?? "");
  setText(excerpt, row.excerpt ?? "");
  setAttribute(origin, "hidden", !row.origin);
  setAttribute(excerpt, "hidden", !row.excerpt);
}
