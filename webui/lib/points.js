// Points over time: what was known, and the newer points that arrived.

/**
 * @typedef {{ seq: number, first_seq: number, first_time: number, points: number }} Span
 */

/** Points of the last seconds may change once more: what a batch did is counted when it is done. */
export const MAY_CHANGE = 10;

/**
 * The point after which to ask, so that those that may have changed come again.
 * @param {Span | null | undefined} known
 */
export const since = (known) =>
  known ? Math.max(known.first_seq - 1, known.seq - MAY_CHANGE) : 0;

/**
 * The document with the points of both: arrays of points grow, everything else is the newer one.
 * Points that both have are the newer ones. A document that does not follow the known one without
 * a gap replaces it.
 * @template {Span} T
 * @param {T | null} known
 * @param {T} fresh
 * @param {string[]} parts members that hold points: "nodes", "executors", or "bins" itself
 * @param {number} most how many points are kept
 * @returns {T}
 */
export function extend(known, fresh, parts, most) {
  if (!known || known.points === 0) return fresh;
  const kept = fresh.first_seq - known.first_seq; // points that only the known one has
  if (kept <= 0 || kept > known.points) return fresh;
  const result = { ...fresh };
  const points = Math.min(most, kept + fresh.points);
  result.points = points;
  result.first_seq = fresh.seq - points + 1;
  result.first_time = known.first_time + (result.first_seq - known.first_seq);
  for (const part of parts) {
    /** @type {any} */ (result)[part] = grown(
      /** @type {any} */ (known)[part],
      /** @type {any} */ (fresh)[part],
      { kept, most },
    );
  }
  return result;
}

/** @param {any} known @param {any} fresh @param {{ kept: number, most: number }} points @returns {any} */
function grown(known, fresh, points) {
  if (Array.isArray(fresh) && fresh.some(isPart)) {
    return fresh.map((part, i) => grown(known?.[i], part, points));
  }
  if (Array.isArray(fresh)) {
    const before = Array.isArray(known) ? known.slice(0, points.kept) : [];
    return [...before, ...fresh].slice(-points.most);
  }
  if (!isPart(fresh)) return fresh;
  const result = /** @type {any} */ ({});
  for (const [name, value] of Object.entries(fresh))
    result[name] = grown(known?.[name], value, points);
  return result;
}

/** @param {any} value */
const isPart = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** The times of the points. @param {Span} span @returns {number[]} */
export function times(span) {
  return Array.from({ length: span.points }, (_, i) => span.first_time + i);
}

/**
 * The last value that is known, of the last `within` points.
 * @param {(number | null)[] | undefined} values @param {number} [within]
 * @returns {number | null}
 */
export function last(values, within = 5) {
  if (!values) return null;
  for (let i = values.length - 1; i >= Math.max(0, values.length - within); i--) {
    if (values[i] !== null && values[i] !== undefined) return values[i];
  }
  return null;
}

/**
 * The mean of the values that are known, of the last `within` points.
 * @param {(number | null)[] | undefined} values @param {number} [within]
 * @returns {number | null}
 */
export function mean(values, within = 5) {
  const known = (values ?? [])
    .slice(-within)
    .filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return null;
  return /** @type {number[]} */ (known).reduce((sum, value) => sum + value, 0) / known.length;
}

/**
 * Adds points one by one; null only where all are null.
 * @param {(number | null)[][]} rows
 * @returns {(number | null)[]}
 */
export function sum(rows) {
  const [first = [], ...others] = rows;
  return first.map((value, i) => {
    let total = value;
    for (const row of others) {
      const more = row[i];
      if (more !== null && more !== undefined) total = (total ?? 0) + more;
    }
    return total;
  });
}
