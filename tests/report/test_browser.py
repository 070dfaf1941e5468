"""The page in a real browser: nothing of the policy runs, all is there, the filter works."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.commands.conftest import WEB
from tests.report.browser import Browser
from tests.report.conftest import Made
from tests.report.support import HOSTILE, hostile

_TEXT = "document.body.textContent"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_nothing_of_a_hostile_policy_runs(browser: Browser, page: Made, scripts: bool) -> None:
    path = page(hostile())
    browser.open(path, scripts=scripts)
    assert browser.value("document.title") == "hostile: cells, powers and relations"
    assert browser.requests() == [path.resolve().as_uri()]
    assert browser.told("Log.entryAdded") == []
    assert browser.told("Runtime.exceptionThrown") == []
    foreign = "img, iframe, object, embed, link, base, video, audio, form[action], [style]"
    assert browser.value(f"document.querySelectorAll({foreign!r}).length") == 0
    assert browser.value("document.scripts.length") == 1
    handlers = (
        "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])"
        ".filter(a => a.name.startsWith('on')).map(a => a.name)"
    )
    assert browser.value(handlers) == []
    assert browser.value("document.querySelectorAll('a:not([href^=\"#\"])').length") == 0


def test_hostile_texts_are_shown_as_they_are(browser: Browser, page: Made) -> None:
    browser.open(page(hostile()))
    text = browser.value(_TEXT)
    for hostile_text in HOSTILE:
        if hostile_text.isprintable():
            assert hostile_text in text
    assert r"user\u{202e}gnp.exe" in text
    assert "\u202e" not in text
    assert "\u200b" not in text
    assert "y" * 10_000 in text


SERVED = 'cell s { profile low; service { command "/bin/x"; require NETWORKING; } }'


def test_every_link_leads_somewhere(browser: Browser, page: Made) -> None:
    for text, drawings in ((hostile(), 1), (WEB, 1), (WEB + SERVED, 2)):
        browser.open(page(text))
        lost = (
            "[...document.querySelectorAll('a[href]')]"
            ".filter(a => !document.getElementById(a.getAttribute('href').slice(1)))"
            ".map(a => a.outerHTML)"
        )
        assert browser.value(lost) == []
        assert browser.value("document.querySelectorAll('svg.graph').length") == drawings
        ids = browser.value("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len({*ids}) == len(ids)


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("which", ["hostile", "web"])
def test_the_page_does_not_scroll_sideways(
    browser: Browser, page: Made, which: str, width: int
) -> None:
    browser.open(page(hostile() if which == "hostile" else WEB), width)
    browser.value("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.value("document.documentElement.scrollWidth") <= width
    wide = "Math.max(...[...document.querySelectorAll('main > section')].map(e => e.scrollWidth))"
    assert browser.value(wide) <= width


def test_everything_is_there_without_scripts(browser: Browser, page: Made) -> None:
    path = page(WEB)
    browser.open(path)
    count = "document.querySelectorAll('td:not([hidden]), li:not([hidden])').length"
    with_scripts = browser.value(count)
    browser.open(path, scripts=False)
    assert browser.value(count) == with_scripts
    assert browser.value("document.querySelector('.filter').offsetHeight") == 0
    assert "grant network.bind.privport tcp port 80;" in browser.value(_TEXT)


def rows(browser: Browser) -> list[str]:
    """The rows of the matrix that can be seen."""
    found = browser.value(
        "[...document.querySelectorAll('.matrix tbody tr')].filter(r => r.offsetHeight)"
        ".map(r => r.cells[0].textContent.trim())"
    )
    assert isinstance(found, list)
    return found


def columns(browser: Browser) -> list[str]:
    found = browser.value(
        "[...document.querySelectorAll('.matrix thead th')].filter(h => h.offsetHeight)"
        ".map(h => h.dataset.action)"
    )
    assert isinstance(found, list)
    return found


def choose(browser: Browser, **values: str) -> None:
    for name, value in values.items():
        browser.value(
            f"document.querySelector('.filter').elements[{name!r}].value = {value!r};"
            "document.querySelector('.filter').dispatchEvent(new Event('input'))"
        )


def test_the_filter(browser: Browser, page: Made) -> None:
    browser.open(page(WEB))
    assert set(rows(browser)) == {"web", "worker"}
    every = len(columns(browser))
    choose(browser, cells="work")
    assert set(rows(browser)) == {"worker"}
    assert "1 of 2 groups" in browser.value("document.querySelector('.filter output').textContent")
    choose(browser, actions="network.bind process.signal")
    assert columns(browser) == ["process.signal", "network.bind"]
    choose(browser, cells="", actions="", decision="grant")
    assert columns(browser) == ["network.bind"]
    choose(browser, decision="")
    assert len(columns(browser)) == every
    assert set(rows(browser)) == {"web", "worker"}


def test_a_tap_says_what_a_cell_means(browser: Browser, page: Made) -> None:
    browser.open(page(WEB), 360)
    browser.value("document.querySelector('.matrix td.grant').click()")
    told = browser.value("document.getElementById('told').textContent")
    assert told.startswith("web: network.bind: granted in part")
    assert "policy.cell:9" in told


def test_a_link_opens_what_it_leads_into(browser: Browser, page: Made) -> None:
    browser.open(page(WEB))
    browser.value("document.querySelector('#sources details').open = false")
    browser.value("document.querySelector('#ports td a').click()")
    browser.call(
        "Runtime.evaluate", expression="new Promise(r => setTimeout(r, 50))", awaitPromise=True
    )
    line = "document.querySelector(location.hash.replace('#', '[id=\"') + '\"]')"
    assert browser.value(f"{line}.offsetHeight") > 0
    assert "listen tcp 80" in browser.value(f"{line}.textContent")


def test_names_and_roles(browser: Browser, page: Made) -> None:
    """Landmarks, headings in order, headers of tables, names of what can be focused."""
    browser.open(page(WEB))
    assert browser.value(
        "['header', 'nav', 'main', 'footer'].every(t => document.querySelectorAll(t).length === 1)"
    )
    levels = browser.value("[...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    bare = "th:not([scope=row]):not([scope=col])"
    assert browser.value(f"document.querySelectorAll('{bare}').length") == 0
    unnamed = "[tabindex]:not([aria-label])"
    assert browser.value(f"document.querySelectorAll('{unnamed}').length") == 0


_CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(browser: Browser, page: Made, scheme: str) -> None:
    """4.5 to 1 for every text (WCAG 2.2, 1.4.3)."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.call("Emulation.setEmulatedMedia", features=features)
    browser.open(page(WEB))
    background = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    assert browser.value(_CONTRAST) == []
    browser.call("Emulation.setEmulatedMedia", features=[])


def test_the_policy_for_content_would_stop_what_slips_through(
    browser: Browser, page: Made, tmp_path: Path
) -> None:
    """The second line of defence, tried with a page whose escaping is broken on purpose."""
    text = page(WEB).read_text()
    script = "document.title='ran'"
    evil = f'<img src=https://example.invalid/x onerror="{script}"><script>{script}</script>'
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("<footer>", f"{evil}<footer>"))
    browser.open(broken)
    assert browser.value("document.title").startswith("web:")
    assert browser.told("Network.responseReceived")[1:] == []
    assert len(browser.told("Log.entryAdded")) >= 2
