// What the application's own checks found, worst first.

import { h, setAttribute, setText } from "../lib/dom.js";
import { Loaded } from "../lib/loaded.js";
import { link } from "../lib/router.js";
import { panel } from "./panel.js";
import { Table } from "./table.js";

const EVERY_MS = 5000;
const ORDER = ["error", "warn", "ok"];
const WORDS = /** @type {Object<string, string>} */ ({ error: "error", warn: "warning", ok: "ok" });

export class Checks {
  /** @param {import("../lib/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.loaded = new Loaded("doctor");
    this.asked = -Infinity;
    this.table = new Table({
      label: "Checks",
      cards: true,
      keyOf: (row) => `${row.worker} ${row.check} ${row.node ?? ""}`,
      nothing: ["Nothing was checked yet."],
      columns: [
        { title: "check", text: (row) => row.check },
        { title: "result", make: () => h("span", { class: "badge" }), update: showLevel },
        { title: "finding", make: () => h("span", { class: "finding" }), update: showText },
        {
          title: "stage",
          make: () => h("a", {}),
          update: (/** @type {any} */ anchor, /** @type {any} */ row) =>
            this.showStage(anchor, row),
        },
      ],
    });
    this.element = panel("Checks", { flush: true, about: "as wallaroo doctor makes them" });
    this.element.querySelector(".body").append(this.table.element);
  }

  async load() {
    if (performance.now() - this.asked < EVERY_MS) return;
    this.asked = performance.now();
    await this.loaded.load();
  }

  update() {
    setAttribute(this.element, "hidden", this.loaded.value === null);
    const checks = [...(this.loaded.value?.checks ?? [])];
    checks.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
    this.table.update(checks);
  }

  /** @param {any} anchor @param {any} row */
  showStage(anchor, row) {
    const node = this.store.nodes.get(row.node);
    const shown = node !== undefined && node.kind !== "merge";
    setAttribute(anchor, "hidden", !shown);
    if (!shown) return;
    setText(anchor, node.name);
    setAttribute(anchor, "href", link("stage", node.name));
  }
}

/** @param {any} badge @param {any} row */
function showLevel(badge, row) {
  setText(badge, WORDS[row.level] ?? row.level);
  setAttribute(badge, "data-level", row.level);
}

/** @param {any} element @param {any} row */
function showText(element, row) {
  setText(element, row.text);
}
