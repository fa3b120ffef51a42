// The axis of time that all charts share.

/**
 * @param {import("./store.js").Store} store
 * @returns {[number, number]} from and to, ending with the newest point
 */
export function span(store) {
  const newest = store.series.first_time + store.series.points - 1;
  return [newest - store.window, newest];
}
