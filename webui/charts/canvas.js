// What charts on a canvas share: sharp pixels, and a redraw when size or theme change.

import { color } from "../lib/theme.js";

/**
 * Fits the canvas to its box on screen.
 * @param {HTMLCanvasElement} canvas
 * @returns {{ context: CanvasRenderingContext2D, width: number, height: number } | null} null: not shown
 */
export function prepare(canvas) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const context = canvas.getContext("2d");
  if (!width || !height || !context) return null;
  const scale = devicePixelRatio || 1;
  const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/**
 * Calls `draw` whenever the canvas has another size, or the theme changes.
 * @param {HTMLCanvasElement} canvas @param {() => void} draw
 * @returns {() => void} ends it
 */
export function redrawWith(canvas, draw) {
  const watch = new ResizeObserver(draw);
  watch.observe(canvas);
  addEventListener("theme", draw);
  return () => {
    watch.disconnect();
    removeEventListener("theme", draw);
  };
}

/** @param {string} text such as #2f6bd8 @returns {number[]} */
const channels = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));

/**
 * The colours of a heat map, from the theme.
 * @returns {(part: number) => string} from 0 (least) to 1 (most)
 */
export function heatScale() {
  const stops = ["--heat-0", "--heat-1", "--heat-2", "--heat-3"].map((name) =>
    channels(color(name)),
  );
  return (part) => {
    const place = Math.min(0.9999, Math.max(0, part)) * (stops.length - 1);
    const from = stops[Math.floor(place)];
    const to = stops[Math.floor(place) + 1];
    const rest = place - Math.floor(place);
    return `rgb(${from.map((channel, i) => Math.round(channel + (to[i] - channel) * rest)).join(" ")})`;
  };
}

/** A pattern of diagonal lines, so that blocked is told from busy without colours. */
export function hatch(/** @type {CanvasRenderingContext2D} */ context, /** @type {string} */ line) {
  const tile = new OffscreenCanvas(12, 12);
  const brush = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  brush.fillStyle = line;
  brush.globalAlpha = 0.4;
  brush.fillRect(0, 0, 12, 12);
  brush.globalAlpha = 1;
  brush.strokeStyle = line;
  brush.lineWidth = 3;
  for (const shift of [-12, 0, 12]) {
    brush.moveTo(shift - 2, 14);
    brush.lineTo(shift + 14, -2);
  }
  brush.stroke();
  const pattern = /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
  pattern.setTransform(new DOMMatrix().scale(0.5));
  return pattern;
}
