"""The tables, and the rules that the database itself keeps."""

from service.tables.base import ESCALATED as ESCALATED
from service.tables.base import IN_REVIEW as IN_REVIEW
from service.tables.base import Base as Base
from service.tables.base import UtcDateTime as UtcDateTime
from service.tables.decisions import Claim as Claim
from service.tables.decisions import Decision as Decision
from service.tables.decisions import Deletion as Deletion
from service.tables.decisions import Feedback as Feedback
from service.tables.decisions import Flag as Flag
from service.tables.decisions import Sample as Sample
from service.tables.decisions import Skip as Skip
from service.tables.imports import ImportRun as ImportRun
from service.tables.newsroom import DEFAULT_SITE as DEFAULT_SITE
from service.tables.newsroom import Article as Article
from service.tables.newsroom import Comment as Comment
from service.tables.newsroom import Revision as Revision
from service.tables.newsroom import Score as Score
from service.tables.newsroom import Section as Section
from service.tables.newsroom import Site as Site
from service.tables.people import ApiKey as ApiKey
from service.tables.people import Moderator as Moderator
from service.tables.policies import PolicyUse as PolicyUse
from service.tables.policies import StoredPolicy as StoredPolicy
from service.tables.webhooks import Outbox as Outbox
from service.tables.webhooks import Webhook as Webhook
