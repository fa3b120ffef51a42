// Log: the last lines of the application.

import { h, reconcile, setAttribute, setText } from "../lib/dom.js";
import { clock, dateTime } from "../lib/format.js";
import { Loaded } from "../lib/loaded.js";
import { setQuery } from "../lib/router.js";
import { filterField, matches } from "../widgets/filter.js";
import { empty, loading, panel } from "../widgets/panel.js";

const LEVELS = ["debug", "info", "warning", "error"];
const MOST = 1000;

/**
 * @param {import("../lib/store.js").Store} store
 * @param {import("../lib/router.js").Route} route
 * @returns {import("./index.js").Page}
 */
export function logPage(store, route) {
  const view = new LogView(store, route.query);
  return { element: view.element, load: () => view.load(), update: () => view.update() };
}

class LogView {
  /** @param {import("../lib/store.js").Store} store @param {URLSearchParams} query */
  constructor(store, query) {
    // Another process counts its lines anew.
    const known = () => this.loaded.value?.plan_id === store.plan.plan_id;
    /** @type {Loaded} */
    this.loaded = new Loaded("log", () => ({ since: known() ? this.loaded.value.seq : 0 }));
    this.filter = filterField("Filter lines", query.get("q") ?? "", () => this.changed());
    this.level = h(
      "select",
      { "aria-label": "Least level", on: { change: () => this.changed() } },
      LEVELS.map((level) =>
        h(
          "option",
          { value: level, selected: level === (query.get("level") ?? "debug") },
          level === "debug" ? "all levels" : level === "error" ? "errors" : `${level} and above`,
        ),
      ),
    );
    this.follow = h(
      "button",
      {
        type: "button",
        class: "follow",
        "aria-pressed": "true",
        on: { click: () => this.setFollow(!this.following) },
      },
      "Follow",
    );
    this.following = true;
    this.lines = h("ol", { class: "log-lines" });
    this.scroller = h(
      "div",
      {
        class: "log",
        tabindex: "0",
        role: "log",
        "aria-live": "off",
        "aria-label": "Log",
        on: { scroll: () => this.scrolled() },
      },
      this.lines,
    );
    this.nothing = empty(
      "No line matches.",
      "The application logged nothing of this level, or the filter leaves nothing.",
    );
    this.wait = loading();
    this.panel = panel(
      "Lines",
      { flush: true, about: "newest last", tools: [this.level, this.filter, this.follow] },
      this.nothing,
      this.scroller,
    );
    this.element = h(
      "div",
      {},
      h("div", { class: "head" }, h("h1", {}, "Log")),
      this.wait,
      this.panel,
    );
  }

  load() {
    return this.loaded.load((known, fresh) => {
      const before = known && known.plan_id === fresh.plan_id ? known.lines : [];
      return { ...fresh, lines: [...before, ...fresh.lines].slice(-MOST) };
    });
  }

  changed() {
    setQuery({ level: this.level.value === "debug" ? "" : this.level.value, q: this.filter.value });
    this.update();
  }

  /** @param {boolean} following */
  setFollow(following) {
    this.following = following;
    setAttribute(this.follow, "aria-pressed", following);
    if (following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Following ends when somebody scrolls up, and begins again at the end. */
  scrolled() {
    const atEnd =
      this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 24;
    if (atEnd !== this.following) {
      this.following = atEnd;
      setAttribute(this.follow, "aria-pressed", atEnd);
    }
  }

  update() {
    const { value } = this.loaded;
    setAttribute(this.wait, "hidden", value !== null);
    setAttribute(this.panel, "hidden", value === null);
    if (!value) return;
    const least = LEVELS.indexOf(this.level.value);
    const shown = value.lines.filter(
      (/** @type {any} */ line) =>
        LEVELS.indexOf(line.level) >= least &&
        matches(this.filter.value, line.text, line.level, line.worker),
    );
    setAttribute(this.nothing, "hidden", shown.length > 0);
    setAttribute(this.scroller, "hidden", shown.length === 0);
    reconcile(
      this.lines,
      shown,
      (line) => `${line.worker} ${line.seq}`,
      makeLine,
      () => {},
    );
    if (this.following) this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

/** @param {any} line */
function makeLine(line) {
  const text = h("span", { class: "text" });
  setText(text, line.text);
  return h(
    "li",
    { "data-level": line.level },
    h("time", { title: dateTime(line.time) }, clock(line.time)),
    h("span", { class: "level" }, line.level),
    text,
  );
}
