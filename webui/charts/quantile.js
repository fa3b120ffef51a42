// Percentiles of counts in bins that double.

/**
 * The value below which `part` of all lie, interpolated within its bin.
 * @param {number[]} counts @param {number[]} bounds upper ones @param {number} part
 * @returns {number | null} null: nothing was counted
 */
export function quantile(counts, bounds, part) {
  const all = counts.reduce((sum, value) => sum + value, 0);
  if (all === 0) return null;
  let before = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] > 0 && before + counts[bin] >= part * all) {
      const low = bin === 0 ? bounds[0] / 2 : bounds[bin - 1];
      return low + (bounds[bin] - low) * ((part * all - before) / counts[bin]);
    }
    before += counts[bin];
  }
  return bounds[bounds.length - 1];
}
