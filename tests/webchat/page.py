"""What a citizen sees and does on the page, for the tests in a browser."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page

from tests.webchat.script import phrases


def word(key: str, language: str = "fa") -> str:
    return phrases()[key][language]


def lines(page: Page) -> Locator:
    return page.locator(".log .entry .bubble")


def box(page: Page) -> Locator:
    return page.locator("textarea")


def chip(page: Page, name: str) -> Locator:
    return page.locator(".chip").get_by_text(name, exact=True)


async def say(page: Page, text: str) -> None:
    await box(page).fill(text)
    await box(page).press("Enter")


async def menu(page: Page, key: str, language: str = "fa") -> None:
    await page.get_by_role("button", name=word("web.more", language)).click()
    await page.locator(".menu").get_by_role("button", name=word(key, language)).click()


async def said(page: Page) -> list[str]:
    """The words of every bubble, without the speaker and what isolates quotations."""
    own = "bubbles => bubbles.map(b => [...b.querySelectorAll('p')].map(p => p.innerText).join(' '))"
    return [re.sub("[\u2066-\u2069]", "", text) for text in await lines(page).evaluate_all(own)]


async def focused(page: Page) -> str:
    return str(
        await page.evaluate(
            """() => {
                let e = document.activeElement;
                while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
                return e.getAttribute('aria-label') || e.innerText?.trim() || e.tagName;
            }"""
        )
    )
