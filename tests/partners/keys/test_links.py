"""The token of a link and the code that is read out: made at random, found as pasted, stored as digests."""

import pytest

from partners.keys import links

TOKEN = links.new_token()


def test_a_token_is_random_and_long_enough():
    assert len({links.new_token() for _ in range(100)}) == 100
    assert len(TOKEN) * 5.95 > 255  # bits


def test_a_code_is_easy_to_read_out():
    codes = {links.new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(len(code) == 9 and code[4] == " " and code.replace(" ", "").isdigit() for code in codes)


@pytest.mark.parametrize("text", ["{}", " {}\n", "https://api.example.com/collect/#{}", "#{}"])
def test_a_token_is_found_in_what_people_paste(text):
    assert links.token_in(text.format(TOKEN)) == TOKEN


@pytest.mark.parametrize("text", ["", TOKEN[:-1], f"{TOKEN}x", f"a link #{TOKEN}", TOKEN[:-1] + "é", "x" * 10_000])
def test_nothing_else_is_one(text):
    assert links.token_in(text) is None


def test_a_code_may_be_spaced_in_any_way():
    token = links.token_digest(TOKEN)
    assert links.code_digest("1234 5678", token) == links.code_digest(" 1234-5678 ", token)


def test_the_digest_of_a_code_is_bound_to_its_link_and_to_the_secret_key(settings):
    token = links.token_digest(TOKEN)
    digest = links.code_digest("1234 5678", token)
    assert not links.same(digest, links.code_digest("1234 5678", links.token_digest(links.new_token())))
    settings.SECRET_KEY = "another"
    assert not links.same(digest, links.code_digest("1234 5678", token))
