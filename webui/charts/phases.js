// Checkpoints as bars, each made of its phases.

import { h, setAttribute, setText } from "../lib/dom.js";
import { clock, duration } from "../lib/format.js";
import { color } from "../lib/theme.js";
import { hatch, prepare, redrawWith } from "./canvas.js";

/** The phases in their order, with their colours. `align` is part of `save` and is not added. */
export const PHASES = [
  {
    name: "align",
    about: "part of save: until the last stage has met the barrier on all its inputs",
    color: "",
  },
  { name: "save", about: "stages save their state", color: "--series-1" },
  { name: "durable", about: "data reach the disk", color: "--series-2" },
  { name: "vote", about: "sinks make durable what they have", color: "--series-3" },
  { name: "publish", about: "the manifest is written", color: "--series-4" },
  { name: "commit", about: "sinks commit", color: "--series-5" },
];
const ADDED = PHASES.filter((phase) => phase.color);
const LEFT = 64;
const BOTTOM = 20;

/** @returns {any} */
export function phasesLegend() {
  return h(
    "div",
    { class: "legend" },
    ADDED.map(({ name, about, color: shade }) =>
      h(
        "span",
        { class: "entry", title: about },
        h("i", { class: "share", style: { background: `var(${shade})` } }),
        name,
      ),
    ),
    h("span", { class: "entry" }, h("i", { class: "share failed" }), "failed"),
  );
}

export class PhaseChart {
  constructor() {
    this.canvas = h("canvas", { class: "heat", role: "img" });
    this.readout = h("p", { class: "readout dim" });
    this.element = h("div", {}, this.canvas, this.readout);
    /** @type {any[]} */
    this.checkpoints = [];
    this.canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) =>
      this.point(event),
    );
    this.canvas.addEventListener("pointerleave", () => this.say(null));
    this.close = redrawWith(this.canvas, () => this.draw());
  }

  /** @param {any[]} checkpoints oldest first */
  update(checkpoints) {
    this.checkpoints = checkpoints;
    const took = checkpoints.map((each) => each.seconds);
    const failed = checkpoints.filter((each) => each.outcome === "failed").length;
    setAttribute(
      this.canvas,
      "aria-label",
      `Duration of the last ${checkpoints.length} checkpoints: at least ${duration(Math.min(...took))}, ` +
        `at most ${duration(Math.max(...took))}; ${failed} failed`,
    );
    this.say(null);
    this.draw();
  }

  draw() {
    const area = prepare(this.canvas);
    if (!area || this.checkpoints.length === 0) return;
    const { context, width, height } = area;
    const tall = height - BOTTOM - 8;
    const most = Math.max(...this.checkpoints.map((each) => each.seconds), 1e-6);
    this.step = Math.min(40, (width - LEFT - 8) / Math.max(20, this.checkpoints.length));
    this.drawAxis(context, { width, tall, most, height });
    this.checkpoints.forEach((each, i) => {
      const left = LEFT + i * /** @type {number} */ (this.step);
      if (each.outcome === "failed") this.drawFailed(context, left, each, { tall, most });
      else this.drawPhases(context, left, each, { tall, most });
    });
  }

  /** @param {CanvasRenderingContext2D} context @param {number} left @param {any} checkpoint @param {any} size */
  drawPhases(context, left, checkpoint, { tall, most }) {
    let from = 8 + tall;
    for (const { name, color: shade } of ADDED) {
      const part = ((checkpoint.phases[name] ?? 0) / most) * tall;
      context.fillStyle = color(shade);
      context.fillRect(
        left + 1,
        from - part,
        Math.max(2, /** @type {number} */ (this.step) - 2),
        part,
      );
      from -= part;
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} left @param {any} checkpoint @param {any} size */
  drawFailed(context, left, checkpoint, { tall, most }) {
    const part = Math.max(12, (checkpoint.seconds / most) * tall);
    context.fillStyle = hatch(context, color("--error-line"));
    context.fillRect(
      left + 1,
      8 + tall - part,
      Math.max(2, /** @type {number} */ (this.step) - 2),
      part,
    );
  }

  /** @param {CanvasRenderingContext2D} context @param {any} size */
  drawAxis(context, { width, tall, most, height }) {
    context.font = "12px system-ui, sans-serif";
    for (const part of [0, 0.5, 1]) {
      const y = 8 + tall * (1 - part);
      context.fillStyle = color("--line");
      context.fillRect(LEFT, Math.round(y), width - LEFT - 8, 1);
      context.fillStyle = color("--dim");
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(part === 0 ? "0" : duration(most * part), LEFT - 8, y);
    }
    context.textBaseline = "alphabetic";
    context.textAlign = "left";
    const shown = this.checkpoints;
    context.fillText(clock(shown[0].began), LEFT, height - 3);
    const end = Math.min(width - 8, LEFT + shown.length * /** @type {number} */ (this.step));
    context.textAlign = "right";
    if (end - LEFT > 140) context.fillText(clock(shown[shown.length - 1].began), end, height - 3);
  }

  /** @param {PointerEvent} event */
  point(event) {
    this.say(this.checkpoints[Math.floor((event.offsetX - LEFT) / (this.step ?? 1))] ?? null);
  }

  /** @param {any} checkpoint */
  say(checkpoint) {
    if (!checkpoint) {
      setText(this.readout, "Point at a bar to read its phases; the table below has them all.");
      return;
    }
    const phases = ADDED.filter(({ name }) => checkpoint.phases[name] !== undefined).map(
      ({ name }) => `${name} ${duration(checkpoint.phases[name])}`,
    );
    setText(
      this.readout,
      `${checkpoint.number} at ${clock(checkpoint.began)}: ${checkpoint.reason ?? phases.join(", ")}`,
    );
  }
}
