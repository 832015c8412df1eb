"""Puts the snippets together: one ES module for the embed, the data of the pages after the call, and their hashes.

Markup is compiled to data from which ``grow.js`` calls ``createElement``, styles to constructable sheets,
words to objects; the scripts are concatenated in the order of their imports. ``--check`` writes nothing and
answers 1 when the committed files are stale.
"""

import argparse
import base64
import gzip
import hashlib
import json
import re
import sys
from pathlib import Path

import minify
from markup import Unfit, compile_markup

HERE = Path(__file__).parent
SHARED = HERE / "_shared"
IMPORT = re.compile(r'^import\s+(?:\{[^}]*\}\s+from\s+)?"(\./|\.\./)([^"]+)";[^\n]*\n', re.MULTILINE)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function\*?) (\w+)", re.MULTILINE)
PATTERN = re.compile(r"^(\s*)const (?=\{)", re.MULTILINE)
SAID = re.compile(r'\.say\("(\w+)"')
EXPORTED = ("Snippet", "addWords", "define", "element", "icon", "loadPages")
Parts = dict[str, dict[str, object]]
PAGE = 'static place = "page"'


def tags() -> list[str]:
    """Every snippet there is, by its folder's name."""
    return sorted(path.parent.name for path in HERE.glob("*/*.js") if path.stem == path.parent.name)


def part(tag: str) -> tuple[list[object], str, dict[str, object]]:
    """One snippet's compiled markup, small style and English words; raise ``Unfit`` for a missing word."""
    folder = HERE / tag
    words: dict[str, object] = json.loads((folder / "words" / "en.json").read_text("utf-8"))
    tree, used = compile_markup((folder / f"{tag}.html").read_text("utf-8"), name=tag)
    said = {key for script in folder.glob("*.js") for key in SAID.findall(script.read_text("utf-8"))}
    if missing := (used | said) - words.keys():
        raise Unfit(f"{tag}: no words for {', '.join(sorted(missing))}")
    return tree, _css(folder / f"{tag}.css"), words


def data() -> tuple[Parts, Parts]:
    """All that is not a script: what the script itself carries, and what only the pages after the call need.

    Like beside like packs well, so trees, styles and words each stand together.
    """
    drawn = sorted((SHARED / "icons").glob("*.svg"))
    styles = {path.stem: _css(path) for path in sorted(SHARED.glob("*.css")) if path.stem != "demo"}
    now: Parts = {"trees": {}, "styles": dict(styles), "english": {}}
    later: Parts = {"trees": {}, "styles": {"paper": now["styles"].pop("paper")}, "english": {}}
    for tag in tags():
        home = later if PAGE in (HERE / tag / f"{tag}.js").read_text("utf-8") else now
        home["trees"][tag], home["styles"][tag], home["english"][tag] = part(tag)
    icons = {path.stem: compile_markup(path.read_text("utf-8"), name=path.name)[0][0] for path in drawn}
    return {"icons": icons, **now}, later


def _small(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _integrity(text: str) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(text.encode()).digest()).decode()


def _css(path: Path) -> str:
    return str(minify.string("text/css", path.read_text("utf-8")))


def ordered() -> list[Path]:
    """All scripts of the embed, each after those it imports."""
    done: list[Path] = []

    def visit(path: Path) -> None:
        if path in done or path.name == "parts.js":
            return
        for dots, rest in IMPORT.findall(path.read_text("utf-8")):
            visit((path.parent / (dots + rest)).resolve())
        done.append(path)

    for tag in tags():
        visit((HERE / tag / f"{tag}.js").resolve())
    return done


def scripts() -> str:
    """All scripts as one; raise ``Unfit`` when two declare one name, as all share a scope."""
    seen: dict[str, str] = {}
    texts = []
    for path in ordered():
        text = path.read_text("utf-8")
        for name in DECLARED.findall(text):
            if name in seen:
                raise Unfit(f"{path.name}: {name} is declared in {seen[name]} too")
            seen[name] = path.name
        texts.append(re.sub(r"^export ", "", IMPORT.sub("", text), flags=re.MULTILINE))
    return "\n".join(texts)


def bundle(parts: Parts) -> str:
    """The embed module's text: the parts as constants, then the scripts, then what others may import."""
    constants = "".join(f"const {name}={_small(value)};\n" for name, value in parts.items())
    names = ",".join(EXPORTED)
    # Inside a function all names are local, so the minifier may shorten them. It joins neighbouring declarations of
    # one kind and puts object patterns first, even before their source (tdewolff-minify 2.24): as ``let``,
    # a pattern has no neighbours to be joined with. tests/snippets/test_build.py says when this can go.
    body = PATTERN.sub(r"\1let ", constants + scripts())
    whole = f"export const {{{names}}}=(()=>{{{body}\nreturn{{{names}}}}})();"
    head = "// Fermata's overlay, made by ui-snippets/build.py. Apache-2.0.\n"
    return f"{head}{minify.string('application/javascript', whole)}\n"


def files() -> dict[Path, str]:
    """What the build step writes, by path."""
    now, later = data()
    pages = _small(later) + "\n"
    module = bundle({**now, "pages": {"file": "pages.json", "integrity": _integrity(pages)}})
    manifest = _described("fermata.js", module) | {"pages": _described("pages.json", pages)}
    return {
        HERE / "fermata.js": module,
        HERE / "pages.json": pages,
        HERE / "embed.json": json.dumps(manifest, indent=2) + "\n",
    }


def _described(file: str, text: str) -> dict[str, object]:
    raw = text.encode()
    packed = len(gzip.compress(raw, 9, mtime=0))
    return {"file": file, "integrity": _integrity(text), "bytes": len(raw), "gzip": packed}


def _holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text("utf-8") == text


def main(argv: list[str]) -> int:
    """Write the embed, or with ``--check`` say whether it is current."""
    parser = argparse.ArgumentParser(description="Put the snippets together into fermata.js and embed.json.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    check = parser.parse_args(argv).check
    try:
        wanted = files()
    except (Unfit, OSError, json.JSONDecodeError, minify.MinifyError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 2
    stale = [
        file.name for file, text in wanted.items() if not file.exists() or file.read_text("utf-8") != text
    ]
    if check:
        if stale:
            print(f"build: stale: {', '.join(stale)}; run python ui-snippets/build.py", file=sys.stderr)
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    print(wanted[HERE / "embed.json"].strip())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
