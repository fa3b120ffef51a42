// Sizes in the pipeline graph. The plan tells layer and row of each node.

export const NODE = { width: 168, height: 82 };
export const GAP = { least: 64, most: 92, y: 30 };
export const MARGIN = 14;

/**
 * @param {{ layer: number, row: number }} node
 * @param {number} gap between columns
 * @returns {{ x: number, y: number }} its upper left corner
 */
export function placeOf(node, gap) {
  return {
    x: MARGIN + node.layer * (NODE.width + gap),
    y: MARGIN + node.row * (NODE.height + GAP.y),
  };
}

/** @param {{ layers: number, rows: number }} plan @param {number} gap @returns {{ width: number, height: number }} */
export function sizeOf(plan, gap) {
  return {
    width: 2 * MARGIN + plan.layers * (NODE.width + gap) - gap,
    height: 2 * MARGIN + Math.max(1, plan.rows) * (NODE.height + GAP.y) - GAP.y,
  };
}

/**
 * The gap between columns with which the graph fits, if one does.
 * @param {{ layers: number }} plan @param {number} width that there is
 */
export function gapFor(plan, width) {
  const gaps = Math.max(1, plan.layers - 1);
  const fitting = (width - 2 * MARGIN - plan.layers * NODE.width) / gaps;
  return Math.round(Math.min(GAP.most, Math.max(GAP.least, fitting)));
}
