// How the edges of the pipeline graph are drawn: a kind of line for each kind of edge.

import { setAttribute, setText, svg } from "../lib/dom.js";
import { count, percent, rate } from "../lib/format.js";
import { last, mean } from "../lib/points.js";
import { NODE, placeOf } from "./geometry.js";

export const EDGE_KINDS = [
  { kind: "fused", about: "fused: one loop" },
  { kind: "forward", about: "queue, same executor" },
  { kind: "exchange", about: "by key, to other executors" },
  { kind: "gather", about: "to one executor" },
  { kind: "dead letters", about: "refused records" },
];

const FULL = 0.9; // a queue that is as full holds its producers back

/** @param {string} kind as a class */
const className = (kind) => kind.replace(" ", "-");

/**
 * The lines of one kind of edge from (x1, y1) to (x2, y2). It changes its row at the start, or late.
 * @param {string} kind @param {number[]} ends @param {number} [gap] @param {boolean} [late]
 */
export function edgeLines(kind, [x1, y1, x2, y2], gap = x2 - x1, late = false) {
  const turn = late ? x2 - gap : x1;
  const end = Math.min(x2, turn + gap);
  const bend = (end - turn) / 2;
  const path = (/** @type {number} */ shift) =>
    `M${x1} ${y1 + shift}H${turn}` +
    `C${turn + bend} ${y1 + shift} ${end - bend} ${y2 + shift} ${end} ${y2 + shift}H${x2}`;
  const shifts = kind === "exchange" ? [-2.5, 2.5] : [0];
  const lines = shifts.map((shift) =>
    svg("path", { class: `edge ${className(kind)}`, d: path(shift) }),
  );
  const tip =
    kind === "fused"
      ? null
      : svg("path", {
          class: `tip ${className(kind)}`,
          d: `M${x2 - 7} ${y2 - 5}L${x2} ${y2}L${x2 - 7} ${y2 + 5}`,
        });
  return [lines, tip];
}

/** How many nodes stand in a row between the columns of two. @param {any} plan @param {any} from @param {any} to @param {number} row */
function between(plan, from, to, row) {
  return plan.nodes.filter(
    (/** @type {any} */ node) =>
      node.row === row && node.layer > from.layer && node.layer < to.layer,
  ).length;
}

/** One edge with its rate and, if it has a queue, how full that is. */
export class EdgeDrawing {
  /** @param {any} edge of the plan @param {any} plan @param {number} gap between columns */
  constructor(edge, plan, gap) {
    const from = plan.nodes.find((/** @type {any} */ node) => node.id === edge.from);
    const to = plan.nodes.find((/** @type {any} */ node) => node.id === edge.to);
    const late = between(plan, from, to, to.row) > between(plan, from, to, from.row);
    this.edge = edge;
    const [start, end] = [placeOf(from, gap), placeOf(to, gap)];
    const ends = [start.x + NODE.width, start.y + NODE.height / 2, end.x, end.y + NODE.height / 2];
    const middle = ends[2] - gap / 2;
    const height = late || to.layer === from.layer + 1 ? (ends[1] + ends[3]) / 2 : ends[3];
    this.rate = svg("text", { class: "rate", x: middle, y: height - 15 });
    this.width = 40; // of the queue
    this.title = svg("title");
    this.element = svg(
      "g",
      { class: "connection" },
      this.title,
      edgeLines(edge.kind, ends, gap, late),
      this.rate,
    );
    if (edge.kind !== "fused") this.addQueue(middle, height);
    this.names = `${from.name} to ${to.name}, ${edge.kind}`;
    this.producer = from.id;
  }

  /** @param {number} x @param {number} y its middle */
  addQueue(x, y) {
    const width = this.width;
    this.level = svg("rect", {
      class: "level",
      x: x - width / 2,
      y: y - 8,
      width: 0,
      height: 16,
      rx: 3,
    });
    this.number = svg("text", { class: "fill", x, y: y + 4 });
    this.element.append(
      svg("rect", { class: "queue", x: x - width / 2, y: y - 8, width, height: 16, rx: 3 }),
      this.level,
      this.number,
    );
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    const points = store.series.edges[String(this.edge.id)];
    const records = mean(points ? points.records : store.seriesOf(this.producer).out);
    setText(this.rate, records === null ? "" : rate(records));
    if (!points || !this.level) {
      setText(this.title, `${this.names}: ${rate(records)}`);
      return;
    }
    const full = last(points.full) ?? 0;
    setAttribute(this.level, "width", this.width * full);
    setText(this.number, percent(full));
    this.element.classList.toggle("full", full >= FULL);
    setText(
      this.title,
      `${this.names}: ${rate(records)}, fullest queue ${percent(full)}, ` +
        `${count(last(points.queued))} of ${count(this.edge.capacity)} batches wait`,
    );
  }
}
