// Lines over time, drawn by dygraphs. Its own legend is left out, because it makes markup from names.

import { h, replace, setText } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { color } from "../lib/theme.js";

/**
 * @typedef {{ name: string, color: string, dash?: number[], fill?: boolean }} Line `color` is a CSS variable
 * @typedef {{ label: string, lines: Line[], format: (value: any) => string, most?: number, binary?: boolean }} LineSettings
 *   `most` is the top of the axis; without it the axis grows with the values. `binary`: in steps of powers of two
 */

const { Dygraph } = /** @type {any} */ (window);
// Without the plugins for legends and titles, which take markup.
Dygraph.PLUGINS = [Dygraph.Plugins.Axes, Dygraph.Plugins.Grid];

export class LineChart {
  /** @param {LineSettings} settings */
  constructor(settings) {
    this.settings = settings;
    this.legend = h("div", { class: "legend" });
    this.values = settings.lines.map(() => h("b", {}));
    this.moment = h("span", { class: "moment" });
    this.plot = h("div", { class: "plot", role: "img" });
    this.element = h("div", { class: "lines" }, this.legend, this.plot);
    /** @type {any[][]} each with a time in milliseconds, and a value or null for each line */
    this.rows = [];
    /** @type {[number, number]} */
    this.span = [0, 1];
    this.zoomed = false;
    /** @type {number | null} */
    this.pointed = null;
    this.graph = null;
    this.restyle = () => this.draw(true);
    this.watch = new ResizeObserver(() => this.graph?.resize());
    this.watch.observe(this.plot);
    addEventListener("theme", this.restyle);
    this.makeLegend();
  }

  makeLegend() {
    const entries = this.settings.lines.map((line, i) =>
      h(
        "span",
        { class: "entry" },
        h("i", { class: line.dash ? "dashed" : "", style: { color: `var(${line.color})` } }),
        line.name,
        this.values[i],
      ),
    );
    replace(this.legend, entries, this.moment);
  }

  /**
   * @param {number[]} times @param {(number | null)[][]} columns one for each line
   * @param {[number, number]} span what the axis of time shows
   */
  update(times, columns, span) {
    this.rows = times.map((time, i) => [
      time * 1000,
      ...columns.map((column) => column?.[i] ?? null),
    ]);
    this.span = span;
    this.draw(false);
    this.showValues();
  }

  /** @param {boolean} anew with other colours */
  draw(anew) {
    if (!this.plot.isConnected || this.plot.clientWidth === 0) return;
    if (this.rows.length === 0)
      this.rows = [[this.span[1] * 1000, ...this.settings.lines.map(() => null)]];
    const file = this.rows.map(([time, ...values]) => [new Date(time), ...values]);
    const changing = /** @type {any} */ ({ file, valueRange: [0, this.top()] });
    if (!this.zoomed) changing.dateWindow = this.span.map((time) => time * 1000);
    if (anew && this.graph) {
      this.graph.destroy();
      this.graph = null;
    }
    if (this.graph) this.graph.updateOptions(changing);
    else this.graph = new Dygraph(this.plot, file, { ...this.look(), ...changing });
  }

  look() {
    const { lines, format } = this.settings;
    const narrow = matchMedia("(max-width: 600px)").matches;
    return {
      labels: ["time", ...lines.map((_, i) => `line ${i}`)],
      colors: lines.map((line) => color(line.color)),
      series: Object.fromEntries(
        lines.map((line, i) => [
          `line ${i}`,
          { strokePattern: line.dash ?? null, fillGraph: Boolean(line.fill) },
        ]),
      ),
      axes: {
        x: {
          axisLabelFormatter: (/** @type {Date} */ date) =>
            clock(date.getTime() / 1000).slice(0, this.seconds() ? 8 : 5),
          pixelsPerLabel: 70,
        },
        y: {
          axisLabelFormatter: (/** @type {number} */ value) => format(value),
          axisLabelWidth: 64,
          pixelsPerLabel: 34,
          labelsKMG2: Boolean(this.settings.binary),
        },
      },
      axisLineColor: color("--line"),
      gridLineColor: color("--line"),
      gridLineWidth: 1,
      strokeWidth: 1.6,
      fillAlpha: 0.1,
      highlightCircleSize: 3.5,
      legend: "never",
      rightGap: 8,
      interactionModel: narrow ? {} : Dygraph.defaultInteractionModel,
      highlightCallback: (/** @type {any} */ _, /** @type {number} */ time) => this.point(time),
      unhighlightCallback: () => this.point(null),
      zoomCallback: () => {
        this.zoomed = this.graph?.isZoomed("x") ?? false;
      },
    };
  }

  /** Whether labels need seconds. */
  seconds() {
    return this.span[1] - this.span[0] <= 120;
  }

  /** The top of the axis: 1, 2 or 5 times a power of ten, so that it seldom changes. */
  top() {
    if (this.settings.most) return this.settings.most;
    let most = 0;
    for (const [, ...values] of this.rows)
      for (const value of values) most = Math.max(most, value ?? 0);
    if (most <= 0) return 1;
    if (this.settings.binary) return 2 ** Math.ceil(Math.log2(most * 1.08));
    const size = 10 ** Math.floor(Math.log10(most * 1.08));
    const step = [1, 1.5, 2, 3, 5, 7.5].find((each) => each * size >= most * 1.08) ?? 10;
    return size * step;
  }

  /** @param {number | null} time in milliseconds, where somebody points */
  point(time) {
    this.pointed = time;
    this.showValues();
  }

  showValues() {
    const row =
      this.pointed === null ? this.rows.at(-1) : this.rows.find(([time]) => time === this.pointed);
    this.settings.lines.forEach((_, i) =>
      setText(this.values[i], this.settings.format(row?.[i + 1])),
    );
    setText(this.moment, this.pointed === null ? "" : clock(this.pointed / 1000));
    if (this.pointed === null) this.plot.setAttribute("aria-label", this.summary());
  }

  /** In words, for those who do not see it. */
  summary() {
    const { label, lines, format } = this.settings;
    const each = lines.map((line, i) => {
      const known = this.rows.map((row) => row[i + 1]).filter((value) => value !== null);
      if (known.length === 0) return `${line.name}: nothing yet`;
      return `${line.name}: now ${format(known.at(-1))}, least ${format(Math.min(...known))}, most ${format(Math.max(...known))}`;
    });
    return `${label}. ${each.join("; ")}.`;
  }

  /** @returns {{ columns: string[], rows: string[][] }} newest first, ten seconds apart */
  table() {
    const { lines, format } = this.settings;
    const step = Math.max(1, Math.round(this.rows.length / 60));
    const rows = [...this.rows].reverse().filter((_, i) => i % step === 0);
    return {
      columns: ["time", ...lines.map((line) => line.name)],
      rows: rows.map(([time, ...values]) => [clock(time / 1000), ...values.map(format)]),
    };
  }

  close() {
    removeEventListener("theme", this.restyle);
    this.watch.disconnect();
    this.graph?.destroy();
  }
}
