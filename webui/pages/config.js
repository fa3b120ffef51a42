// Configuration: what runs, with which flags, and where these came from.

import { h, setAttribute, setText } from "../lib/dom.js";
import { count, dateTime } from "../lib/format.js";
import { Loaded } from "../lib/loaded.js";
import { filterField, matches } from "../widgets/filter.js";
import { loading, panel } from "../widgets/panel.js";
import { Table } from "../widgets/table.js";

/**
 * @param {import("../lib/store.js").Store} store
 * @param {import("../lib/router.js").Route} route
 * @returns {import("./index.js").Page}
 */
export function configPage(store, route) {
  const loaded = new Loaded("config");
  const filter = filterField("Filter flags", route.query.get("q") ?? "", () => page.update());
  const about = h("span", { class: "dim" });
  const workers = workerTable();
  const addresses = addressTable();
  const flags = flagTable();
  const plan = h("pre", { class: "plan", tabindex: "0", role: "region", "aria-label": "Plan" });
  const wait = loading();
  const body = h(
    "div",
    { class: "grid" },
    panel(
      "Flags",
      { class: "two-thirds", flush: true, about: "and where each came from", tools: [filter] },
      flags.element,
    ),
    h(
      "div",
      { class: "third stack" },
      panel("Addresses", { flush: true }, addresses.element),
      panel("Workers", { flush: true }, workers.element),
    ),
    panel("Plan", { about: "as --explain says it" }, plan),
  );
  const element = h(
    "div",
    {},
    h("div", { class: "head" }, h("h1", {}, "Configuration"), about),
    wait,
    body,
  );
  const page = {
    element,
    // It changes only with the process.
    load: async () => {
      if (loaded.value?.plan_id !== store.plan.plan_id) await loaded.load();
    },
    update() {
      const value = loaded.value;
      setAttribute(wait, "hidden", value !== null);
      setAttribute(body, "hidden", value === null);
      if (!value) return;
      setText(about, `${value.application} on wallaroo ${value.workers[0]?.version ?? ""}`);
      flags.update(
        value.flags.filter((/** @type {any} */ flag) =>
          matches(filter.value, flag.name, flag.value, flag.origin, flag.help),
        ),
      );
      addresses.update(value.addresses);
      workers.update(value.workers);
      setText(plan, value.explain);
    },
  };
  return page;
}

function flagTable() {
  return new Table({
    label: "Flags",
    cards: true,
    keyOf: (row) => row.name,
    nothing: ["No flag matches the filter."],
    columns: [
      { title: "flag", make: makeFlag, update: showFlag },
      {
        title: "value",
        make: () => h("code", { class: "value" }),
        update: (code, row) => setText(code, row.value === "" ? "\u2013" : row.value),
      },
      { title: "came from", make: () => h("span", { class: "badge" }), update: showOrigin },
    ],
  });
}

function makeFlag() {
  const parts = { name: h("code", {}), help: h("span", { class: "dim" }) };
  return Object.assign(h("div", { class: "messages" }, parts.name, parts.help), { parts });
}

/** @param {any} element @param {any} row */
function showFlag(element, row) {
  setText(element.parts.name, `--${row.name}`);
  setText(element.parts.help, row.help ?? "");
}

/** @param {any} badge @param {any} row */
function showOrigin(badge, row) {
  setText(badge, row.file ? `${row.origin} ${row.file}` : row.origin);
  setAttribute(badge, "data-level", row.origin === "default" ? "none" : "ok");
}

function addressTable() {
  return new Table({
    label: "Addresses",
    keyOf: (row) => `${row.role} ${row.name}`,
    nothing: ["There are no sources and sinks with addresses."],
    columns: [
      { title: "name", text: (row) => row.name },
      { title: "role", text: (row) => row.role },
      {
        title: "address",
        make: () => h("code", {}),
        update: (code, row) => setText(code, row.address),
      },
    ],
  });
}

function workerTable() {
  return new Table({
    label: "Workers",
    keyOf: (row) => row.worker,
    nothing: ["There is no worker."],
    columns: [
      { title: "worker", text: (row) => row.worker },
      { title: "process", make: () => h("div", { class: "messages" }), update: showProcess },
    ],
  });
}

/** @param {any} element @param {any} row */
function showProcess(element, row) {
  const lines = [
    `process ${row.pid} on ${row.host}`,
    `${count(row.executors)} executors`,
    `since ${dateTime(row.started)}`,
    row.compiler,
    row.system,
  ];
  while (element.children.length < lines.length) element.append(h("span", {}));
  lines.forEach((line, i) => setText(element.children[i], line));
}
