// What surrounds every page: name, navigation, how well the application answers, a few buttons.

import { h, replace, setAttribute, setText } from "../lib/dom.js";
import { clock, count, duration } from "../lib/format.js";
import { PAGES, link } from "../lib/router.js";
import { toggleTheme } from "../lib/theme.js";
import { WINDOWS } from "../lib/store.js";
import { icon } from "./icons.js";

const WORDS = {
  loading: "connecting",
  live: "running",
  paused: "paused",
  lost: "no answer",
  ended: "ended",
};

export class Shell {
  /** @param {import("../lib/store.js").Store} store @param {{ help: () => void }} commands */
  constructor(store, commands) {
    this.store = store;
    /** @type {boolean | null} */
    this.shownPause = null;
    this.shownNotice = "";
    this.application = h("span", { class: "application" });
    this.links = PAGES.map(({ page, title }) => h("a", { href: link(page) }, title));
    this.errorCount = h("span", { class: "count", hidden: true });
    this.links[PAGES.findIndex(({ page }) => page === "errors")].append(this.errorCount);
    this.select = h(
      "select",
      {
        class: "page-select",
        "aria-label": "Page",
        on: {
          change: () => {
            location.hash = this.select.value;
          },
        },
      },
      PAGES.map(({ page, title }) => h("option", { value: link(page) }, title)),
    );
    this.stageOption = h("option", { hidden: true });
    this.select.append(this.stageOption);
    this.word = h("span", { class: "word" });
    this.state = h("span", { class: "state", role: "status" }, this.word);
    this.pause = button("Pause (p)", "pause", () => store.togglePause());
    this.main = h("main", { class: "main", id: "main", tabindex: "-1" });
    this.notice = h("div", { class: "notice", role: "alert", hidden: true });
    this.header = h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "bar" },
        h(
          "a",
          { class: "brand", href: "#/", "aria-label": "Overview" },
          h("img", { src: "ui/icon.svg", alt: "" }),
          this.application,
        ),
        h("nav", { class: "pages", "aria-label": "Pages" }, this.links),
        this.select,
        h(
          "div",
          { class: "actions" },
          this.windowSelect(),
          this.state,
          this.pause,
          button("Light or dark (t)", "theme", toggleTheme),
          button("Keys (?)", "help", commands.help),
        ),
      ),
    );
    this.skip = h(
      "a",
      {
        class: "skip",
        href: "#main",
        on: {
          click: (/** @type {Event} */ event) => {
            event.preventDefault();
            this.main.focus();
          },
        },
      },
      "Skip to the page",
    );
  }

  windowSelect() {
    const options = WINDOWS.map((seconds) =>
      h("option", { value: seconds, selected: seconds === this.store.window }, duration(seconds)),
    );
    const select = h(
      "select",
      {
        class: "window",
        title: "How far back",
        "aria-label": "How far back",
        on: { change: () => this.store.setWindow(Number(select.value)) },
      },
      options,
    );
    return select;
  }

  /** @param {import("../lib/router.js").Route | null} route */
  showRoute(route) {
    PAGES.forEach(({ page }, i) =>
      setAttribute(this.links[i], "aria-current", page === route?.page ? "page" : null),
    );
    const known = PAGES.some(({ page }) => page === route?.page);
    setAttribute(this.stageOption, "hidden", known);
    this.stageOption.value = known ? "" : location.hash;
    setText(this.stageOption, known ? "" : (route?.name ?? ""));
    this.select.value = known ? link(/** @type {any} */ (route).page) : location.hash;
    const title = PAGES.find(({ page }) => page === route?.page)?.title ?? route?.name ?? "";
    this.title = title;
    this.showTitle();
  }

  showTitle() {
    const name = this.store.plan?.application ?? "wallaroo";
    document.title = this.title ? `${this.title} \u00b7 ${name}` : name;
  }

  update() {
    const { plan, series, status } = this.store;
    if (plan && this.application.textContent !== plan.application) {
      setText(this.application, plan.application);
      this.showTitle();
    }
    setAttribute(this.state, "data-state", status);
    setText(
      this.word,
      status === "live" && series?.state !== "running" ? (series?.state ?? "") : WORDS[status],
    );
    setAttribute(
      this.state,
      "title",
      plan
        ? `${plan.application}, wallaroo ${plan.version}, up for ${duration(series?.uptime_seconds)}`
        : null,
    );
    const errors = series?.summary?.errors ?? 0;
    setText(this.errorCount, count(errors));
    setAttribute(this.errorCount, "hidden", !errors);
    this.showPause();
    this.showNotice();
  }

  showPause() {
    const { paused } = this.store;
    if (this.shownPause === paused) return;
    this.shownPause = paused;
    replace(this.pause, icon(paused ? "play" : "pause"));
    setAttribute(this.pause, "aria-label", paused ? "Go on (p)" : "Pause (p)");
    setAttribute(this.pause, "title", paused ? "Go on (p)" : "Pause (p)");
  }

  showNotice() {
    const { status, plan, series, problem } = this.store;
    const gone =
      status === "lost" || status === "ended" || (status === "loading" && problem !== "");
    setAttribute(this.notice, "hidden", !gone);
    if (!gone) {
      this.shownNotice = "";
      return;
    }
    const name = plan?.application ?? "The application";
    const text =
      status === "ended"
        ? `${name} has ended, or cannot be reached. ${series ? `These are its numbers of ${clock(series.time)}. ` : ""}The page goes on when it is back.`
        : `${name} does not answer: ${problem}. Trying again.`;
    if (this.shownNotice === text) return;
    this.shownNotice = text;
    replace(this.notice, icon("error"), h("p", {}, text));
  }
}

/** @param {string} name @param {string} drawing @param {() => void} act */
function button(name, drawing, act) {
  return h(
    "button",
    { type: "button", "aria-label": name, title: name, on: { click: act } },
    icon(drawing),
  );
}
