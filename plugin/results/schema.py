"""The JSON Schema of the result documents: ``python -m plugin.results.schema > docs/results.schema.json``."""

import json

from pydantic import TypeAdapter

from plugin.results.documents import Document


def schema() -> str:
    """The schema as it is published, with a line feed at its end."""
    made = TypeAdapter[Document](Document).json_schema()
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:fermata:schema:results:1",
        "title": "What is stored under one identifier of a platform's results API",
        **made,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
