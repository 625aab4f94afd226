"""Template tags of the developer pages: headings, links, codes, routes, fields, types, examples and excerpts."""

import json
from textwrap import dedent
from typing import Any

from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from chartero.docs import catalogues, examples, fields, sections
from chartero.docs.pages import Page
from chartero.docs.reference.objects import Type
from chartero.docs.reference.operations import Operation
from chartero.docs.search import Hit
from chartero.openapi import prose
from chartero.openapi.examples import BODIES
from partners.api.responses import error_body
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route

register = template.Library()
_CODES = {reason.code for reason in Reason}


@register.filter
def grouped(number: int) -> str:
    """Write a number with thousands separators."""
    return f"{number:,}"


@register.filter
def marked(text: str) -> SafeString:
    """Write text in which backticks mark code, as in the catalogues."""
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in enumerate(text.split("`"))),
    )


@register.filter
def linked(text: str) -> SafeString:
    """Write text in which backticks mark code. Reason codes link to their explanation."""
    parts = text.split("`")
    return format_html_join("", "{}", ((_linked(part) if at % 2 else part,) for at, part in enumerate(parts)))


def _linked(name: str) -> SafeString:
    return code(name) if name in _CODES else format_html("<code>{}</code>", name)


@register.simple_tag
def heading(text: str, anchor: str = "", level: int = 2) -> SafeString:
    """Write a heading with an anchor and a link to it."""
    return format_html(
        '<h{2} id="{0}">{1} <a class="anchor" href="#{0}" aria-label="Link to {1}">#</a></h{2}>',
        anchor or slugify(text),
        text,
        level,
    )


@register.simple_tag
def page(slug: str, anchor: str = "", text: str = "") -> SafeString:
    """Link to a page or to one of its headings; KeyError if there is no such page."""
    shown = Page.at(slug)
    url = f"{shown.url}#{slugify(anchor)}" if anchor else shown.url
    return format_html('<a href="{}">{}</a>', url, text or anchor or shown.title)


@register.simple_tag
def code(name: str) -> SafeString:
    """Write a reason code with a link to its explanation; KeyError if there is no such code."""
    url = reverse("docs:page", args=[Page.ERRORS.slug])
    return format_html('<a class="code" href="{0}#{1}"><code>{1}</code></a>', url, Reason.coded(name).code)


@register.inclusion_tag("docs/_codes.html")
def refusals_of(*names: str) -> dict[str, Any]:
    """Write a table of the reason codes with which routes refuse a resource; KeyError if there is no such route."""
    reasons = dict.fromkeys(reason for name in names for reason in catalogues.of_resource(Route.named(name)))
    return {"reasons": [catalogues.explained(reason) for reason in reasons]}


@register.inclusion_tag("docs/_codes.html")
def explained(reasons: list[catalogues.Explained]) -> dict[str, Any]:
    """Write a table of the reason codes of a stage."""
    return {"reasons": reasons}


@register.inclusion_tag("docs/_route.html")
def route(name: str) -> dict[str, Any]:
    """Write a route and what it requires; KeyError if there is no such route."""
    return {"route": Route.named(name)}


@register.inclusion_tag("docs/_fields.html")
def fields_of(caption: str, *serializers: str) -> dict[str, Any]:
    """Write a table of the fields of a JSON object."""
    return {"caption": caption, "fields": [field for name in serializers for field in fields.of(name)]}


@register.inclusion_tag("docs/_example.html")
def example(name: str, title: str) -> dict[str, Any]:
    """Show a code example in every language."""
    return {"name": name, "title": title, "examples": examples.named(name)}


@register.inclusion_tag("docs/_example.html")
def program(name: str, title: str) -> dict[str, Any]:
    """Show a code example that a shell can't do: in every other language."""
    return {"name": name, "title": title, "examples": examples.named(name, examples.PROGRAMS)}


@register.inclusion_tag("docs/_example.html")
def call(operation: Operation) -> dict[str, Any]:
    """Show a call of a route in every language."""
    return {"name": f"call-{operation.id}", "title": "The call", "examples": operation.examples}


@register.simple_tag
def reference_to(route: Route) -> SafeString:
    """Link a route to its place in the reference."""
    url, anchor = Page.REFERENCE.url, prose.operation_id(route)
    return format_html('<a class="code" href="{}#{}"><code>{}</code></a>', url, anchor, route.route_name)


@register.simple_tag
def explanation(route: Route) -> sections.Section | None:
    """Return the section that explains a route."""
    return sections.explaining(route)


@register.simple_tag
def type_in_words(found: Type) -> SafeString:
    """Write a type, with links to the objects that it can be."""
    links = format_html_join(" or ", '<a href="#object-{0}">{0}</a>', ((name,) for name in found.objects))
    return format_html("{}{}{}", found.before, links, found.after)


@register.inclusion_tag("docs/_contact.html")
def contact() -> dict[str, Any]:
    """Say whom to ask."""
    return {"email": settings.CONTACT_EMAIL}


@register.simple_tag
def excerpt(hit: Hit) -> SafeString:
    """Write the excerpt of a section that was found, with the words that were searched for marked."""
    return format_html_join(
        "", "{}", ((format_html("<mark>{}</mark>", text) if searched else text,) for text, searched in hit.excerpt)
    )


@register.inclusion_tag("docs/_answer.html")
def answer(name: str, title: str) -> dict[str, Any]:
    """Show an example of a route's response, from the OpenAPI document."""
    return {"title": title, "text": json.dumps(BODIES[Route.named(name)], indent=2)}


@register.simple_block_tag
def shell(content: str, name: str, title: str) -> SafeString:
    """Write lines for a terminal, with a button to copy them."""
    return render_to_string("docs/_shell.html", {"name": name, "title": title, "text": dedent(content).strip()})


@register.simple_tag
def refusal(name: str, field: str | None = None) -> str:
    """Write the body of a refusal as indented JSON; KeyError if there is no such code."""
    return json.dumps(error_body(Reason.coded(name), field), indent=2)
