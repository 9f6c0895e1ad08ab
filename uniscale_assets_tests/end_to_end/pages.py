"""A headless Chromium that waits for what it looks for, and keeps a picture of the page where it does not come."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1500,1100",
)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A browser with an empty profile. Without Chromium the test skips, or fails where CI=true promises one."""
    browser, driver = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
    if not browser or not driver:
        missing = "no chromium and chromedriver on the PATH (Debian: apt-get install chromium chromium-driver)"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    page = Chrome(options=options, service=ChromeService(driver))
    try:
        yield page
    finally:
        page.quit()


@contextmanager
def pictured(page: Chrome, directory: Path) -> Iterator[None]:
    """Save what the page shows where the block fails, and say where."""
    try:
        yield
    except BaseException as error:
        picture = directory / "page.png"
        page.save_screenshot(str(picture))
        error.add_note(f"{page.current_url} looked like {picture}")
        raise


def found(page: Chrome, path: str, seconds: float = 120) -> WebElement:
    """The first visible element of an XPath, waited for."""
    from selenium.common.exceptions import StaleElementReferenceException

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            shown = [element for element in page.find_elements("xpath", path) if element.is_displayed()]
        except StaleElementReferenceException:  # the page drew itself anew meanwhile
            shown = []
        if shown:
            return shown[0]
        time.sleep(0.2)
    raise AssertionError(f"{path}: not on {page.current_url} within {seconds} s")


def press(page: Chrome, path: str) -> None:
    """Click the first visible and enabled element of an XPath; one that the page draws anew meanwhile is looked for again."""
    from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException

    for _ in range(20):
        try:
            return found(page, path).click()
        except (StaleElementReferenceException, ElementClickInterceptedException):
            time.sleep(0.5)
    raise AssertionError(f"{path}: cannot be pressed on {page.current_url}")


def press_until(page: Chrome, path: str, then: str, seconds: float = 120) -> None:
    """Press something until something else is there: a page that still loads its data may not take the first click."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        press(page, path)
        try:
            found(page, then, 3)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{then}: did not come by pressing {path} on {page.current_url}")


def button(text: str, *, starts: bool = False) -> str:
    """XPath of a button by its words, or by how they start."""
    match = f"starts-with(normalize-space(.), '{text}')" if starts else f"normalize-space(.)='{text}'"
    return f"//button[{match} and not(@disabled)]"


def width_of(page: Chrome, picture: WebElement) -> int:
    """Pixels that a picture has when it could be drawn; 0 where it could not."""
    return page.execute_script("return arguments[0].complete ? arguments[0].naturalWidth : 0", picture)
