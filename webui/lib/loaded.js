// A document that only one page shows.

import { Refused, get } from "./api.js";

export class Loaded {
  /** @param {string} path @param {() => Object<string, string | number>} [query] */
  constructor(path, query = () => ({})) {
    this.path = path;
    this.query = query;
    /** @type {any} the newest document; null before the first */
    this.value = null;
    /** @type {Refused | null} what the application answered in its place */
    this.refused = null;
  }

  /** @param {(known: any, fresh: any) => any} [combine] Throws Silent. */
  async load(combine = (_, fresh) => fresh) {
    try {
      this.value = combine(this.value, await get(this.path, this.query()));
      this.refused = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.refused = error;
    }
  }
}
