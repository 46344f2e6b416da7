"""What a server remembers: plans with their versions, runs, and links that were shared.

One database, SQLite or PostgreSQL, through SQLAlchemy Core. Texts of plans are kept once, by their
digest. Results of runs are files beside it (`web.folders`).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from offtake.core.errors import WrongRequest
from offtake.web.tables import migrate, plans, runs, shares, texts, versions

UNDER_WAY = ("queued", "running", "answered")
ENDED = ("done", "failed", "cancelled", "interrupted")
KEEP_ONCE: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""Databases, and how each keeps what may be there already."""
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class ListedPlan:
    """What lists say of a plan that a user keeps."""

    id: str
    name: str
    version: int
    """The newest one."""
    created: str
    changed: str


@dataclass(frozen=True)
class SavedPlan(ListedPlan):
    """A plan that a user keeps."""

    text: str

    def asked(self, **how: Any) -> Request:
        """A run of it; how: other fields of `Request`."""
        return Request(text=self.text, title=self.name, plan=self.id, version=self.version, **how)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What lists say of what is to be run."""

    title: str
    """Of the plan, as users know it."""
    plan: str | None = None
    """Id of the plan, its own or one of the package."""
    version: int | None = None
    paths: int = 1_000
    seed: int = 1
    sampler: str = "pseudo"
    set: tuple[str, ...] = ()
    scenario: str | None = None
    stack: str | None = None


@dataclass(frozen=True, kw_only=True)
class Request(Asked):
    """What is to be run."""

    text: str
    """Of the plan."""


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """What lists say of a run: all but the text of its plan."""

    id: str
    request: Asked
    state: str
    stage: str
    """What is being done, in words."""
    done: int
    """Futures done."""
    problems: tuple[Mapping[str, Any], ...]
    """What is wrong, where it failed."""
    client: str
    created: str
    started: str | None
    finished: str | None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What lists and pages say of it: headline, seconds, version of offtake."""

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNDER_WAY

    @property
    def readable(self) -> bool:
        """Whether there is an answer to read."""
        return self.state in ("answered", "done")

    @property
    def changes(self) -> list[str]:
        """How the plan was changed, in words."""
        asked = self.request
        named = [f"scenario {asked.scenario}"] * bool(asked.scenario)
        named += [f"stack {asked.stack}"] * bool(asked.stack)
        return [*named, *asked.set]


@dataclass(frozen=True, kw_only=True)
class Run(ListedRun):
    """A run and how far it is."""

    request: Request


class Missing(LookupError):
    """There is nothing under this name; the message says so."""


class Store:
    """The database.

    Args:
        url: as SQLAlchemy writes it, such as ``sqlite:///FILE`` or ``postgresql://..``.

    Raises:
        WrongRequest: there is no such database, or it is of a later offtake.
    """

    def __init__(self, url: str) -> None:
        try:
            made = sa.make_url(url)
            if made.get_backend_name() not in KEEP_ONCE:
                raise WrongRequest(_said(Exception(f"there is no {made.get_backend_name()} here")))
            if made.drivername == "postgresql":
                made = made.set(drivername="postgresql+psycopg")
            self.engine = sa.create_engine(made, pool_pre_ping=True)
            if made.get_backend_name() == "sqlite":
                event.listen(self.engine, "connect", _settle_sqlite)
            migrate(self.engine)
        except (SQLAlchemyError, ModuleNotFoundError) as failure:
            raise WrongRequest(_said(failure)) from None

    def close(self) -> None:
        """Give connections back."""
        self.engine.dispose()

    # -------------------------------------------------------------------------------- plans

    def add_plan(self, name: str, text: str) -> SavedPlan:
        """Keep a new plan."""
        made, now = _id(), _now()
        with self.engine.begin() as db:
            db.execute(plans.insert().values(id=made, name=name, version=1, created=now))
            _add_version(db, made, 1, text, now)
        return self.plan(made)

    def change_plan(self, plan: str, name: str, text: str) -> SavedPlan:
        """Keep a new version of a plan; none where nothing changed.

        Raises:
            Missing: there is no such plan.
        """
        now = self.plan(plan)
        if now.text == text and now.name == name:
            return now
        version = now.version + 1
        with self.engine.begin() as db:
            db.execute(plans.update().where(plans.c.id == plan).values(name=name, version=version))
            _add_version(db, plan, version, text, _now())
        return self.plan(plan)

    def delete_plan(self, plan: str) -> None:
        """Forget a plan and its versions; its runs stay.

        Raises:
            Missing: there is no such plan.
        """
        self.plan(plan)
        with self.engine.begin() as db:
            db.execute(versions.delete().where(versions.c.plan == plan))
            db.execute(plans.delete().where(plans.c.id == plan))

    def plan(self, plan: str, version: int | None = None) -> SavedPlan:
        """A plan, as it is now or as it was.

        Raises:
            Missing: there is no such plan, or no such version of it.
        """
        wanted = plans.c.version if version is None else sa.literal(version)
        query = _plans(texts.c.text).join(texts)
        query = query.where(plans.c.id == plan, versions.c.version == wanted)
        with self.engine.connect() as db:
            row = db.execute(query).mappings().first()
        if row is None:
            message = f"there is no plan {plan}" + (f" of version {version}" if version else "")
            raise Missing(message)
        return SavedPlan(**row)

    def plans(self) -> list[ListedPlan]:
        """All plans, the one that was changed last first."""
        query = _plans().where(versions.c.version == plans.c.version)
        with self.engine.connect() as db:
            rows = db.execute(query.order_by(versions.c.created.desc())).mappings().all()
        return [ListedPlan(**row) for row in rows]

    # --------------------------------------------------------------------------------- runs

    def add_run(self, request: Request, client: str) -> Run:
        """Keep what is to be run."""
        made = _id()
        with self.engine.begin() as db:
            db.execute(
                runs.insert().values(
                    id=made,
                    plan=request.plan,
                    version=request.version,
                    text=_kept(db, request.text),
                    title=request.title,
                    paths=request.paths,
                    seed=request.seed,
                    sampler=request.sampler,
                    changes=json.dumps(list(request.set)),
                    scenario=request.scenario,
                    stack=request.stack,
                    state="queued",
                    stage="waiting",
                    done=0,
                    client=client,
                    created=_now(),
                )
            )
        return self.run(made)

    def run(self, run: str) -> Run:
        """A run.

        Raises:
            Missing: there is none.
        """
        query = sa.select(runs, texts.c.text.label("words")).join(texts)
        with self.engine.connect() as db:
            row = db.execute(query.where(runs.c.id == run)).mappings().first()
        if row is None:
            message = f"there is no run {run}"
            raise Missing(message)
        return Run(request=Request(text=row["words"], **_asked(row)), **_told(row))

    def runs(
        self, *, plan: str | None = None, states: Sequence[str] = (), most: int = 50
    ) -> list[ListedRun]:
        """Runs, the newest first.

        Args:
            plan: only those of this plan.
            states: only those in one of these states.
            most: how many.
        """
        query = sa.select(runs).order_by(runs.c.created.desc(), runs.c.id).limit(most)
        if plan is not None:
            query = query.where(runs.c.plan == plan)
        if states:
            query = query.where(runs.c.state.in_(states))
        with self.engine.connect() as db:
            rows = db.execute(query).mappings().all()
        return [ListedRun(request=Asked(**_asked(row)), **_told(row)) for row in rows]

    def mark(self, run: str, state: str, stage: str = "", **more: Any) -> None:
        """Say how far a run is.

        Args:
            run: its id.
            state: one of `UNDER_WAY` or `ENDED`.
            stage: what is being done.
            more: `done`, `problems` or `facts`.
        """
        for name in ("problems", "facts"):
            if name in more:
                more[name] = json.dumps(more[name])
        if state == "running" and "started" not in more and not stage:
            more["started"] = _now()
        if state in ENDED:
            more["finished"] = _now()
        with self.engine.begin() as db:
            values = {"state": state, "stage": stage, **more}
            db.execute(runs.update().where(runs.c.id == run).values(values))

    def interrupt(self) -> list[str]:
        """Mark runs that were under way when the server last ended; their ids."""
        found = [run.id for run in self.runs(states=UNDER_WAY, most=10_000)]
        for run in found:
            self.mark(run, "interrupted", "the server was stopped while it ran")
        return found

    def delete_run(self, run: str) -> None:
        """Forget a run.

        Raises:
            Missing: there is none.
        """
        self.run(run)
        with self.engine.begin() as db:
            db.execute(runs.delete().where(runs.c.id == run))

    # ------------------------------------------------------------------------------- shares

    def share(self, shown: Sequence[str]) -> str:
        """Make a link to runs that works without anything else; its token, kept as a digest."""
        token = secrets.token_urlsafe(24)
        with self.engine.begin() as db:
            db.execute(
                shares.insert().values(
                    digest=_digest(token), runs=json.dumps(list(shown)), created=_now()
                )
            )
        return token

    def shared(self, token: str) -> list[str]:
        """Runs that a link shows.

        Raises:
            Missing: there is no such link.
        """
        query = sa.select(shares.c.runs).where(shares.c.digest == _digest(token))
        with self.engine.connect() as db:
            found = db.execute(query).scalar()
        if found is None:
            message = "this link is not, or no longer, valid"
            raise Missing(message)
        return json.loads(found)

    def unshare(self, run: str) -> int:
        """Make all links to a run invalid; how many there were."""
        with self.engine.begin() as db:
            rows = db.execute(sa.select(shares.c.digest, shares.c.runs)).all()
            gone = [digest for digest, shown in rows if run in json.loads(shown)]
            for digest in gone:
                db.execute(shares.delete().where(shares.c.digest == digest))
        return len(gone)


def _said(failure: Exception) -> str:
    """Why a database cannot be used, and what to do."""
    why = str(getattr(failure, "orig", None) or failure).strip().splitlines()[0]
    if isinstance(failure, ModuleNotFoundError):
        return f"this database needs a driver that is not installed ({why}): offtake[postgres]"
    return (
        f"the database cannot be used ({why}); write --database postgresql://user:password@host/"
        "name, or leave it out for SQLite in the data folder"
    )


def _settle_sqlite(connection: Any, record: object) -> None:
    """Readers do not wait for writers, and writers wait for one another."""
    del record
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _plans(*more: Any) -> Any:
    """Versions of plans; more: further columns."""
    changed = versions.c.created.label("changed")
    found = sa.select(plans.c.id, plans.c.name, versions.c.version, plans.c.created, changed, *more)
    return found.select_from(plans.join(versions, versions.c.plan == plans.c.id))


def _asked(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What is to be run, but for the text of its plan."""
    kept = ("title", "plan", "version", "paths", "seed", "sampler", "scenario", "stack")
    return {"set": tuple(json.loads(row["changes"])), **{name: row[name] for name in kept}}


def _told(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What a run is besides."""
    kept = ("id", "state", "stage", "done", "client", "created", "started", "finished")
    return {
        "problems": tuple(json.loads(row["problems"] or "[]")),
        "facts": json.loads(row["facts"] or "{}"),
        **{name: row[name] for name in kept},
    }


def _add_version(db: sa.Connection, plan: str, version: int, text: str, now: str) -> None:
    db.execute(
        versions.insert().values(plan=plan, version=version, text=_kept(db, text), created=now)
    )


def _kept(db: sa.Connection, text: str) -> str:
    """Digest of a text that is kept from now on."""
    digest = _digest(text)
    insert = KEEP_ONCE[db.dialect.name](texts).values(digest=digest, text=text)
    db.execute(insert.on_conflict_do_nothing())  # others may keep the same at the same moment
    return digest


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _id() -> str:
    """A new id: ten letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(10))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
