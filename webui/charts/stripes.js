// Busy, blocked and idle over time: a stripe, whose blue part is busy and whose hatched part is blocked.

import { h, setAttribute, setText } from "../lib/dom.js";
import { percent } from "../lib/format.js";
import { mean } from "../lib/points.js";
import { color } from "../lib/theme.js";
import { hatch, prepare, redrawWith } from "./canvas.js";

/** The legend of stripes and bars. */
export function stripesLegend() {
  return h(
    "div",
    { class: "legend" },
    ["busy", "blocked", "idle"].map((name) =>
      h("span", { class: "entry" }, h("i", { class: `share ${name}` }), name),
    ),
  );
}

export class Stripe {
  /** @param {string} name whose stripe it is */
  constructor(name) {
    this.name = name;
    this.canvas = h("canvas", { class: "stripe", role: "img" });
    this.busy = h("span", { class: "share-text busy" });
    this.blocked = h("span", { class: "share-text blocked" });
    /** @type {(number | null)[]} */
    this.busyPoints = [];
    /** @type {(number | null)[]} */
    this.blockedPoints = [];
    this.window = 600;
    this.close = redrawWith(this.canvas, () => this.draw());
  }

  /** @param {(number | null)[]} busy @param {(number | null)[]} blocked @param {number} window in points */
  update(busy, blocked, window) {
    Object.assign(this, { busyPoints: busy, blockedPoints: blocked, window });
    const [now, held] = [mean(busy), mean(blocked)];
    setText(this.busy, `${percent(now)} busy`);
    setText(this.blocked, `${percent(held)} blocked`);
    this.blocked.classList.toggle("much", (held ?? 0) >= 0.5);
    setAttribute(
      this.canvas,
      "aria-label",
      `${this.name}: ${percent(now)} busy, ${percent(held)} blocked now; ` +
        `${percent(mean(busy, window))} busy, ${percent(mean(blocked, window))} blocked on average`,
    );
    this.draw();
  }

  draw() {
    const area = prepare(this.canvas);
    if (!area) return;
    const { context, width, height } = area;
    context.fillStyle = color("--sunken");
    context.fillRect(0, 0, width, height);
    const [busy, blocked, idle] = [
      color("--busy"),
      hatch(context, color("--blocked")),
      color("--idle"),
    ];
    const columns = Math.min(this.window, Math.floor(width / 2));
    const per = this.window / columns;
    const offset = this.window - this.busyPoints.length;
    for (let column = 0; column < columns; column++) {
      const from = Math.max(0, Math.floor(column * per) - offset);
      const to = Math.floor((column + 1) * per) - offset;
      if (to <= from) continue;
      const work = mean(this.busyPoints.slice(from, to), to);
      const wait = mean(this.blockedPoints.slice(from, to), to);
      if (work === null || wait === null) continue;
      const [left, wide] = [(column * width) / columns, width / columns + 0.3];
      context.fillStyle = idle;
      context.fillRect(left, 0, wide, height);
      context.fillStyle = busy;
      context.fillRect(left, height * (1 - work), wide, height * work);
      context.fillStyle = blocked;
      context.fillRect(left, height * (1 - work - wait), wide, height * wait);
    }
  }
}
