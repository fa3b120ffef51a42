// Begins everything: the frame of the page, routes, keys, and asking for news.

import { h, replace } from "./lib/dom.js";
import { startKeyboard } from "./lib/keyboard.js";
import { PAGES, link, onRoute } from "./lib/router.js";
import { Store } from "./lib/store.js";
import { startTheme, toggleTheme } from "./lib/theme.js";
import { PAGE_MAKERS } from "./pages/index.js";
import { helpDialog } from "./widgets/help.js";
import { empty, loading } from "./widgets/panel.js";
import { Shell } from "./widgets/shell.js";

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

class App {
  constructor() {
    this.store = new Store();
    this.help = helpDialog();
    this.shell = new Shell(this.store, { help: () => this.showHelp() });
    this.content = h("div", { class: "content" });
    this.shell.main.append(this.shell.notice, this.content);
    replace(
      /** @type {Element} */ (document.getElementById("app")),
      this.shell.skip,
      this.shell.header,
      this.shell.main,
      this.help,
    );
    /** @type {import("./pages/index.js").Page | null} */
    this.page = null;
    /** @type {import("./lib/router.js").Route | null} */
    this.route = null;
  }

  start() {
    startTheme();
    startKeyboard(this.commands());
    this.store.changed = () => this.update();
    this.store.pageData = async () => {
      await this.page?.load?.();
    };
    onRoute((route) => this.show(route));
    this.store.start();
  }

  commands() {
    const commands = /** @type {Object<string, () => void>} */ ({
      "?": () => this.showHelp(),
      t: toggleTheme,
      p: () => this.store.togglePause(),
      "/": () => this.focusFilter(),
    });
    for (const { page, key } of PAGES)
      commands[`g ${key}`] = () => {
        location.hash = link(page);
      };
    for (const arrow of ARROWS) commands[arrow] = () => this.page?.arrow?.(arrow);
    return commands;
  }

  showHelp() {
    if (!this.help.open) this.help.showModal();
  }

  focusFilter() {
    /** @type {HTMLElement | null} */ (this.content.querySelector("[data-filter]"))?.focus();
  }

  /** @param {import("./lib/router.js").Route | null} route */
  show(route) {
    this.route = route;
    this.page?.close?.();
    this.page = null;
    this.shell.showRoute(route);
    scrollTo(0, 0);
    if (!route) {
      replace(this.content, empty("There is no such page.", "The pages are named above."));
    } else if (!this.store.series) {
      replace(this.content, loading());
    } else {
      this.open(route);
    }
    this.shell.update();
  }

  /** @param {import("./lib/router.js").Route} route */
  open(route) {
    this.page = PAGE_MAKERS[route.page](this.store, route);
    replace(this.content, this.page.element);
    this.page.update();
    this.loadPage(this.page);
  }

  /** The first data of a page, without waiting for the next second. @param {import("./pages/index.js").Page} page */
  async loadPage(page) {
    try {
      await page.load?.();
    } catch (error) {
      this.store.failed(error);
    }
    if (page === this.page) page.update();
    this.shell.update();
  }

  update() {
    const gone = this.store.status === "lost" || this.store.status === "ended";
    this.content.classList.toggle("old", gone);
    if (this.route && !this.page && this.store.series) this.open(this.route);
    this.shell.update();
    if (this.store.series) this.page?.update();
  }
}

new App().start();
