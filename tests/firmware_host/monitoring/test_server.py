"""Who is let in, and what a page may say."""

import threading
from functools import partial

import pytest

from firmware_host.monitoring.messages import Disturb, Play, Press, Shift, Turn, parse
from firmware_host.monitoring.server import Door, Page, View, listening, serve
from firmware_host.monitoring.state import about, state


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"kind": "turn"}',
        '{"kind": "turn", "quaternion": [1, 0, 0]}',
        '{"kind": "turn", "quaternion": [0, 0, 0, 0]}',
        '{"kind": "turn", "quaternion": [1, 0, 0, 2]}',
        '{"kind": "turn", "quaternion": [1, 0, 0, NaN]}',
        '{"kind": "turn", "quaternion": ["x", 0, 0, 0]}',
        '{"kind": "shift", "samples": 0.5}',
        '{"kind": "shift", "samples": 99999999}',
        '{"kind": "shift", "samples": true}',
        '{"kind": "shift", "samples": "5"}',
        '{"kind": "turn", "quaternion": ["1", 0, 0, 0]}',
        '{"kind": "position", "number": true}',
        '{"kind": "press", "button": "format"}',
        '{"kind": "disturb", "gain": 0, "wander": 0, "inverted": false}',
        '{"kind": "disturb", "gain": 1, "wander": 9, "inverted": false}',
        '{"kind": "disturb", "gain": 1, "wander": NaN, "inverted": false}',
        '{"kind": "disturb", "gain": 1, "wander": 0, "inverted": 1}',
        '{"kind": "recording", "number": -1}',
        '{"kind": "press", "button": "play", "more": 1}',
        '{"kind": "run", "code": "1"}',
        '{"kind": "shift", "samples": ' + "1" * 2000 + "}",
    ],
)
def test_what_no_page_sends_is_refused(text):
    with pytest.raises(ValueError, match="a message"):
        parse(text)


def test_orders_of_a_page():
    assert parse('{"kind": "turn", "quaternion": [1, 0, 0, 0]}') == Turn("turn", (1.0, 0.0, 0.0, 0.0))
    assert parse('{"kind": "shift", "samples": -4}') == Shift("shift", -4)
    assert parse('{"kind": "press", "button": "step"}') == Press("press", "step")
    assert parse('{"kind": "disturb", "gain": 2, "wander": 0.5, "inverted": true}') == Disturb("disturb", 2, 0.5, True)
    assert parse('{"kind": "recording", "number": 21}') == Play("recording", 21)


def request(path, **headers):
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "headers": named}


def test_the_door_opens_for_the_token_whatever_the_path_is():
    door = Door(None, "secret", frozenset(("127.0.0.1:80",)))
    assert door.opens(request("/secret/", host="127.0.0.1:80"))
    assert not door.opens(request("/secret/", host="localhost:80"))
    for path in ("*", "", "/", "secret", "//secret", "/secre", "/secret\u20ac"):
        assert not door.opens(request(path, host="127.0.0.1:80"))


def test_a_session_that_has_ended_is_not_served(session):
    """It may have ended before the server listens to it."""
    session.end()
    view = View(partial(about, session), partial(state, session))
    with listening(None) as listener:
        page = Page(session, view, listener.getsockname()[1])
        server = threading.Thread(target=serve, args=(page, listener, lambda: None), daemon=True)
        server.start()
        server.join(20)
    assert not server.is_alive()
