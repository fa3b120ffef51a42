// The axis of time that all charts share.

const STEPS = [60, 120, 300, 600]; // seconds; a young application does not need the whole window

/**
 * @param {import("./store.js").Store} store
 * @returns {[number, number]} from and to, ending with the newest point
 */
export function span(store) {
  const { series, window } = store;
  const newest = series.points > 0 ? series.first_time + series.points - 1 : series.time;
  const enough = STEPS.find((step) => step >= series.points) ?? window;
  return [newest - Math.min(window, enough), newest];
}
