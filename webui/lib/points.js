// Points over time: what was known, and the newer points that arrived.

/**
 * @typedef {{ seq: number, first_seq: number, first_time: number, points: number }} Span
 */

/**
 * The document with the points of both: arrays of points grow, everything else is the newer one.
 * A document that does not follow the known one without a gap replaces it.
 * @template {Span} T
 * @param {T | null} known
 * @param {T} fresh
 * @param {string[]} parts members that hold points: "nodes", "executors", or "bins" itself
 * @param {number} most how many points are kept
 * @returns {T}
 */
export function extend(known, fresh, parts, most) {
  const follows = known !== null && fresh.first_seq === known.seq + 1;
  if (!known || !follows || known.points === 0) return fresh;
  const result = { ...fresh };
  const points = Math.min(most, known.points + fresh.points);
  result.points = points;
  result.first_seq = fresh.seq - points + 1;
  result.first_time = known.first_time + (result.first_seq - known.first_seq);
  for (const part of parts) {
    /** @type {any} */ (result)[part] = grown(
      /** @type {any} */ (known)[part],
      /** @type {any} */ (fresh)[part],
      most,
    );
  }
  return result;
}

/** @param {any} known @param {any} fresh @param {number} most @returns {any} */
function grown(known, fresh, most) {
  if (Array.isArray(fresh) && fresh.some(isPart)) {
    return fresh.map((part, i) => grown(known?.[i], part, most));
  }
  if (Array.isArray(fresh)) return [...(Array.isArray(known) ? known : []), ...fresh].slice(-most);
  if (!isPart(fresh)) return fresh;
  const result = /** @type {any} */ ({});
  for (const [name, value] of Object.entries(fresh))
    result[name] = grown(known?.[name], value, most);
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
