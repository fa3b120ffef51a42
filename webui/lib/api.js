// Asks the application. Addresses are relative, so no other host is ever asked.

const TIMEOUT_MS = 8000;

/** The application answered, but not with what was asked for. */
export class Refused extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Nobody answered: the application has ended, or the network is gone. */
export class Silent extends Error {}

/**
 * @param {string} path below /api/v1/, such as "plan"
 * @param {Object<string, string | number>} [query]
 * @returns {Promise<any>} Throws Refused or Silent.
 */
export async function get(path, query = {}) {
  const search = new URLSearchParams(
    Object.entries(query).map(([k, v]) => [k, String(v)]),
  ).toString();
  const response = await answer(`api/v1/${path}${search ? `?${search}` : ""}`);
  if (!response.ok) throw new Refused(response.status, await reason(response));
  try {
    return await response.json();
  } catch (error) {
    throw new Silent(`the answer to ${path} broke off (${error})`);
  }
}

/** @param {string} address */
async function answer(address) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  try {
    return await fetch(address, { signal: limit.signal, credentials: "omit" });
  } catch {
    throw new Silent(
      limit.signal.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : "nobody listens there",
    );
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response */
async function reason(response) {
  const text = (await response.text()).trim();
  try {
    return String(JSON.parse(text).error);
  } catch {
    return text.slice(0, 500) || `status ${response.status}`;
  }
}
