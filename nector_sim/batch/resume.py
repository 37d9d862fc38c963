"""Runs that were stopped and runs that are over: what an earlier one left, and what is said where one fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from nector_sim.batch.terms import check_same_terms
from nector_sim.batch.work import Work, told
from nector_sim.errors import InputError


def resume(
    work: Work, terms: Future[dict[str, Any]], *, finished: Callable[[], str]
) -> tuple[dict[str, Any] | None, list[str]]:
    """Look what an earlier run into a folder left."""
    begun = work.begun()
    if begun is not None:
        check_same_terms(begun, terms.result(), f"an unfinished run into {work.out}", f"delete {work.folder}")
        if work.staged.exists():
            work.publish()
            return begun, ["an earlier run was stopped when it was almost done"]
        return None, [f"going on from an earlier run{finished()}"]
    if work.out.exists() and work.out.files():
        if not work.manifest.exists():
            raise InputError(f"{work.out} has other files in it; write into a new folder")
        manifest = json.loads(work.manifest.read_text())
        check_same_terms(manifest, terms.result(), str(work.out), "delete it with its manifest")
        check_whole(work, manifest)
        return manifest, [f"{work.out} is there already, of the same orders and programs; nothing was done"]
    work.empty()
    return None, []


def check_whole(work: Work, manifest: dict[str, Any]) -> None:
    """Raise InputError if a part of an output is missing, or has another size than when it was written."""
    sizes: dict[str, int] = manifest["output"]["parts"]
    there = {"/".join(file.below(work.out)): file.stamp()[0] for file in work.out.files()} if work.out.exists() else {}
    gone = [name for name in sizes if name not in there]
    changed = [name for name in sizes if name in there and there[name] != sizes[name]]
    what = [f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} missing"] if gone else []
    what += [f"{', '.join(changed)} {'has' if len(changed) == 1 else 'have'} another size"] if changed else []
    if what:
        raise InputError(f"{work.out} is no longer whole: {' and '.join(what)}; delete it with its manifest")


def parts_of(work: Work) -> dict[str, int]:
    """Every file of a finished folder under its name, with its bytes, for the manifest."""
    return {"/".join(file.below(work.parts)): file.stamp()[0] for file in work.parts.files()}


def failed(work: Work, failure: BaseException, *, kept: str) -> BaseException:
    """What to tell of a failure: `kept` says what is kept for a later run; empty, all is cleared away."""
    try:
        if work.staged.exists():
            kept = "; it is almost done, and the same command ends it" if work.is_folder else ""
        elif not kept:
            work.empty()
    except OSError:
        kept = f"; {work.folder} is left over"
    return told(failure, work.out, kept)
