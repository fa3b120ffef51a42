// 256 key groups as a square of 16 x 16: the darker, the more records.

import { h, setAttribute, setText } from "../lib/dom.js";
import { percent } from "../lib/format.js";
import { color } from "../lib/theme.js";
import { heatScale, prepare, redrawWith } from "./canvas.js";

const SIDE = 16;

export class GroupMap {
  constructor() {
    this.canvas = h("canvas", { class: "groups", role: "img", tabindex: "0" });
    this.readout = h("p", { class: "readout dim" });
    this.element = h("div", { class: "group-map" }, this.canvas, this.readout);
    /** @type {number[]} */
    this.groups = [];
    /** @type {number[]} */
    this.owners = [];
    this.chosen = -1;
    this.canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) =>
      this.choose(this.at(event)),
    );
    this.canvas.addEventListener("pointerleave", () => this.choose(-1));
    this.canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) =>
      this.walk(event),
    );
    this.close = redrawWith(this.canvas, () => this.draw());
  }

  /** @param {number[]} groups shares @param {number[]} owners */
  update(groups, owners) {
    Object.assign(this, { groups, owners });
    setAttribute(this.canvas, "aria-label", this.summary());
    this.choose(this.chosen);
  }

  /** @param {PointerEvent} event */
  at(event) {
    const cell = this.canvas.clientWidth / SIDE;
    const [column, row] = [Math.floor(event.offsetX / cell), Math.floor(event.offsetY / cell)];
    return Math.min(SIDE - 1, Math.max(0, row)) * SIDE + Math.min(SIDE - 1, Math.max(0, column));
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(
      Math.min(this.groups.length - 1, Math.max(0, this.chosen < 0 ? 0 : this.chosen + step)),
    );
  }

  /** @param {number} group -1: none */
  choose(group) {
    this.chosen = group;
    const fair = 1 / Math.max(1, this.groups.length);
    setText(
      this.readout,
      group < 0
        ? `Each square is a key group; an even share is ${percent(fair)}.`
        : `Group ${group}: ${percent(this.groups[group])} of the records, on executor ${this.owners[group]}.`,
    );
    this.draw();
  }

  draw() {
    const area = prepare(this.canvas);
    if (!area || this.groups.length === 0) return;
    const { context, width } = area;
    const cell = width / SIDE;
    const scale = heatScale();
    // An even share has the colour of a third, so that what stands out is seen, and little noise is not.
    const most = Math.max(3 / this.groups.length, ...this.groups);
    this.groups.forEach((share, group) => {
      const [left, top] = [(group % SIDE) * cell, Math.floor(group / SIDE) * cell];
      context.fillStyle = scale(share / most);
      context.fillRect(left + 0.5, top + 0.5, cell - 1, cell - 1);
      if (group !== this.chosen) return;
      context.strokeStyle = color("--text");
      context.lineWidth = 2;
      context.strokeRect(left + 1.5, top + 1.5, cell - 3, cell - 3);
    });
  }

  summary() {
    const most = Math.max(...this.groups);
    const group = this.groups.indexOf(most);
    return (
      `Shares of ${this.groups.length} key groups. Group ${group} has most, ${percent(most)} of the records; ` +
      `an even share is ${percent(1 / Math.max(1, this.groups.length))}.`
    );
  }
}
