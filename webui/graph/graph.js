// The pipeline graph. Nodes are links to their stages, and arrows walk from one to the next.

import { h, replace, setAttribute, svg } from "../lib/dom.js";
import { EDGE_KINDS, EdgeDrawing, edgeLines } from "./edges.js";
import { GAP, NODE, gapFor, placeOf, sizeOf } from "./geometry.js";
import { NodeDrawing } from "./nodes.js";

const LEAST_SCALE = 0.8; // smaller, and texts could not be read: then it scrolls

export class PipelineGraph {
  constructor() {
    this.drawing = svg("svg", { class: "graph", role: "group", "aria-label": "Pipeline graph" });
    this.view = h("div", { class: "scroll graph-view" }, this.drawing);
    this.legend = h("div", { class: "legend graph-legend" });
    this.element = h("div", { class: "graph-frame" }, this.view, this.legend);
    /** @type {Map<number, NodeDrawing>} */
    this.nodes = new Map();
    /** @type {EdgeDrawing[]} */
    this.edges = [];
    /** @type {any} */
    this.plan = null;
    /** @type {import("../lib/store.js").Store | null} */
    this.store = null;
    /** @type {number | undefined} the node that was scrolled to */
    this.named = undefined;
    this.scale = 1;
    this.gap = GAP.most;
    this.drawing.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) =>
      this.onKey(event),
    );
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(this.view);
  }

  /** @param {import("../lib/store.js").Store} store */
  update(store) {
    this.store = store;
    if (this.plan !== store.plan) this.make(store.plan);
    for (const edge of this.edges) edge.update(store);
    for (const node of this.nodes.values()) node.update(store);
    this.showNamed(store.series.verdict);
  }

  /** @param {any} plan */
  make(plan) {
    this.plan = plan;
    this.gap = this.fittingGap();
    // In the order of reading, which is that of Tab.
    const nodes = [...this.plan.nodes].sort((a, b) => a.layer - b.layer || a.row - b.row);
    this.nodes = new Map(nodes.map((node) => [node.id, new NodeDrawing(node, this.gap)]));
    this.edges = this.plan.edges.map(
      (/** @type {any} */ edge) => new EdgeDrawing(edge, this.plan, this.gap),
    );
    replace(
      this.drawing,
      this.edges.map((edge) => edge.element),
      [...this.nodes.values()].map((node) => node.element),
    );
    this.makeLegend();
    this.fit();
  }

  /** Scrolls to the node that the verdict names, once for each. @param {any} verdict */
  showNamed(verdict) {
    const named = verdict.level === "ok" ? undefined : verdict.node;
    if (named === this.named || !this.view.clientWidth) return;
    this.named = named;
    const node = this.nodes.get(named)?.node;
    if (!node) return;
    const middle = placeOf(node, this.gap).x + NODE.width / 2;
    this.view.scrollLeft = middle * this.scale - this.view.clientWidth / 2;
  }

  makeLegend() {
    const kinds = new Set(this.plan.edges.map((/** @type {any} */ edge) => edge.kind));
    const entries = EDGE_KINDS.filter(({ kind }) => kinds.has(kind)).map(({ kind, about }) =>
      h(
        "span",
        { class: "entry" },
        svg("svg", { class: "sample", width: 34, height: 12 }, edgeLines(kind, [0, 6, 33, 6])),
        about,
      ),
    );
    const queue = h(
      "span",
      { class: "entry" },
      svg(
        "svg",
        { class: "sample", width: 34, height: 12 },
        svg("rect", { class: "queue", x: 1, y: 1, width: 32, height: 10, rx: 3 }),
        svg("rect", { class: "level", x: 1, y: 1, width: 16, height: 10, rx: 3 }),
      ),
      "fullest queue",
    );
    replace(this.legend, entries, kinds.size > 1 || !kinds.has("fused") ? queue : null);
  }

  /** The gap between columns that suits the width that there is. */
  fittingGap() {
    const width = this.view.clientWidth;
    if (!width) return this.gap;
    const wide = gapFor(this.plan, width);
    return wide > GAP.least ? wide : gapFor(this.plan, width / LEAST_SCALE);
  }

  resized() {
    if (!this.plan || !this.store) return;
    if (this.fittingGap() !== this.gap) {
      this.make(this.plan);
      this.update(this.store);
    } else {
      this.fit();
    }
  }

  /** As wide as the page, if it can be read then. */
  fit() {
    if (!this.plan || !this.view.clientWidth) return;
    const { width, height } = sizeOf(this.plan, this.gap);
    const scale = Math.min(1.15, Math.max(LEAST_SCALE, this.view.clientWidth / width));
    this.scale = scale;
    setAttribute(this.drawing, "viewBox", `0 0 ${width} ${height}`);
    setAttribute(this.drawing, "width", Math.floor(width * scale));
    setAttribute(this.drawing, "height", Math.floor(height * scale));
    this.view.classList.toggle("wider", width * scale > this.view.clientWidth + 1);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const from = this.plan?.nodes.find(
      (/** @type {any} */ node) =>
        String(node.id) === (document.activeElement?.getAttribute("data-id") ?? ""),
    );
    if (from && this.walk(from, event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Goes into the graph, to the node that the verdict names or the first one. @param {number} [id] */
  enter(id) {
    const drawing = (id !== undefined && this.nodes.get(id)) || this.nodes.values().next().value;
    drawing?.element.focus();
  }

  /** @param {any} from @param {string} key @returns {boolean} whether the key was an arrow */
  walk(from, key) {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
      key
    ];
    if (!step) return false;
    const next = step[0] === 0 ? this.beside(from, step[1]) : this.along(from, step[0]);
    const drawing = next && this.nodes.get(next.id);
    drawing?.element.focus();
    drawing?.element.scrollIntoView({ block: "nearest", inline: "center" });
    return true;
  }

  /** @param {any} from @param {number} direction the neighbour along an edge; places where streams meet are passed @returns {any} */
  along(from, direction) {
    const ids = this.plan.edges
      .filter((/** @type {any} */ edge) => (direction > 0 ? edge.from : edge.to) === from.id)
      .map((/** @type {any} */ edge) => (direction > 0 ? edge.to : edge.from));
    const found = this.plan.nodes
      .filter((/** @type {any} */ node) => ids.includes(node.id))
      .sort(
        (/** @type {any} */ a, /** @type {any} */ b) =>
          Math.abs(a.row - from.row) - Math.abs(b.row - from.row),
      )[0];
    return found?.kind === "merge" ? this.along(found, direction) : found;
  }

  /** @param {any} from @param {number} direction the nearest in the same column */
  beside(from, direction) {
    return this.plan.nodes
      .filter(
        (/** @type {any} */ node) => node.kind !== "merge" && (node.row - from.row) * direction > 0,
      )
      .sort(
        (/** @type {any} */ a, /** @type {any} */ b) =>
          Math.abs(a.layer - from.layer) - Math.abs(b.layer - from.layer) ||
          Math.abs(a.row - from.row) - Math.abs(b.row - from.row),
      )[0];
  }

  close() {
    this.watch.disconnect();
  }
}
