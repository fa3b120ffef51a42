// What is known about the application, and how well it answers.

import { Silent, get } from "./api.js";
import { extend, since } from "./points.js";
import { keep, setting } from "./settings.js";

const EVERY_MS = 1000;
const ENDED_AFTER_MS = 3000; // silence for so long is called the end
const SLOWEST_MS = 5000; // between attempts to reach an application that is silent
const PARTS = ["nodes", "edges", "sinks", "sources", "executors", "workers"];
export const WINDOWS = [60, 300, 600];

/**
 * @typedef {"loading" | "live" | "paused" | "lost" | "ended"} Status
 *   `lost`: it is silent since a moment; `ended`: for longer
 */

export class Store {
  constructor() {
    /** @type {any} the plan, see docs/formats/ui-api.md */
    this.plan = null;
    /** @type {any} the series with all points that are shown */
    this.series = null;
    /** @type {Map<number, any>} */
    this.nodes = new Map();
    /** @type {Status} */
    this.status = "loading";
    /** @type {string} why there is no answer */
    this.problem = "";
    this.window = WINDOWS.includes(Number(setting("window", "")))
      ? Number(setting("window", ""))
      : 600;
    this.paused = false;
    /** @type {() => void} */
    this.changed = () => {};
    /** @type {() => Promise<void>} asks for what only the shown page needs */
    this.pageData = async () => {};
    this.silentSince = 0;
    this.delay = EVERY_MS;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.round = 0;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.resume());
    this.resume();
  }

  /** Asks at once, unless nobody looks. */
  resume() {
    clearTimeout(this.timer);
    this.round += 1;
    if (!this.paused && !document.hidden) this.ask(this.round);
  }

  togglePause() {
    this.paused = !this.paused;
    if (this.paused && this.status === "live") this.status = "paused";
    this.resume();
    this.changed();
  }

  /** @param {number} seconds how far back everything looks */
  setWindow(seconds) {
    this.window = seconds;
    keep("window", String(seconds));
    this.series = null;
    this.resume();
  }

  /** @param {number} round an older round has been replaced and does not continue */
  async ask(round) {
    try {
      await this.fetchAll(round);
      if (round !== this.round) return;
      this.heard();
    } catch (error) {
      if (round !== this.round) return;
      this.failed(error);
    }
    this.timer = setTimeout(() => this.resume(), this.delay);
    this.changed();
  }

  /** @param {number} round */
  async fetchAll(round) {
    let fresh = await get("series", { since: since(this.series), window: this.window });
    let plan = this.plan;
    if (fresh.plan_id !== plan?.plan_id) {
      // Another process: the points that were asked for are few of those that it has.
      plan = await get("plan");
      if (this.series) fresh = await get("series", { window: this.window });
    }
    if (round !== this.round) return;
    const known = this.series?.plan_id === fresh.plan_id ? this.series : null;
    this.setPlan(plan);
    this.series = extend(known, fresh, PARTS, this.window);
    await this.pageData();
  }

  /** @param {any} plan */
  setPlan(plan) {
    if (plan === this.plan) return;
    this.plan = plan;
    this.nodes = new Map(plan.nodes.map((/** @type {any} */ node) => [node.id, node]));
  }

  heard() {
    this.status = this.paused ? "paused" : "live";
    this.problem = "";
    this.silentSince = 0;
    this.delay = EVERY_MS;
  }

  /** @param {any} error */
  failed(error) {
    this.problem = error.message;
    if (!(error instanceof Silent)) {
      console.warn(error);
      this.status = this.series ? "lost" : "loading";
      return;
    }
    this.silentSince ||= performance.now();
    const silentMs = performance.now() - this.silentSince;
    this.status = silentMs >= ENDED_AFTER_MS ? "ended" : "lost";
    this.delay = silentMs < 10 * EVERY_MS ? EVERY_MS : SLOWEST_MS;
  }

  /** The series of a node. @param {number} id @returns {any} */
  seriesOf(id) {
    return this.series?.nodes[String(id)] ?? {};
  }

  /** Stages in the order in which a record meets them, without places where streams only meet. */
  stages() {
    return (this.plan?.nodes ?? []).filter((/** @type {any} */ node) => node.kind !== "merge");
  }
}
