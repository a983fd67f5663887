"""Invented comments for the first minutes, told apart from real ones and removable."""

from typing import Final

from sqlalchemy import Connection, Engine, delete, exists, insert, select

from moderation import Policy, Thresholds
from service.database import writing
from service.ingest import ingest
from service.judge import Judge
from service.schema import ArticleIn, AuthorIn, CommentIn
from service.tables import (
    Article,
    Claim,
    Comment,
    Decision,
    Flag,
    Outbox,
    Revision,
    Sample,
    Score,
    Skip,
)

_ARTICLE = ArticleIn(
    id="ghirbal-sample",
    title="مثال: البلدية توسّع سوق الخضار القديم",
    url="https://example.org/sample-market",
)
# (author, text, number of the comment that it answers)
_COMMENTS: Final = (
    ("سعاد", "اشتريت حمارا صغيرا من هذا السوق لمزرعتي، والأسعار معقولة.", None),
    ("زائر ١", "انت حمار ومش بتفهم في شغل البلدية", 1),
    ("نبيل", "كلب الحارس ينبح طول الليل قرب السوق، أرجو أن تحلّ البلدية المشكلة.", None),
    ("زائر ٢", "كاتب المقال غـبـي وما يعرف شي عن السوق", None),
    ("Karim_92", "فكرة مجنونة لكنها جميلة! تفاصيل أكثر هنا: https://example.org/plan", None),
    ("زائر ١", "يا ك.ل.ب انت وهو، خربتوا البلد", 5),
    ("أم ليلى", "السوق القديم جزء من ذاكرتنا، ومن الغباء أن نهدمه كله.", None),
    ("زائر ٣", "ya 7mar روح تعلم القراءة أولا", 7),
    ("هاني", "قال لي البائع «يا حمار» أمام الناس! أين الرقابة؟", None),
    ("زائر ٢", "كلهم حرامية وكذابين وأولهم رئيس البلدية", None),
    ("مراد", "لا أفهم الغضب. التوسعة ضرورية، والكلاب الضالة مشكلة أخرى.", 3),
    ("زائر ٣", "اسكت يا تافه ما حدا سألك عن رأيك", 11),
)
# All are held, so that there is something to decide; a newsroom's list may name such words too.
_HELD = (
    "حمار",
    "حمارا",
    "كلب",
    "كلاب",
    "غبي",
    "غباء",
    "مجنونة",
    "حرامية",
    "تافه",
)
PREFIX = "ghirbal-sample-"


def put_samples(engine: Engine, judge: Judge) -> bool:
    """Put the samples into an empty database; False if there are comments already."""
    with engine.connect() as connection:
        if connection.scalar(select(exists().select_from(Comment))):
            return False
    lenient = {name: Thresholds(cut.review_at) for name, cut in judge.policy.thresholds.items()}
    held = Judge(judge.scorer, Policy("samples", lenient, suspect=_HELD))
    for number, (author, text, parent) in enumerate(_COMMENTS, start=1):
        comment = CommentIn(
            id=f"{PREFIX}{number}",
            text=text,
            author=AuthorIn(id=f"{PREFIX}{author}", name=author),
            article=_ARTICLE,
            parent_id=None if parent is None else f"{PREFIX}{parent}",
        )
        ingest(engine, held, comment)
    with writing(engine) as connection:
        connection.execute(
            insert(Sample).from_select(
                ["comment_id"], select(Comment.id).where(Comment.external_id.startswith(PREFIX))
            )
        )
    return True


def remove_samples(connection: Connection) -> None:
    """Remove the samples with all that was decided on them."""
    ids = select(Sample.comment_id).scalar_subquery()
    for table in (Claim, Skip, Flag, Outbox, Decision, Score, Revision):
        connection.execute(delete(table).where(table.comment_id.in_(ids)))
    gone = list(connection.scalars(select(Sample.comment_id)))
    connection.execute(delete(Sample))
    connection.execute(delete(Comment).where(Comment.id.in_(gone)))
    unused = ~exists().where(Comment.article_id == Article.id)
    connection.execute(delete(Article).where(Article.external_id == _ARTICLE.id, unused))
