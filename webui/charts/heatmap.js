// Latencies over time as a heat map: time to the right, latency upwards in bins that double.

import { h, replace, setAttribute, setText } from "../lib/dom.js";
import { binned, clock, count, duration } from "../lib/format.js";
import { color } from "../lib/theme.js";
import { heatScale, prepare, redrawWith } from "./canvas.js";
import { quantile } from "./quantile.js";

const LEFT = 64; // for the labels of the latencies
const BOTTOM = 22; // for those of the time
const SHOWN_BINS = 8; // at least, so that one bin does not fill everything

/** @typedef {(number[] | null)[]} BinsOverTime */

export class HeatMap {
  /** @param {{ label: string, unit: string }} settings `unit` is what is counted: "record" */
  constructor(settings) {
    this.settings = settings;
    this.canvas = h("canvas", { class: "heat", role: "img" });
    this.marks = ["p50", "p99"].map((name) => ({ name, value: h("b", {}) }));
    this.moment = h("span", { class: "moment" });
    this.legend = h("div", { class: "legend" });
    replace(
      this.legend,
      this.marks.map(({ name, value }) =>
        h("span", { class: "entry" }, h("i", { class: `mark ${name}` }), name, value),
      ),
      this.moment,
    );
    this.element = h("div", { class: "lines" }, this.legend, this.canvas);
    /** @type {BinsOverTime} */
    this.bins = [];
    /** @type {number[]} */
    this.bounds = [];
    /** @type {[number, number]} */
    this.span = [0, 1];
    this.first = 0;
    this.canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) =>
      this.point(event),
    );
    this.canvas.addEventListener("pointerleave", () => setText(this.moment, ""));
    this.close = redrawWith(this.canvas, () => this.draw());
  }

  /**
   * @param {BinsOverTime} bins one row for each second from `first` on
   * @param {number} first @param {number[]} bounds of the bins @param {[number, number]} span of the axis of time
   */
  update(bins, first, bounds, span) {
    Object.assign(this, { bins, first, bounds, span });
    this.draw();
    const now = total(bins.slice(-10), bounds.length);
    this.marks.forEach(({ value }, i) =>
      setText(value, binned(quantile(now, bounds, i ? 0.99 : 0.5), bounds)),
    );
    setAttribute(this.canvas, "aria-label", this.summary());
  }

  /** The bins that are shown, lowest and one after the highest. @returns {[number, number]} */
  range() {
    const all = total(this.bins, this.bounds.length);
    let low = all.findIndex((records) => records > 0);
    if (low < 0) return [0, SHOWN_BINS];
    let high = all.length - [...all].reverse().findIndex((records) => records > 0);
    low = Math.max(0, low - 1);
    high = Math.min(all.length, high + 1);
    while (high - low < SHOWN_BINS && (low > 0 || high < all.length)) {
      if (low > 0) low -= 1;
      if (high < all.length && high - low < SHOWN_BINS) high += 1;
    }
    return [low, high];
  }

  draw() {
    const area = prepare(this.canvas);
    if (!area || this.bounds.length === 0) return;
    const [low, high] = this.range();
    const plot = {
      ...area,
      left: LEFT,
      wide: area.width - LEFT - 8,
      tall: area.height - BOTTOM - 6,
      low,
      high,
    };
    this.plot = plot;
    this.drawCells(plot);
    this.drawLine(plot, 0.5, color("--text"), []);
    this.drawLine(plot, 0.99, color("--blocked"), [5, 3]);
    this.drawAxes(plot);
  }

  /** @param {number} second @param {any} plot */
  x(second, plot) {
    return plot.left + ((second - this.span[0]) / (this.span[1] - this.span[0])) * plot.wide;
  }

  /** @param {number} bin @param {any} plot the upper edge of the bin */
  y(bin, plot) {
    return 6 + plot.tall * (1 - (bin + 1 - plot.low) / (plot.high - plot.low));
  }

  /** @param {any} plot */
  drawCells(plot) {
    const { context } = plot;
    const scale = heatScale();
    context.fillStyle = scale(0);
    context.fillRect(plot.left, 6, plot.wide, plot.tall);
    const tall = plot.tall / (plot.high - plot.low);
    const [start, columns] = this.columns(plot);
    const most = Math.max(1, ...columns.map((column) => Math.max(...column.cells)));
    for (const { at, cells, wide } of columns) {
      for (let bin = plot.low; bin < plot.high; bin++) {
        if (!cells[bin]) continue;
        context.fillStyle = scale(0.12 + 0.88 * Math.sqrt(cells[bin] / most));
        const left = Math.max(start, this.x(at, plot));
        const right = Math.min(start + plot.wide, this.x(at + wide, plot) + 0.5);
        context.fillRect(left, this.y(bin, plot), Math.max(1, right - left), tall + 0.5);
      }
    }
  }

  /** Seconds put together so that none is narrower than 2 pixels. @param {any} plot @returns {[number, any[]]} */
  columns(plot) {
    const perSecond = plot.wide / (this.span[1] - this.span[0]);
    const wide = Math.max(1, Math.ceil(3 / perSecond));
    const columns = [];
    for (let i = this.bins.length % wide; i < this.bins.length; i += wide) {
      columns.push({
        at: this.first + i,
        wide,
        cells: total(this.bins.slice(i, i + wide), this.bounds.length),
      });
    }
    return [plot.left, columns];
  }

  /** @param {any} plot @param {number} part @param {string} stroke @param {number[]} dash */
  drawLine(plot, part, stroke, dash) {
    const { context } = plot;
    context.save();
    context.beginPath();
    context.rect(plot.left, 0, plot.wide, plot.height);
    context.clip();
    context.beginPath();
    let drawing = false;
    for (const { at, cells, wide } of this.columns(plot)[1]) {
      const value = quantile(cells, this.bounds, part);
      if (value === null) {
        drawing = false;
        continue;
      }
      const place = Math.log2(value / this.bounds[0]);
      const y = this.y(place, plot);
      if (drawing) context.lineTo(this.x(at, plot), y);
      else context.moveTo(this.x(at, plot), y);
      context.lineTo(this.x(at + wide, plot), y);
      drawing = true;
    }
    // A rim, so that it is seen on light and dark cells alike.
    context.strokeStyle = color("--surface");
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.stroke();
    context.strokeStyle = stroke;
    context.lineWidth = 1.8;
    context.setLineDash(dash);
    context.stroke();
    context.restore();
  }

  /** @param {any} plot */
  drawAxes(plot) {
    const { context } = plot;
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = color("--dim");
    context.textAlign = "right";
    context.textBaseline = "middle";
    const every = Math.ceil((plot.high - plot.low) / Math.max(2, Math.floor(plot.tall / 26)));
    for (let bin = plot.low; bin < plot.high; bin += every) {
      context.fillText(duration(this.bounds[bin]), plot.left - 8, Math.max(8, this.y(bin, plot)));
    }
    context.textBaseline = "alphabetic";
    const steps = Math.max(2, Math.floor(plot.wide / 130));
    for (let i = 0; i <= steps; i++) {
      const time = this.span[0] + ((this.span[1] - this.span[0]) * i) / steps;
      context.textAlign = i === 0 ? "left" : i === steps ? "right" : "center";
      context.fillText(
        clock(time).slice(0, this.span[1] - this.span[0] <= 120 ? 8 : 5),
        this.x(time, plot),
        plot.height - 4,
      );
    }
  }

  /** @param {PointerEvent} event */
  point(event) {
    const plot = this.plot;
    if (!plot) return;
    const second = Math.floor(
      this.span[0] + ((event.offsetX - plot.left) / plot.wide) * (this.span[1] - this.span[0]),
    );
    const bin =
      plot.low + Math.floor((1 - (event.offsetY - 6) / plot.tall) * (plot.high - plot.low));
    const cells = this.bins[second - this.first];
    if (!cells || bin < 0 || bin >= this.bounds.length) {
      setText(this.moment, "");
      return;
    }
    const from = bin === 0 ? "0" : duration(this.bounds[bin - 1]);
    setText(
      this.moment,
      `${clock(second)}: ${count(cells[bin] ?? 0)} in ${from} \u2013 ${duration(this.bounds[bin])}`,
    );
  }

  /** In words, for those who do not see it. */
  summary() {
    const all = total(this.bins, this.bounds.length);
    const number = all.reduce((sum, records) => sum + records, 0);
    if (number === 0) return `${this.settings.label}. Nothing was measured yet.`;
    const parts = [0.5, 0.99].map((part) =>
      binned(quantile(all, this.bounds, part), this.bounds),
    );
    return `${this.settings.label} of ${count(number)} ${this.settings.unit}s: half are below ${parts[0]}, 99 of 100 below ${parts[1]}.`;
  }

  /** @returns {{ columns: string[], rows: string[][] }} all seconds together, by bin */
  table() {
    const all = total(this.bins, this.bounds.length);
    const sum = all.reduce((part, records) => part + records, 0) || 1;
    const rows = all.map((records, bin) => ({ records, bin })).filter(({ records }) => records > 0);
    return {
      columns: ["below", `${this.settings.unit}s`, "share"],
      rows: rows.map(({ records, bin }) => [
        duration(this.bounds[bin]),
        count(records),
        `${((records / sum) * 100).toFixed(1)} %`,
      ]),
    };
  }
}

/** @param {BinsOverTime} rows @param {number} length @returns {number[]} */
export function total(rows, length) {
  const sums = new Array(length).fill(0);
  for (const row of rows)
    row?.forEach((records, bin) => {
      sums[bin] += records;
    });
  return sums;
}
