"""The table of controls and reading looks; what a look does is tested in test_finish and test_engine."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import ImpastoError
from impasto.look import CONTROLS, MAX_STYLES, Control, Look, did_you_mean, parse_styles

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
weights = st.floats(0.001, 1000)
controls = pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)


@controls
def test_defaults_lie_in_range_and_on_a_step(control: Control) -> None:
    assert control.minimum <= control.default <= control.maximum
    steps = (control.default - control.minimum) / control.step
    assert abs(steps - round(steps)) < 1e-6


@controls
@pytest.mark.parametrize("value", ["abc", "", math.nan, math.inf, "nan", None, True, [1], {}, 1e9, -1e9])
def test_bad_values_are_refused_with_the_range(control: Control, value: object) -> None:
    with pytest.raises(ImpastoError) as caught:
        Look.parse({control.name: value})
    assert f"{control.minimum:g} to {control.maximum:g}" in caught.value.hint


@controls
def test_ends_of_the_range_are_allowed(control: Control) -> None:
    for value in (control.minimum, control.maximum):
        assert getattr(Look.parse({control.name: str(value)}), control.name) == value


def test_unknown_control_names_the_nearest() -> None:
    with pytest.raises(ImpastoError, match="Did you mean 'strength'"):
        Look.parse({"strenght": 1})


@pytest.mark.parametrize("values", [[], "strength", None, 3])
def test_a_look_is_an_object(values: object) -> None:
    with pytest.raises(ImpastoError, match="JSON object"):
        Look.parse(values)  # type: ignore[arg-type]


@given(
    st.fixed_dictionaries({c.name: st.floats(c.minimum, c.maximum) for c in CONTROLS.values()}),
    st.lists(st.tuples(names, weights), max_size=8),
)
@settings(max_examples=40)
def test_look_survives_json(values: dict[str, float], styles: list[tuple[str, float]]) -> None:
    look = Look.parse({**values, "styles": [list(pair) for pair in styles]})
    assert Look.parse(json.loads(json.dumps(look.to_dict()))) == look


@given(st.lists(st.tuples(names, weights), min_size=1, max_size=MAX_STYLES))
def test_text_and_pairs_read_the_same(pairs: list[tuple[str, float]]) -> None:
    text = ", ".join(f"{name}:{weight!r}" for name, weight in pairs)
    assert parse_styles(text) == parse_styles([list(pair) for pair in pairs]) == tuple(pairs)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_clearly(text: str) -> None:
    try:
        pairs = parse_styles(text)
    except ImpastoError as error:
        assert error.hint
    else:
        assert pairs
        assert all(name and weight >= 0 for name, weight in pairs)


@pytest.mark.parametrize(
    "styles",
    [
        "",
        ",",
        "monet:",
        "monet:-1",
        "monet:nan",
        "monet:inf",
        "monet:abc",
        ":1",
        "monet:0",
        "a,b,c,d,e,f,g,h,i",
        3,
        [3],
        [["a"]],
        [["a", True]],
        [["a", None]],
    ],
)
def test_bad_styles_are_refused(styles: object) -> None:
    with pytest.raises(ImpastoError):
        parse_styles(styles)


def test_styles_without_weight_weigh_one() -> None:
    assert parse_styles("monet , hokusai:2") == (("monet", 1.0), ("hokusai", 2.0))
    assert parse_styles(["monet"]) == (("monet", 1.0),)
    assert Look().styles == ()


def test_did_you_mean_lists_all_when_none_is_near() -> None:
    assert did_you_mean("zzzzz", ["monet", "hokusai"]) == "Choose one of: monet, hokusai."
    assert did_you_mean("Monnet", ["monet", "hokusai"]) == "Did you mean 'monet'?"
