// The pages by their routes.

import { checkpointsPage } from "./checkpoints.js";
import { configPage } from "./config.js";
import { errorsPage } from "./errors.js";
import { keysPage } from "./keys.js";
import { logPage } from "./log.js";
import { overviewPage } from "./overview.js";
import { stagePage } from "./stage.js";
import { workersPage } from "./workers.js";

/**
 * What is behind a route. `update` shows what the store and the page know, `load` asks for what only
 * this page shows, and `arrow` is called with an arrow that was pressed.
 * @typedef {{
 *   element: Element,
 *   update: () => void,
 *   load?: () => Promise<void>,
 *   arrow?: (key: string) => void,
 *   close?: () => void,
 * }} Page
 */

/** @type {Object<string, (store: import("../lib/store.js").Store, route: import("../lib/router.js").Route) => Page>} */
export const PAGE_MAKERS = {
  overview: overviewPage,
  stage: stagePage,
  workers: workersPage,
  keys: keysPage,
  checkpoints: checkpointsPage,
  errors: errorsPage,
  config: configPage,
  log: logPage,
};
