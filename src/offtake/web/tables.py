"""Tables of the database, and how an older database becomes one of today.

Version 1 is what `METADATA` says. A later version adds a step to `STEPS`: statements that turn a
database of the version before into one of its own; `METADATA` is then what all steps lead to.
A database of a later offtake is refused.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from offtake.core.errors import WrongRequest

METADATA = sa.MetaData()
VERSION = 1
STEPS: dict[int, Sequence[str]] = {}
"""Version -> statements that lead to it from the one before."""

about = sa.Table("about", METADATA, sa.Column("version", sa.Integer, primary_key=True))
texts = sa.Table(
    "texts",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)
plans = sa.Table(
    "plans",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created", sa.String(40), nullable=False),
)
versions = sa.Table(
    "versions",
    METADATA,
    sa.Column("plan", sa.String(40), sa.ForeignKey("plans.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("text", sa.String(64), sa.ForeignKey("texts.digest"), nullable=False),
    sa.Column("created", sa.String(40), nullable=False),
)
runs = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("plan", sa.String(40), index=True),
    sa.Column("version", sa.Integer),
    sa.Column("text", sa.String(64), sa.ForeignKey("texts.digest"), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("paths", sa.Integer, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("sampler", sa.String(20), nullable=False),
    sa.Column("changes", sa.Text, nullable=False),
    sa.Column("scenario", sa.Text),
    sa.Column("stack", sa.Text),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("problems", sa.Text),
    sa.Column("client", sa.String(80), nullable=False),
    sa.Column("created", sa.String(40), nullable=False, index=True),
    sa.Column("started", sa.String(40)),
    sa.Column("finished", sa.String(40)),
    sa.Column("facts", sa.Text),
)
shares = sa.Table(
    "shares",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("runs", sa.Text, nullable=False),
    sa.Column("created", sa.String(40), nullable=False),
)


def migrate(engine: sa.Engine) -> None:
    """Make the tables, or bring those of an older offtake up to date.

    Raises:
        WrongRequest: the database is of a later offtake.
    """
    with engine.begin() as db:
        there = sa.inspect(db).has_table("about")
        found = db.execute(sa.select(about.c.version)).scalar() if there else None
        if found is not None and found > VERSION:
            message = (
                f"the database {engine.url.render_as_string()} has tables of version {found}; this "
                f"offtake knows {VERSION}: use the offtake that wrote it, or name another --data"
            )
            raise WrongRequest(message)
        for version in range((found or VERSION) + 1, VERSION + 1):
            for statement in STEPS[version]:
                db.execute(sa.text(statement))
        METADATA.create_all(db)
        db.execute(about.delete())
        db.execute(about.insert().values(version=VERSION))
