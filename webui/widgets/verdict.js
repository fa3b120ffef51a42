// The verdict: one sentence about what holds the application back.

import { h, replace, setAttribute, setText } from "../lib/dom.js";
import { link } from "../lib/router.js";
import { icon } from "./icons.js";

export class Verdict {
  constructor() {
    this.icon = h("span", { class: "icon" });
    this.text = h("p", { class: "text" });
    this.to = h("a", { class: "to" });
    // The numbers in the sentence change each second, so it is read aloud only when it is another one.
    this.spoken = h("span", { class: "only-read", role: "status" });
    this.element = h(
      "div",
      { class: "verdict", "data-level": "ok" },
      this.icon,
      this.text,
      this.to,
      this.spoken,
    );
    this.level = "";
    this.about = "";
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
    const about = `${verdict.rule} ${verdict.node}`;
    if (about !== this.about) setText(this.spoken, verdict.text);
    this.about = about;
    const node = store.nodes.get(verdict.node);
    setAttribute(this.to, "hidden", !node || node.kind === "merge");
    if (node) {
      setText(this.to, `Look at ${node.name}`);
      setAttribute(this.to, "href", link("stage", node.name));
    }
  }
}
