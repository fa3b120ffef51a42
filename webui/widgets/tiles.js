// A row of the numbers that matter most.

import { h, setAttribute, setText } from "../lib/dom.js";

/**
 * @typedef {{ value: string, more?: string, level?: "" | "warn" | "error" }} Tile
 */

export class Tiles {
  /** @param {string[]} names @param {string} label */
  constructor(names, label) {
    this.tiles = new Map(
      names.map((name) => {
        const value = h("dd", {});
        const more = h("dd", { class: "more" });
        return [
          name,
          { element: h("div", { class: "tile" }, h("dt", {}, name), value, more), value, more },
        ];
      }),
    );
    this.element = h(
      "dl",
      { class: "tiles", "aria-label": label },
      [...this.tiles.values()].map((tile) => tile.element),
    );
  }

  /** @param {string} name @param {Tile} tile */
  set(name, { value, more = "", level = "" }) {
    const parts = this.tiles.get(name);
    if (!parts) return;
    setText(parts.value, value);
    setText(parts.more, more);
    setAttribute(parts.more, "title", more || null);
    setAttribute(parts.element, "data-level", level || null);
  }
}
