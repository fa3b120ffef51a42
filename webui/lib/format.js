// Numbers and times as people write them: three digits at most, a unit, never an exponent.

const NOTHING = "\u2013"; // an en dash: there is no value
const THIN = "\u202f"; // a narrow space that does not break, between number and unit

/** @param {any} value */
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/**
 * Three significant digits without an exponent or trailing zeros: 0.012, 1.3, 12.5, 480.
 * @param {number} value
 */
export function digits(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return trim(value.toFixed(1));
  if (size >= 0.9995) return trim(value.toFixed(2));
  return trim(value.toFixed(Math.min(6, 1 - Math.floor(Math.log10(size)))));
}

/** @param {string} text */
const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/**
 * @param {number} value @param {number} base @param {string[]} units from the smallest
 * @returns {[string, string]} number and unit
 */
function scaled(value, base, units) {
  let unit = 0;
  let rest = value;
  while (Math.abs(rest) >= base * 0.9995 && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  return [digits(rest), units[unit]];
}

/** @param {[string, string]} parts */
const join = ([number, unit]) => (unit ? number + THIN + unit : number);

/** How many: 950, 1.3 k, 12.5 M. @param {number | null | undefined} value */
export function count(value) {
  if (!isNumber(value)) return NOTHING;
  return join(scaled(/** @type {number} */ (value), 1000, ["", "k", "M", "G", "T"]));
}

/** How many per second: 1.3 k/s. @param {number | null | undefined} value */
export function rate(value) {
  if (!isNumber(value)) return NOTHING;
  const [number, unit] = scaled(/** @type {number} */ (value), 1000, ["", "k", "M", "G", "T"]);
  return `${number}${THIN}${unit}/s`;
}

/** All digits, in groups: 12 345 678. @param {number | null | undefined} value */
export function exact(value) {
  if (!isNumber(value)) return NOTHING;
  return Math.round(/** @type {number} */ (value))
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** @param {number | null | undefined} value */
export function bytes(value) {
  if (!isNumber(value)) return NOTHING;
  return join(scaled(/** @type {number} */ (value), 1024, ["B", "KiB", "MiB", "GiB", "TiB"]));
}

/** A duration: 66 µs, 1.2 ms, 4.3 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  const value = /** @type {number} */ (seconds);
  const size = Math.abs(value);
  if (size === 0) return `0${THIN}s`;
  if (size < 0.9995e-6) return join([digits(value * 1e9), "ns"]);
  if (size < 0.9995e-3) return join([digits(value * 1e6), "\u00b5s"]);
  if (size < 0.9995) return join([digits(value * 1e3), "ms"]);
  if (size < 59.95) return join([digits(Math.round(value * 10) / 10), "s"]);
  return longDuration(Math.round(value));
}

/**
 * A duration that was counted in bins: of those in the first, only its upper bound is known.
 * @param {number | null | undefined} seconds @param {number[]} bounds of the bins
 */
export function binned(seconds, bounds) {
  const below = isNumber(seconds) && /** @type {number} */ (seconds) < bounds[0];
  return below ? `<${THIN}${duration(bounds[0])}` : duration(seconds);
}

/** @param {number} seconds */
function longDuration(seconds) {
  const sizes = [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const parts = [];
  let rest = seconds;
  for (const [unit, size] of /** @type {[string, number][]} */ (sizes)) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0 || parts.length > 0) parts.push(whole > 0 ? `${whole}${THIN}${unit}` : "");
    if (parts.length === 2) break;
  }
  return parts.filter(Boolean).join(" ");
}

/** A share of 1 as a percentage: 97 %, 0.4 %. @param {number | null | undefined} share */
export function percent(share) {
  if (!isNumber(share)) return NOTHING;
  const value = /** @type {number} */ (share) * 100;
  if (value > 0 && value < 0.1) return `< 0.1${THIN}%`;
  const rounded = Math.abs(value) >= 10 ? value.toFixed(0) : trim(value.toFixed(1));
  return `${rounded}${THIN}%`;
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** The time of day, of the person who looks: 14:03:09. @param {number | null | undefined} unixSeconds */
export function clock(unixSeconds) {
  if (!isNumber(unixSeconds)) return NOTHING;
  const date = new Date(/** @type {number} */ (unixSeconds) * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Date and time of day: 2026-03-01 14:03:09. @param {number | null | undefined} unixSeconds */
export function dateTime(unixSeconds) {
  if (!isNumber(unixSeconds)) return NOTHING;
  const date = new Date(/** @type {number} */ (unixSeconds) * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clock(unixSeconds)}`;
}

/** @param {number | null | undefined} seconds how long ago */
export function ago(seconds) {
  if (!isNumber(seconds)) return NOTHING;
  const whole = Math.max(0, /** @type {number} */ (seconds));
  return whole < 1 ? "just now" : `${duration(Math.round(whole))} ago`;
}

/** "1 error", "1.3 k errors". @param {number} value @param {string} one @param {string} [many] */
export function several(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}
