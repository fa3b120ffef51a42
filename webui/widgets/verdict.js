// The verdict: one sentence about what holds the application back.

import { h, replace, setAttribute, setText } from "../lib/dom.js";
import { link } from "../lib/router.js";
import { icon } from "./icons.js";

export class Verdict {
  constructor() {
    this.icon = h("span", { class: "icon" });
    this.text = h("p", { class: "text" });
    this.to = h("a", { class: "to" });
    // `status` reads a new sentence to those who do not see it; the numbers in it change each second.
    this.element = h(
      "div",
      { class: "verdict", role: "status", "aria-live": "off", "data-level": "ok" },
      this.icon,
      this.text,
      this.to,
    );
    this.level = "";
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    const { verdict } = store.series;
    if (this.level !== verdict.level) {
      this.level = verdict.level;
      replace(this.icon, icon(verdict.level));
      setAttribute(this.element, "data-level", verdict.level);
    }
    setText(this.text, verdict.text);
    const node = store.nodes.get(verdict.node);
    setAttribute(this.to, "hidden", !node || node.kind === "merge");
    if (node) {
      setText(this.to, `Look at ${node.name}`);
      setAttribute(this.to, "href", link("stage", node.name));
    }
  }
}
