"""Slack's own limits on a message, as its API enforces them: what a local Slack refuses."""

from __future__ import annotations

from typing import Any

# docs.slack.dev reference of blocks, and slack_sdk.models.blocks; characters as JavaScript counts them.
BLOCKS = 50
HEADER, SECTION, FIELD, FIELDS, CONTEXT, BLOCK_ID, URL = 150, 3000, 2000, 10, 10, 255, 3000
TEXT = 40_000  # of the top-level text
ALL_TEXT = 13_200  # observed sum over all blocks, bolt-js #2509
EVENT_TYPE, METADATA = 255, 16_000


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def complaint(body: dict[str, Any]) -> str | None:
    """Slack's error word for this message, or None where it would be posted."""
    text, blocks = body.get("text") or "", body.get("blocks") or []
    if not text and not blocks:
        return "no_text"
    if units(text) > TEXT:
        return "msg_too_long"
    if not isinstance(blocks, list) or len(blocks) > BLOCKS or not all(_fits(b) for b in blocks):
        return "invalid_blocks"
    if sum(units(t) for block in blocks for t in texts(block)) > ALL_TEXT:
        return "msg_blocks_too_long"
    return _metadata(body.get("metadata"))


def texts(node: Any) -> list[str]:
    """Every shown text inside a block."""
    if isinstance(node, list):
        return [text for one in node for text in texts(one)]
    if not isinstance(node, dict):
        return []
    here = [node["text"]] if isinstance(node.get("text"), str) else []
    return here + [text for value in node.values() for text in texts(value)]


def _metadata(metadata: Any) -> str | None:
    if metadata is None:
        return None
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not 0 < len(kind) <= EVENT_TYPE or not isinstance(payload, dict):
        return "invalid_metadata_format"
    return "metadata_too_large" if len(str(payload)) > METADATA else None


def _fits(block: Any) -> bool:  # noqa: PLR0911 - one return a kind of block
    if not isinstance(block, dict) or len(block.get("block_id", "")) > BLOCK_ID:
        return False
    match block.get("type"):
        case "header":
            return _object(block.get("text"), HEADER, ("plain_text",))
        case "section":
            fields = block.get("fields", [])
            shown = _object(block["text"], SECTION) if "text" in block else bool(fields)
            return shown and len(fields) <= FIELDS and all(_object(f, FIELD) for f in fields)
        case "context":
            elements = block.get("elements", [])
            return 0 < len(elements) <= CONTEXT and all(_object(e, SECTION) for e in elements)
        case "divider":
            return True
        case "rich_text":
            elements = block.get("elements", [])
            return bool(elements) and all(_rich(e) for e in elements)
        case _:
            return False


def _object(thing: Any, limit: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> bool:
    if not isinstance(thing, dict) or thing.get("type") not in kinds or not isinstance(thing.get("text"), str):
        return False
    return 0 < units(thing["text"]) <= limit


def _rich(element: Any) -> bool:
    kind = element.get("type")
    if kind == "rich_text_list":
        return all(_rich(e) for e in element.get("elements", []))
    if kind not in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"):
        return False
    return bool(element.get("elements")) and all(_inline(e) for e in element["elements"])


def _inline(element: Any) -> bool:
    if element.get("type") == "text":
        return isinstance(element.get("text"), str) and element["text"] != ""
    if element.get("type") == "link":
        return str(element.get("url", "")).startswith(("http://", "https://")) and units(element["url"]) <= URL
    return False
