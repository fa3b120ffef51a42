"""Takes the pictures of docs/guide/pictures: python3 -m ui.take_pictures FOLDER in tests/.

They show the made-up application of the tests. Make the files small before they are committed, with
pngquant or the like."""

import sys
from pathlib import Path

from ui.pages import PAGES, Opened
from ui.webdriver import Browser

# By file: the page, the width of the window, the most height that is shown, and the theme.
PICTURES = {
    "ui-overview": ("overview", 1200, 1300, "light"),
    "ui-stage": ("stage", 1200, 900, "light"),
    "ui-keys": ("keys", 1200, 620, "light"),
    "ui-checkpoints": ("checkpoints", 1200, 560, "dark"),
    "ui-phone": ("overview", 390, 844, "dark"),
}


def main(folder):
    with Browser() as browser:
        opened = Opened(browser)
        for name, (page, width, height, theme) in PICTURES.items():
            opened.open(*PAGES[page], theme=theme)
            browser.size(width, height)
            opened.settle()
            whole = browser.run("return document.documentElement.scrollHeight")
            browser.size(width, min(height, whole))
            opened.settle()
            browser.picture(folder / f"{name}.png")
        opened.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
