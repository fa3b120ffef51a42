// Keys: whether some have far more records than others.

import { h, reconcile, setAttribute, setText } from "../lib/dom.js";
import { count, percent } from "../lib/format.js";
import { Loaded } from "../lib/loaded.js";
import { link } from "../lib/router.js";
import { GroupMap } from "../charts/groups.js";
import { empty, loading, panel } from "../widgets/panel.js";
import { Table, barColumn } from "../widgets/table.js";

/** @param {import("../lib/store.js").Store} store @returns {import("./index.js").Page} */
export function keysPage(store) {
  const loaded = new Loaded("keys");
  const stages = h("div", {});
  const nothing = h(
    "div",
    {},
    empty(
      "No stage has keys.",
      "A stage gets keys by key_by; its records are then spread over 256 key groups.",
    ),
  );
  const wait = loading();
  const element = h("div", {}, h("h1", { class: "only-read" }, "Keys"), wait, nothing, stages);
  return {
    element,
    load: () => loaded.load(),
    update() {
      const list = loaded.value?.stages ?? [];
      setAttribute(wait, "hidden", loaded.value !== null);
      setAttribute(nothing, "hidden", loaded.value === null || list.length > 0);
      reconcile(
        stages,
        list,
        (stage) => stage.stage,
        () => makeView(store),
        (element, stage) => element.view.update(stage),
      );
    },
    close: () =>
      [...stages.children].forEach((child) => /** @type {any} */ (child).view.map.close()),
  };
}

/** @param {import("../lib/store.js").Store} store */
function makeView(store) {
  const view = new KeyedStage(store);
  return Object.assign(view.element, { view });
}

class KeyedStage {
  /** @param {import("../lib/store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.title = h("a", {});
    this.about = h("span", { class: "dim" });
    this.skew = h("p", { class: "skew" });
    this.map = new GroupMap();
    this.hasKeys = {
      title: "key",
      hide: false,
      make: () => h("code", {}),
      update: (/** @type {any} */ code, /** @type {any} */ row) => setText(code, row.key ?? ""),
    };
    this.executors = new Table({
      label: "Executors",
      keyOf: (row) => `${row.worker} ${row.executor}`,
      nothing: ["No record was sampled yet."],
      columns: [
        { title: "executor", text: (row) => `${row.worker} / ${row.executor}` },
        { title: "groups", number: true, text: (row) => count(row.groups) },
        barColumn("share of records", (row) => row.share, percent),
      ],
    });
    this.hottest = new Table({
      label: "Hottest keys",
      keyOf: (row) => `${row.rank}`,
      nothing: [
        "No key stands out.",
        "Those that are sampled most have no larger share than chance may give them.",
      ],
      columns: [
        { title: "#", text: (row) => `${row.rank}` },
        this.hasKeys,
        barColumn("share of records", (row) => row.share, percent),
        {
          title: "\u00b1",
          number: true,
          about:
            "the share is too high by at most this, because keys are counted with a bounded memory",
          text: (row) => percent(row.error),
        },
        { title: "group", number: true, text: (row) => count(row.group) },
        { title: "executor", number: true, text: (row) => count(row.executor) },
      ],
    });
    this.hint = h(
      "p",
      { class: "hint dim" },
      "Keys are hidden, because they may be personal data. Start the application with --http-show-records to see them.",
    );
    const groups = panel(
      "Key groups",
      { class: "third", about: "share of the records" },
      this.map.element,
    );
    const executors = panel("Executors", { class: "three", flush: true }, this.executors.element);
    const hottest = panel(
      "Hottest keys",
      { class: "five", flush: true },
      this.hint,
      h(
        "div",
        { class: "hottest", tabindex: "0", role: "region", "aria-label": "Hottest keys" },
        this.hottest.element,
      ),
    );
    this.element = h(
      "section",
      { class: "keyed" },
      h("div", { class: "head" }, h("h1", {}, this.title), this.about),
      this.skew,
      h("div", { class: "grid keyed-grid" }, groups, hottest, executors),
    );
  }

  /** @param {any} stage */
  update(stage) {
    setText(this.title, stage.stage);
    setAttribute(this.title, "href", link("stage", stage.stage));
    setText(this.about, `${count(stage.samples)} sampled records`);
    setText(this.skew, skewOf(stage));
    this.map.update(stage.groups, stage.owners);
    this.executors.update(stage.executors);
    // The others may be among the counted keys by chance.
    const certain = stage.hottest.filter((/** @type {any} */ each) => each.share > 2 * each.error);
    const shown = certain.some((/** @type {any} */ each) => each.key !== undefined);
    this.hasKeys.hide = !shown;
    setAttribute(this.hint, "hidden", shown || certain.length === 0);
    this.hottest.update(
      certain.map((/** @type {any} */ each, /** @type {number} */ i) => ({ ...each, rank: i + 1 })),
    );
  }
}

/** One sentence about how even the keys are. @param {any} stage */
function skewOf(stage) {
  if (stage.samples === 0) return "No record was sampled yet.";
  const shares = stage.executors.map((/** @type {any} */ each) => each.share);
  const fair = 1 / Math.max(1, shares.length);
  const most = Math.max(...shares);
  const busiest = stage.executors[shares.indexOf(most)];
  const hot = stage.hottest[0];
  const even = `An even share for each of ${shares.length} executors is ${percent(fair)}`;
  if (shares.length > 1 && most > 1.5 * fair) {
    const cause =
      hot && hot.share > 0.1
        ? ` One key alone has ${percent(hot.share)}; more executors do not help it.`
        : "";
    return `Executor ${busiest.executor} gets ${percent(most)} of the records. ${even}.${cause}`;
  }
  if (hot && hot.share > 0.1)
    return `One key has ${percent(hot.share)} of the records. With more executors it would hold one of them back.`;
  return `The records are spread evenly: the busiest executor gets ${percent(most)}. ${even}.`;
}
