// Sizes in the pipeline graph. The plan tells layer and row of each node.

export const NODE = { width: 168, height: 82 };
export const GAP = { x: 92, y: 30 };
export const MARGIN = 14;

/** @param {{ layer: number, row: number }} node @returns {{ x: number, y: number }} its upper left corner */
export function placeOf(node) {
  return {
    x: MARGIN + node.layer * (NODE.width + GAP.x),
    y: MARGIN + node.row * (NODE.height + GAP.y),
  };
}

/** @param {{ layers: number, rows: number }} plan @returns {{ width: number, height: number }} */
export function sizeOf(plan) {
  return {
    width: 2 * MARGIN + plan.layers * (NODE.width + GAP.x) - GAP.x,
    height: 2 * MARGIN + Math.max(1, plan.rows) * (NODE.height + GAP.y) - GAP.y,
  };
}
